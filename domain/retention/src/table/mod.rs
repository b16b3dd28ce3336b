//! The table. To change how long something is kept, change it in the files of this folder.

mod connections;
mod people;
mod publishing;

use crate::rule::{Rule, Topic};

/// Every rule. A table that no rule covers fails a test.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [people::RULES, connections::RULES, publishing::RULES].into_iter().flatten()
}

/// The rule of a topic.
pub fn rule(topic: Topic) -> Option<&'static Rule> {
    rules().find(|rule| rule.topic == topic)
}

/// The rules that cover a table or some of its columns.
pub fn rules_of_table(table: &str) -> impl Iterator<Item = &'static Rule> {
    rules().filter(move |rule| rule.places.iter().any(|place| place.split('.').next() == Some(table)))
}

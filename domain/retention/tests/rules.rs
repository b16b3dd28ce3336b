//! The table holds together, with time, with the schema and with its page.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, TimeDelta, Utc};
use retention::{Keep, Topic, document, rule, rules, rules_of_table};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn noon() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(500_004)
}

#[test]
fn each_topic_has_one_rule() {
    let names: BTreeSet<_> = rules().map(|rule| rule.topic.as_str()).collect();
    assert_eq!(names.len(), rules().count());
    // The topics are numbered without gaps, so the last one tells how many there are.
    assert_eq!(rules().count(), Topic::Events as usize + 1);
}

#[test]
fn a_session_is_gone_ninety_days_after_its_last_use_and_its_origin_after_thirty() {
    let sessions = rule(Topic::Sessions).unwrap();
    assert_eq!(sessions.deadline(noon()), Some(noon() + TimeDelta::days(90)));
    let origins = rule(Topic::SessionOrigins).unwrap();
    assert_eq!(origins.deadline(noon()), Some(noon() + TimeDelta::days(30)));
}

#[test]
fn tokens_have_no_afterlife() {
    assert_eq!(rule(Topic::DisconnectedTokens).unwrap().deadline(noon()), Some(noon()));
    let offered = rule(Topic::PendingSelections).unwrap();
    assert_eq!(offered.deadline(noon()), Some(noon() + TimeDelta::minutes(15)));
}

#[test]
fn the_cutoff_and_the_deadline_are_the_same_moment_seen_from_both_sides() {
    for rule in rules() {
        match rule.keep {
            Keep::For(_) => assert_eq!(rule.cutoff(rule.deadline(noon()).unwrap()), Some(noon())),
            Keep::With(_) => assert_eq!((rule.cutoff(noon()), rule.deadline(noon())), (None, None)),
        }
    }
}

/// Names of the tables that the migrations create.
fn tables() -> io::Result<BTreeSet<String>> {
    let mut tables = BTreeSet::new();
    for entry in fs::read_dir(repository().join("migrations"))? {
        let Ok(text) = fs::read_to_string(entry?.path().join("up.sql")) else { continue };
        let names = text.lines().filter_map(|line| line.trim().strip_prefix("CREATE TABLE "));
        tables.extend(names.filter_map(|rest| rest.split([' ', '(']).next()).map(str::to_owned));
    }
    Ok(tables)
}

#[test]
fn every_table_has_a_rule() {
    let tables = tables().unwrap();
    assert!(tables.contains("organizations"), "the migrations were not found");
    let forgotten: Vec<_> = tables.iter().filter(|table| rules_of_table(table).next().is_none()).collect();
    assert!(
        forgotten.is_empty(),
        "no retention rule covers {forgotten:?}; add them to domain/retention/src/table/"
    );
}

#[test]
fn every_place_in_a_rule_exists() {
    let tables = tables().unwrap();
    let places = rules().flat_map(|rule| rule.places);
    let unknown: Vec<_> = places.filter(|place| !tables.contains(place.split('.').next().unwrap())).collect();
    assert!(unknown.is_empty(), "no migration creates {unknown:?}");
}

#[test]
fn the_page_says_what_the_table_says() {
    let path = repository().join("docs/retention.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, document::render()).unwrap();
    }
    let page = fs::read_to_string(&path).unwrap_or_default();
    assert!(page == document::render(), "docs/retention.md is out of date; run `just retention-doc`");
}

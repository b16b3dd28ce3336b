//! What is due when: seen by day, taken as a file, followed by calendar programs.

mod export;
mod feed;
mod planned;
mod view;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::support::{Channels, Person, World};

async fn stage() -> (World, Person, Channels) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    (world, person, channels)
}

/// Writes a text and schedules it; returns its id.
async fn plan(person: &Person, caption: &str, channel: &str, at: DateTime<Utc>) -> String {
    let post = person.write(caption, &[channel], json!({})).await;
    person.schedule(&post, at).await.is(200);
    post
}

/// The lines of an iCalendar text, unfolded.
fn unfolded(text: &str) -> Vec<String> {
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
    text.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

/// The values of a property, one for each event that has it.
fn values(text: &str, property: &str) -> Vec<String> {
    let value = |line: String| line.strip_prefix(property)?.strip_prefix(':').map(str::to_owned);
    unfolded(text).into_iter().filter_map(value).collect()
}

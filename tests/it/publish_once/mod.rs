//! Publishing once: whatever the platform answers, the ledger shows each approved publication at most once, and what Postern
//! says of it is true.

mod lost_answers;
mod refusals;
mod rules;
mod undecided;
mod waiting;

use serde_json::{Value, json};

use crate::support::{Channels, Person, World, pictures::jpeg};

/// The calls that cannot be undone: a Page's and an Instagram account's.
const IRREVERSIBLE: [&str; 2] = ["feed", "media_publish"];

async fn stage() -> (World, Person, Channels) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    (world, person, channels)
}

/// Writes a post with a picture for the Page and the account.
async fn for_both(person: &Person, channels: &Channels, caption: &str) -> String {
    let media = json!({ "media": [{ "media_id": person.upload(jpeg([120, 60, 20])).await }] });
    person.write(caption, &[&channels.facebook, &channels.instagram], media).await
}

/// A text for the Page, published now.
async fn text_now(person: &Person, channels: &Channels, caption: &str) -> String {
    let post = person.write(caption, &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    post
}

/// A picture for the account, published now.
async fn picture_now(person: &Person, channels: &Channels, caption: &str) -> String {
    let media = json!({ "media": [{ "media_id": person.upload(jpeg([20, 60, 120])).await }] });
    let post = person.write(caption, &[&channels.instagram], media).await;
    person.publish_now(&post).await;
    post
}

/// Insists that everything that became visible did so once and that the publications name it.
async fn published_once(world: &World, view: &Value) {
    let publications = view["publications"].as_array().unwrap();
    let ledger = world.sandbox.ledger().await;
    assert_eq!(ledger.len(), publications.len(), "{ledger:#?}");
    for publication in publications {
        assert_eq!(publication["state"], "published");
        let id = &publication["platform_post_id"];
        assert_eq!(ledger.iter().filter(|entry| entry["object_id"] == *id).count(), 1, "{id} in {ledger:#?}");
    }
}

/// When each call of an endpoint arrived, in milliseconds.
async fn arrivals(world: &World, endpoint: &str) -> Vec<i64> {
    world.sandbox.calls(endpoint).await.iter().map(|call| call["at_ms"].as_i64().unwrap()).collect()
}

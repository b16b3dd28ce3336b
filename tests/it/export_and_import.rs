//! What an export wrote is imported: nothing is made twice, and what is gone comes back for the same instants.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    fill_the_slots::{schedule_of, slots},
    support::{Channels, Person, World, pictures::jpeg},
};

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn own(channel: &str, at: DateTime<Utc>) -> Value {
    json!({ "channel_id": channel, "at": written(at) })
}

fn wall(channel: &str, local: &str) -> Value {
    json!({ "channel_id": channel, "local_time": local, "time_zone": "America/St_Johns" })
}

/// Posts with every kind of time there is.
async fn fill(person: &Person, channels: &Channels) {
    let (page, account) = (channels.facebook.as_str(), channels.instagram.as_str());
    let picture = person.upload(jpeg([90, 10, 30])).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let soon = Utc::now() + TimeDelta::days(3);
    let local = |days: i64, time: &str| {
        let date = (soon + TimeDelta::days(days)).date_naive();
        json!({ "local_time": format!("{date}T{time}"), "time_zone": "Europe/Riga" })
    };
    let plan = async |caption: &str, to: &[&str], times: Value| {
        let post = person.write(caption, to, media.clone()).await;
        person.post(&format!("/v1/posts/{post}/schedule"), times).await.is(200);
        post
    };
    person.write("=\"A draft\", with \"19\" marks", &[page], json!({ "link": "https://example.org/" })).await;
    plan("At an instant", &[page], json!({ "at": written(soon) })).await;
    plan("On the clocks\r\nof Riga", &[page, account], local(1, "09:30")).await;
    let mut other = local(2, "18:00:30");
    other["targets"] = json!([wall(account, "2027-07-01T12:15")]);
    plan("Elsewhere at another time", &[page, account], other).await;
    let each = json!({ "targets": [own(page, soon), wall(account, "2027-07-02T08:00")] });
    plan("Each at its own", &[page, account], each).await;
    let taken = plan("Taken back", &[page], json!({ "at": written(soon) })).await;
    person.ask(&format!("/v1/posts/{taken}/cancel")).await.is(200);
    person.put(&schedule_of(person), "\"0\"", slots("leave")).await.is(200);
    for (caption, to) in [("In the queue", json!([page, account])), ("Half in the queue", json!([page]))] {
        let post = person.write(caption, &[page, account], media.clone()).await;
        person.post(&format!("/v1/posts/{post}/queue"), json!({ "channels": to })).await.is(200);
    }
    let file = format!("key,caption,channels,at,action\nspring,Imported,{page},{},schedule\n", written(soon));
    let import = person.import(&person.workspace, "", file).await.is(202).text("/id");
    assert_eq!(person.until_imported(&import).await["created"], 1);
}

/// For each text where and when it goes out.
async fn plans(person: &Person) -> BTreeMap<String, Vec<String>> {
    let posts = person.get("/v1/posts?limit=100").await.is(200);
    let mut plans = BTreeMap::new();
    for post in posts.body["data"].as_array().unwrap() {
        let view = person.view(post["id"].as_str().unwrap()).await;
        let waiting =
            view.body["publications"].as_array().unwrap().iter().filter(|one| one["state"] != "cancelled");
        let mut lines: Vec<String> =
            waiting.map(|one| format!("{} {}", one["channel_id"], one["due_at"])).collect();
        lines.sort();
        let caption = view.text("/caption");
        assert!(plans.insert(caption.clone(), lines).is_none(), "{caption} is there twice");
    }
    plans
}

async fn export(person: &Person) -> String {
    let path = format!("/v1/workspaces/{}/posts.csv", person.workspace);
    person.get(&path).await.is(200).body.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_is_imported_makes_nothing_twice_and_makes_what_is_gone_for_the_same_instants() {
    let world = World::start().await;
    let person = world.sign_up("There and back").await;
    let channels = person.connect().await;
    fill(&person, &channels).await;
    let before = plans(&person).await;
    assert_eq!(before.len(), 9);
    let file = export(&person).await;
    for query in ["?dry_run=true", ""] {
        let import = person.import(&person.workspace, query, file.as_str()).await.is(202).text("/id");
        let done = person.until_imported(&import).await;
        assert_eq!((&done["rows"], &done["skipped"]), (&json!(9), &json!(9)), "{done:#}");
        let rows = person.get(&format!("/v1/imports/{import}/rows?limit=100")).await.is(200);
        assert!(rows.body["data"].as_array().unwrap().iter().all(|row| row["post_id"] == row["key"]));
    }
    assert_eq!(plans(&person).await, before);

    world.database.execute("DELETE FROM posts", &[]).await;
    for (query, made) in [("?dry_run=true", 0), ("", 9)] {
        let import = person.import(&person.workspace, query, file.as_str()).await.is(202).text("/id");
        let done = person.until_imported(&import).await;
        let failed = person.import_rows(&import, "failed").await;
        assert_eq!((&done["valid"], &done["created"]), (&json!(9), &json!(made)), "{failed:?}");
    }
    assert_eq!(plans(&person).await, before);
    assert_eq!(rows_of(&export(&person).await), rows_of(&file));
}

/// The rows of an export without their keys, and without the one that is a draft now because it was taken back.
fn rows_of(file: &str) -> Vec<String> {
    let rows =
        file.split("\r\npost_").skip(1).map(|row| row.split_once(',').unwrap().1.trim_end().to_owned());
    let mut rows: Vec<String> = rows.filter(|row| !row.contains("Taken back")).collect();
    rows.sort();
    assert_eq!(rows.len(), 8);
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_post_of_another_organization_is_a_key_like_any_other() {
    let world = World::start().await;
    let (owner, stranger) = (world.sign_up("Owner").await, world.sign_up("Stranger").await);
    let post = owner.write("Mine", &[], json!({})).await;
    let file = format!("key,caption\n{post},Theirs\npost_01k00000000000000000000000,Nobody's\n");
    let import = stranger.import(&stranger.workspace, "", file).await.is(202).text("/id");
    assert_eq!(stranger.until_imported(&import).await["created"], 2);
    let rows = stranger.get(&format!("/v1/imports/{import}/rows")).await.is(200);
    assert!(rows.body["data"].as_array().unwrap().iter().all(|row| row["post_id"] != row["key"]));
    assert_eq!(owner.view(&post).await.text("/caption"), "Mine");
}

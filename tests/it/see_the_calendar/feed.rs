//! Feeds: what whoever has the address sees, and that it ends when it is to end.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{plan, stage, values};
use crate::support::{Caller, Person, Reply};

/// Makes a feed and returns its id and its address.
async fn subscribe(caller: &Caller, workspace: &str, body: Value) -> (String, String) {
    let made = caller.post(&format!("/v1/workspaces/{workspace}/feeds"), body).await.is(201);
    assert_eq!(made.header("location"), format!("/v1/feeds/{}", made.text("/feed/id")));
    (made.text("/feed/id"), made.text("/url"))
}

/// Fetches an address as calendar programs do: without credentials.
async fn fetch(address: &str) -> Reply {
    Caller::new("", None).get(address).await
}

async fn fetch_unless(address: &str, tag: &str) -> Reply {
    let nobody = Caller::new("", None);
    nobody.send(nobody.request("GET", address).header("If-None-Match", tag)).await
}

fn text(reply: &Reply) -> &str {
    reply.body.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_shows_what_changed_as_a_later_revision_of_the_same_event() {
    let (_world, person, channels) = stage().await;
    let at = Utc::now() + TimeDelta::days(3);
    let post = plan(&person, "Fresh bread, at seven", &channels.facebook, at).await;
    let (_, address) = subscribe(&person, &person.workspace, json!({ "name": "Team; all" })).await;
    let first = fetch(&address).await.is(200);
    assert_eq!(first.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert_eq!(values(text(&first), "X-WR-CALNAME"), ["Team\\; all"]);
    assert_eq!(values(text(&first), "SUMMARY"), ["Fresh bread\\, at seven"]);
    assert_eq!(fetch_unless(&address, &first.header("etag")).await.is(304).body, json!(""));
    let later = at + TimeDelta::hours(5);
    person.schedule(&post, later).await.is(200);
    let second = fetch_unless(&address, &first.header("etag")).await.is(200);
    let sequence = |reply: &Reply| values(text(reply), "SEQUENCE")[0].parse::<i64>().unwrap();
    assert_eq!(values(text(&second), "UID"), values(text(&first), "UID"));
    assert_eq!(values(text(&second), "DTSTART"), [later.format("%Y%m%dT%H%M%SZ").to_string()]);
    assert!(sequence(&second) > sequence(&first));
    assert_eq!(values(text(&second), "STATUS"), ["CONFIRMED"]);
    person.ask(&format!("/v1/posts/{post}/cancel")).await.is(200);
    let third = fetch_unless(&address, &second.header("etag")).await.is(200);
    assert_eq!(values(text(&third), "STATUS"), ["CANCELLED"]);
    assert!(sequence(&third) > sequence(&second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_shows_its_channels_its_statuses_and_its_days_only() {
    let (_world, person, channels) = stage().await;
    plan(&person, "Soon", &channels.facebook, Utc::now() + TimeDelta::days(3)).await;
    plan(&person, "Next year", &channels.facebook, Utc::now() + TimeDelta::days(200)).await;
    let summaries = async |body: Value| {
        let (_, address) = subscribe(&person, &person.workspace, body).await;
        values(text(&fetch(&address).await.is(200)), "SUMMARY")
    };
    assert_eq!(summaries(json!({ "name": "All" })).await, ["Soon"]);
    assert_eq!(summaries(json!({ "name": "Page", "channels": [channels.facebook] })).await, ["Soon"]);
    let nothing = Vec::<String>::new();
    assert_eq!(summaries(json!({ "name": "Pictures", "channels": [channels.instagram] })).await, nothing);
    assert_eq!(summaries(json!({ "name": "Done", "statuses": ["published", "failed"] })).await, nothing);
    let path = format!("/v1/workspaces/{}/feeds", person.workspace);
    let unknown = json!({ "name": "x", "channels": ["chan_00000000000000000000000001"] });
    let refused = person.post(&path, unknown).await.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/channels".to_owned(), "channel_unknown".to_owned())]);
    let refused = person.post(&path, json!({ "name": " \u{7} " })).await.refuses(422, "validation_failed");
    assert_eq!(refused.violations()[0].0, "/name");
}

async fn listed(person: &Person) -> Vec<Value> {
    let path = format!("/v1/workspaces/{}/feeds", person.workspace);
    let list = person.get(&path).await.is(200);
    assert!(!list.body.to_string().contains("pstf_"), "the secret is shown again");
    list.body["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_feed_is_answered_as_one_that_never_was() {
    let (world, person, _) = stage().await;
    let (id, address) = subscribe(&person, &person.workspace, json!({ "name": "Team" })).await;
    let (_, other) = subscribe(&person, &person.workspace, json!({ "name": "Other" })).await;
    assert_eq!(listed(&person).await.len(), 2);
    let secret = address.rsplit('/').next().unwrap().trim_end_matches(".ics");
    assert!(secret.starts_with("pstf_") && secret.len() == 48, "256 bits in letters and digits");
    assert!(
        !world.database.dump(&[]).await.iter().any(|row| row.contains(&secret[5..])),
        "it is kept in clear"
    );
    person.delete(&format!("/v1/feeds/{id}")).await.is(204);
    let revoked = fetch(&address).await.refuses(404, "not_found");
    let unknown = fetch(&address.replace("pstf_", "pstf_x")).await.refuses(404, "not_found");
    let same = |reply: &Reply| (reply.body["detail"].clone(), reply.body["title"].clone());
    assert_eq!(same(&revoked), same(&unknown));
    person.delete(&format!("/v1/feeds/{id}")).await.refuses(404, "not_found");
    fetch(&other).await.is(200);
    for wrong in ["/feeds/", "/feeds/.ics", "/feeds/%00.ics", "/feeds/pstf_.ics", "/feeds/a/b.ics"] {
        fetch(&format!("{}{wrong}", world.base)).await.is(404);
    }
    let posted = Caller::new("", None).ask(&other).await.refuses(405, "method_not_allowed");
    assert_eq!(posted.header("allow"), "GET, HEAD");
    let nobody = Caller::new("", None);
    let head = nobody.send(nobody.request("HEAD", &other)).await.is(200);
    assert_eq!((head.header("etag"), head.body), (fetch(&other).await.header("etag"), json!("")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_ends_with_the_key_or_the_member_that_made_it() {
    let (world, person, _) = stage().await;
    let scopes = json!({ "name": "robot", "scopes": ["posts:read", "posts:write"] });
    let (key, robot) = person.grant(scopes).await;
    let (_, of_key) = subscribe(&robot, &person.workspace, json!({ "name": "Robot" })).await;
    let (_, of_person) = subscribe(&person, &person.workspace, json!({ "name": "Person" })).await;
    fetch(&of_key).await.is(200);
    let (_, reader) = person.grant(json!({ "name": "reader", "scopes": ["posts:read"] })).await;
    let path = format!("/v1/workspaces/{}/feeds", person.workspace);
    reader.post(&path, json!({ "name": "No" })).await.refuses(403, "scope_missing");
    person.delete(&format!("/v1/api_keys/{key}")).await.is(204);
    fetch(&of_key).await.refuses(404, "not_found");
    fetch(&of_person).await.is(200);
    world.database.execute("DELETE FROM memberships", &[]).await;
    fetch(&of_person).await.refuses(404, "not_found");
}

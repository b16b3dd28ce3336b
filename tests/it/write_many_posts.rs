//! Many posts in one request: each with its own outcome, or all together.

use chrono::{TimeDelta, Utc};
use postern::Roles;
use serde_json::{Value, json};

use crate::support::{Channels, Person, Reply, World};

async fn stage() -> (World, Person, Channels) {
    let mut world = World::start().await;
    let person = world.sign_up("Many").await;
    let channels = person.connect().await;
    world.run(Roles { api: true, workers: false }).await;
    (world, person, channels)
}

fn later() -> Value {
    json!({ "at": (Utc::now() + TimeDelta::days(1)).to_rfc3339() })
}

fn statuses(reply: &Reply) -> Vec<u64> {
    reply.body["items"].as_array().unwrap().iter().map(|item| item["status"].as_u64().unwrap()).collect()
}

fn id(reply: &Reply, index: usize) -> String {
    reply.text(&format!("/items/{index}/post/id"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_new_posts_has_its_own_outcome() {
    let (world, person, channels) = stage().await;
    let stranger = world.sign_up("Stranger").await;
    let own = |caption: &str| {
        json!({ "workspace_id": person.workspace, "caption": caption,
            "targets": [{ "channel_id": channels.facebook }] })
    };
    let items = json!([
        { "post": { "workspace_id": person.workspace, "caption": "A draft" } },
        { "post": own("Scheduled"), "schedule": later() },
        { "post": own("Too late"), "schedule": { "at": "2020-01-01T00:00:00Z" } },
        { "post": { "workspace_id": stranger.workspace, "caption": "Elsewhere" } },
        { "post": { "workspace_id": person.workspace, "targets": [] }, "schedule": later() },
        { "post": own("No such day"), "schedule": { "local_time": "2027-02-30T09:00:00", "time_zone": "UTC" } },
    ]);
    let reply = person.post("/v1/posts/bulk/create", json!({ "items": items })).await.is(207);
    assert_eq!(statuses(&reply), [201, 201, 422, 404, 422, 422]);
    assert_eq!((&reply.body["succeeded"], &reply.body["refused"]), (&json!(2), &json!(4)));
    assert_eq!(reply.body["items"][1]["post"]["status"], "scheduled");
    let wrong = |index: usize| reply.body["items"][index]["problem"]["violations"][0]["pointer"].clone();
    assert_eq!([wrong(2), wrong(4), wrong(5)], ["/schedule/at", "/post/targets", "/schedule/local_time"]);
    assert_eq!(person.view(&id(&reply, 1)).await.body, reply.body["items"][1]["post"]);
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 2);
    // Somebody who may write and not publish writes the drafts.
    let (_, writer) = person.grant(json!({ "name": "w", "scopes": ["posts:read", "posts:write"] })).await;
    let items = json!([{ "post": own("Draft") }, { "post": own("Now"), "schedule": later() }]);
    let reply = writer.post("/v1/posts/bulk/create", json!({ "items": items })).await.is(207);
    assert_eq!(statuses(&reply), [201, 403]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_belongs_together_is_made_together_or_not_at_all() {
    let (world, person, channels) = stage().await;
    let post = |channel: &str| {
        json!({ "post": { "workspace_id": person.workspace, "caption": "One of three",
            "targets": [{ "channel_id": channel }] }, "schedule": later() })
    };
    let gone = "chan_01h455vb4pex5vsknk084sn02q";
    let body = |third: &str| {
        let items = [post(&channels.facebook), post(&channels.facebook), post(third)];
        json!({ "atomic": true, "items": items })
    };
    let refused = person.post("/v1/posts/bulk/create", body(gone)).await.refuses(422, "validation_failed");
    let place = "/items/2/post/targets/0/channel_id".to_owned();
    assert_eq!(refused.violations(), [(place, "channel_unknown".to_owned())]);
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 0);
    let reply = person.post("/v1/posts/bulk/create", body(&channels.facebook)).await.is(207);
    assert_eq!(statuses(&reply), [201, 201, 201]);
    assert_eq!(world.database.number("SELECT count(*) FROM publications").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_posts_are_scheduled_and_taken_back_each_by_itself_or_together() {
    let (world, person, channels) = stage().await;
    let stranger = world.sign_up("Stranger").await;
    let foreign = stranger.write("Not yours", &[], json!({})).await;
    let mut posts = Vec::new();
    for caption in ["One", "Two", "Three"] {
        posts.push(person.write(caption, &[&channels.facebook], json!({})).await);
    }
    let at = |id: &str| {
        let mut item = later();
        item["post_id"] = id.into();
        item
    };
    let together = json!({ "atomic": true, "items": [at(&posts[0]), at(&foreign)] });
    let refused = person.post("/v1/posts/bulk/schedule", together).await.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/items/1".to_owned(), "item_unknown".to_owned())]);
    assert_eq!(world.database.number("SELECT count(*) FROM publications").await, 0);

    let local = json!({ "post_id": posts[1], "local_time": "2027-06-01T09:00", "time_zone": "Europe/Riga" });
    let items = json!([at(&posts[0]), local, at(&foreign), at(&posts[0]), { "post_id": posts[2] }]);
    let reply = person.post("/v1/posts/bulk/schedule", json!({ "items": items })).await.is(207);
    assert_eq!(statuses(&reply), [200, 200, 404, 422, 422]);
    assert_eq!(reply.body["items"][1]["post"]["schedule"]["at"], "2027-06-01T06:00:00.000Z");

    let cancel = |ids: &[&String], atomic: bool| {
        let items: Vec<_> = ids.iter().map(|id| json!({ "post_id": id })).collect();
        person.post("/v1/posts/bulk/cancel", json!({ "atomic": atomic, "items": items }))
    };
    // The third was never scheduled.
    let refused = cancel(&[&posts[0], &posts[1], &posts[2]], true).await.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/items/2".to_owned(), "item_wrong_state".to_owned())]);
    assert_eq!(person.view(&posts[0]).await.body["status"], "scheduled");
    let reply = cancel(&[&posts[2], &posts[0], &foreign], false).await.is(207);
    assert_eq!(statuses(&reply), [409, 200, 404]);
    assert_eq!(statuses(&cancel(&[&posts[1]], true).await.is(207)), [200]);
    assert_eq!(world.database.number("SELECT count(*) FROM publications WHERE state = 'scheduled'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_long_captions_fit_and_one_more_does_not() {
    let (world, person, _) = stage().await;
    let item = json!({ "post": { "workspace_id": person.workspace, "caption": "x".repeat(3_000) } });
    let reply =
        person.post("/v1/posts/bulk/create", json!({ "items": vec![item.clone(); 1_000] })).await.is(207);
    assert_eq!(reply.body["succeeded"], 1_000);
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 1_000);
    let items = vec![item; 1_001];
    let refused = person.post("/v1/posts/bulk/create", json!({ "items": items })).await;
    assert_eq!(refused.refuses(422, "validation_failed").violations()[0].1, "too_many");
    let caption = json!({ "workspace_id": person.workspace, "caption": "x".repeat(1024 * 1024) });
    person.post("/v1/posts", caption).await.refuses(413, "body_too_large");
}

//! A series: posts that recur, as a front end plans them and as the public sees them.

use chrono::{SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Channels, Person, World, sandbox::PAGE, until::until};

async fn stage() -> (World, Person, Channels) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    (world, person, channels)
}

/// A series by the clocks of Greenwich, on the Page.
fn series(person: &Person, channels: &Channels, start: &str, rule: &str) -> Value {
    json!({
        "workspace_id": person.workspace, "captions": ["Coffee", "Tea", "Cake"],
        "targets": [{ "channel_id": channels.facebook }],
        "start": { "local_time": start, "time_zone": "UTC" }, "rule": rule,
    })
}

fn in_days(days: i64) -> String {
    format!("{}T09:00:00", (Utc::now() + TimeDelta::days(days)).date_naive())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_goes_out_at_its_time() {
    let (world, person, channels) = stage().await;
    let due = (Utc::now() + TimeDelta::seconds(4)).trunc_subsecs(0);
    let start = due.format("%Y-%m-%dT%H:%M:%S").to_string();
    let body = series(&person, &channels, &start, "FREQ=WEEKLY;COUNT=2");
    let made = person.post("/v1/series", body).await.is(201);
    assert_eq!((made.text("/status"), made.text("/rule")), ("active".into(), "FREQ=WEEKLY;COUNT=2".into()));
    let posts = person.get("/v1/posts").await.is(200);
    let posts = posts.body["data"].as_array().unwrap();
    assert_eq!(posts.len(), 2, "both lie within a fortnight");
    assert!(posts.iter().all(|post| post["series_id"] == made.body["id"]));
    let first = posts.iter().find(|post| post["original_local_time"] == start.as_str()).unwrap();
    person.until_status(first["id"].as_str().unwrap(), "published").await;
    let ledger = world.sandbox.ledger_of(PAGE).await;
    assert_eq!(ledger.len(), 1, "{ledger:#?}");
    assert_eq!(ledger[0]["text"], "Coffee");
    assert!(ledger[0]["at_ms"].as_i64().unwrap() >= due.timestamp_millis(), "{ledger:#?} before {due}");
}

/// A page of occurrences, one line each.
fn lines(page: &Value) -> Vec<String> {
    let line = |one: &Value| {
        let said =
            [&one["state"], &one["local_time"], &one["caption"]].map(|it| it.as_str().unwrap_or_default());
        said.join(" ")
    };
    page["data"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_occurrence_is_skipped_and_another_moved_with_their_posts() {
    let (_world, person, channels) = stage().await;
    let body = series(&person, &channels, &in_days(1), "FREQ=DAILY;COUNT=5");
    let made = person.post("/v1/series", body).await.is(201);
    let (place, tag) = (made.header("location"), made.header("etag"));
    let read = person.get(&place).await.is(200);
    assert_eq!((&read.body, read.header("etag")), (&made.body, tag.clone()));

    let skipped = format!("{place}/occurrences/{}", in_days(2));
    let answer = person.patch(&skipped, &tag, json!({ "skip": true })).await.is(200);
    assert_eq!(answer.text("/state"), "skipped");
    person.patch(&skipped, &tag, json!({ "restore": true })).await.refuses(412, "precondition_failed");
    let moved = format!("{place}/occurrences/{}", in_days(3));
    let evening = in_days(3).replace("09:00", "19:30");
    let change = json!({ "local_time": evening, "caption": "In the evening" });
    person.patch(&moved, &answer.header("etag"), change).await.is(200);

    let page = person.get(&format!("{place}/occurrences?limit=4")).await.is(200);
    let (first, second, fourth) = (in_days(1), in_days(2), in_days(4));
    let shown = [
        format!("made {first} Coffee"),
        format!("skipped {second} "),
        format!("made {evening} In the evening"),
        format!("made {fourth} Coffee"),
    ];
    assert_eq!(lines(&page.body), shown);
    let next = format!("{place}/occurrences?limit=4&after={}", page.text("/next_cursor"));
    let rest = person.get(&next).await.is(200);
    assert_eq!(lines(&rest.body), [format!("made {} Tea", in_days(5))]);
    assert!(rest.body["next_cursor"].is_null());
    assert_eq!(person.view(&page.text("/data/1/post_id")).await.body["status"], "cancelled");
    assert_eq!(person.view(&page.text("/data/2/post_id")).await.body["schedule"]["local_time"], evening);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_and_following_change_and_are_cancelled_and_what_came_before_stays() {
    let (_world, person, channels) = stage().await;
    let body = series(&person, &channels, &in_days(1), "FREQ=DAILY;COUNT=5");
    let place = person.post("/v1/series", body).await.is(201).header("location");
    let page = person.get(&format!("{place}/occurrences")).await.is(200);
    let (third, fourth) = (page.text("/data/2/post_id"), page.text("/data/3/post_id"));
    let split = json!({ "at": in_days(4), "changes": { "caption": "From now on", "captions": [] } });
    let following = person.post(&format!("{place}/split"), split).await.is(201);
    let post = person.view(&fourth).await.body;
    assert_eq!((&post["series_id"], &post["caption"]), (&following.body["id"], &json!("From now on")));
    assert_eq!(person.get(&place).await.text("/rule"), "FREQ=DAILY;COUNT=3");
    let cancelled = person.ask(&format!("{}/cancel", following.header("location"))).await.is(200);
    assert_eq!(
        (cancelled.text("/status"), &cancelled.body["next_occurrences"]),
        ("cancelled".into(), &json!([]))
    );
    assert_eq!(person.view(&fourth).await.body["status"], "cancelled");
    assert_eq!(person.view(&third).await.body["status"], "scheduled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_series_is_refused_before_anything_is_kept() {
    let (world, person, channels) = stage().await;
    let with = |start: &str, rule: &str| series(&person, &channels, start, rule);
    let pattern = "/start/local_time wrong_pattern";
    for (body, wrong) in [
        (with(&in_days(1), "FREQ=SECONDLY"), "/rule rule_invalid"),
        (with(&in_days(1), "FREQ=DAILY;BYSETPOS=1"), "/rule rule_invalid"),
        (with(&in_days(1), "FREQ=DAILY;COUNT=99999999999999999999"), "/rule rule_invalid"),
        (with(&in_days(1), &"FREQ=DAILY;".repeat(100)), "/rule too_long"),
        (with(&in_days(1), "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"), "/rule rule_never_occurs"),
        (with("2020-01-01T09:00:00", "FREQ=DAILY;COUNT=9"), "/rule time_passed"),
        (with("2027-02-30T09:00:00", "FREQ=DAILY"), "/start/local_time local_time_invalid"),
        (with("9999-12-31T23:59:59", "FREQ=DAILY"), "/start/local_time local_time_out_of_range"),
        (with("0000-01-01T00:00:00", "FREQ=DAILY"), "/start/local_time local_time_out_of_range"),
        (with("12027-02-03T09:00:00", "FREQ=DAILY"), pattern),
        (with("tomorrow", "FREQ=DAILY"), pattern),
    ] {
        let refused = person.post("/v1/series", body).await.refuses(422, "validation_failed");
        let (place, code) = wrong.split_once(' ').unwrap();
        assert_eq!(refused.violations(), [(place.to_owned(), code.to_owned())]);
    }
    let huge = with(&in_days(1), &"FREQ=DAILY;".repeat(1_000_000));
    let refused = person.request("POST", "/v1/series").json(&huge).send().await;
    // Whoever is still sending when the answer comes may see only the end of the connection.
    assert!(refused.map_or(true, |answer| answer.status() == 413));
    assert_eq!(world.database.number("SELECT count(*) FROM series").await, 0);
    assert_eq!(world.database.number("SELECT count(*) FROM posts").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_may_not_publish_makes_no_series_and_a_revoked_one_makes_no_more_posts() {
    let (world, person, channels) = stage().await;
    let (_, writer) =
        person.grant(json!({ "name": "writer", "scopes": ["posts:write", "posts:read"] })).await;
    let body = series(&person, &channels, &in_days(1), "FREQ=DAILY");
    writer.post("/v1/series", body.clone()).await.refuses(403, "scope_missing");
    let (id, robot) = person.grant(json!({ "name": "robot", "scopes": ["posts:publish"] })).await;
    let made = robot.post("/v1/series", body).await.is(201);
    assert_eq!(made.body["api_key_id"], json!(id));
    let (place, posts) = (made.header("location"), "SELECT count(*) FROM posts");
    let before = world.database.number(posts).await;
    person.delete(&format!("/v1/api_keys/{id}")).await.is(204);
    // As if a day had passed: one more post would be made.
    world.database.execute("DELETE FROM series_occurrences WHERE post_id IS NOT NULL", &[]).await;
    let again = "UPDATE series SET next_at = now(), claimed_until = NULL";
    world.database.execute(again, &[]).await;
    let mut world = world;
    // A worker sweeps when it starts.
    world.run(postern::Roles { api: true, workers: true }).await;
    let ask = async || person.get(&place).await.body;
    let paused = until("paused", ask, |view| view["status"] == "paused").await;
    assert_eq!(paused["pause_reason"], "key_revoked");
    assert_eq!(world.database.number(posts).await, before);
    let resumed = person.ask(&format!("{place}/resume")).await.is(200);
    assert_eq!((resumed.text("/status"), &resumed.body["api_key_id"]), ("active".into(), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_pauses_with_its_channel_and_its_posts_come_back_when_it_is_resumed() {
    let (_world, person, channels) = stage().await;
    let body = series(&person, &channels, &in_days(1), "FREQ=DAILY;COUNT=3");
    let place = person.post("/v1/series", body).await.is(201).header("location");
    person.delete(&format!("/v1/channels/{}", channels.facebook)).await.is(204);
    let paused = person.get(&place).await.is(200);
    assert_eq!(
        (paused.text("/status"), paused.text("/pause_reason")),
        ("paused".into(), "channel_not_connected".into())
    );
    assert_eq!(paused.body["next_occurrences"], json!([]), "what was taken back does not come");
    let told = async || person.get("/v1/events?limit=100").await.is(200).body["data"].to_string();
    until("told", told, |events| events.contains("series.paused")).await;
    person.ask(&format!("{place}/resume")).await.refuses(422, "validation_failed");
    let again = person.connect().await;
    assert_eq!(again.facebook, channels.facebook, "the same channel is back");
    let resumed = person.ask(&format!("{place}/resume")).await.is(200);
    assert_eq!(resumed.text("/status"), "active");
    assert_eq!(resumed.body["next_occurrences"].as_array().unwrap().len(), 3);
    let shown = person.get(&format!("{place}/occurrences")).await.is(200);
    let statuses: Vec<_> = (0..3).map(|n| shown.text(&format!("/data/{n}/post_status"))).collect();
    assert_eq!(statuses, ["scheduled"; 3]);
    let refused = person.ask(&format!("{place}/resume")).await.refuses(409, "wrong_state");
    assert!(refused.text("/detail").contains("series"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_occurrence_says_what_somebody_made_of_its_post() {
    let (_world, person, channels) = stage().await;
    let body = series(&person, &channels, &in_days(1), "FREQ=DAILY;COUNT=3");
    let made = person.post("/v1/series", body).await.is(201);
    let place = made.header("location");
    let page = person.get(&format!("{place}/occurrences")).await.is(200);
    assert_eq!(page.body["data"][0]["edited_by_hand"], false);
    person.ask(&format!("/v1/posts/{}/cancel", page.text("/data/0/post_id"))).await.is(200);
    let evening = in_days(2).replace("09:00", "19:30");
    let wall = json!({ "local_time": evening, "time_zone": "UTC" });
    person.post(&format!("/v1/posts/{}/schedule", page.text("/data/1/post_id")), wall).await.is(200);
    let page = person.get(&format!("{place}/occurrences")).await.is(200);
    let told = |n: usize| {
        let one = &page.body["data"][n];
        [&one["local_time"], &one["post_status"], &one["edited_by_hand"]].map(Clone::clone)
    };
    assert_eq!(told(0), [json!(in_days(1)), json!("cancelled"), json!(true)]);
    assert_eq!(told(1), [json!(evening), json!("scheduled"), json!(true)]);
    assert_eq!(told(2), [json!(in_days(3)), json!("scheduled"), json!(false)]);
    let next = person.get(&place).await.is(200).body["next_occurrences"].clone();
    let next: Vec<_> = next.as_array().unwrap().iter().map(|one| one["local_time"].clone()).collect();
    assert_eq!(next, [json!(evening), json!(in_days(3))]);
    let third = format!("{place}/occurrences/{}", in_days(3));
    let far = json!({ "local_time": "2035-01-01T09:00:00" });
    let refused = person.patch(&third, &made.header("etag"), far).await.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/local_time".to_owned(), "time_too_far".to_owned())]);
}

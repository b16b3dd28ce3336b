//! Posting schedules, queues and times per channel, as a front end meets them.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde_json::{Value, json};

use crate::support::{Channels, Person, World, pictures::jpeg};

/// A workspace that publishes at each full hour of days that are far enough away.
async fn stage() -> (World, Person, Channels) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    person.put(&schedule_of(&person), "\"0\"", slots("leave")).await.is(200);
    (world, person, channels)
}

pub(crate) fn schedule_of(person: &Person) -> String {
    format!("/v1/workspaces/{}/posting_schedule", person.workspace)
}

/// The first day with slots: no story lasts until then.
fn first_day() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(2)
}

pub(crate) fn slots(refill: &str) -> Value {
    let day = ["09:00", "17:30"];
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week: serde_json::Map<_, _> = days.map(|name| (name.to_owned(), json!(day))).into_iter().collect();
    let dark: Vec<_> = Utc::now().date_naive().iter_days().take(2).collect();
    json!({ "time_zone": "UTC", "week": week, "blackout_dates": dark, "refill": refill })
}

/// The first slots, as the API writes them.
fn expected(count: i64) -> Vec<String> {
    let slot = |n: i64| {
        let day = (first_day() + TimeDelta::days(n / 2)).date_naive();
        format!("{day}T{}:00.000Z", if n % 2 == 0 { "09:00" } else { "17:30" })
    };
    (0..count).map(slot).collect()
}

async fn queue_up(person: &Person, channel: &str, count: usize) -> Vec<String> {
    let mut posts = Vec::new();
    for n in 0..count {
        let post = person.write(&format!("Number {n}"), &[channel], json!({})).await;
        person.post(&format!("/v1/posts/{post}/queue"), json!({})).await.is(200);
        posts.push(post);
    }
    posts
}

async fn waiting(person: &Person, channel: &str) -> Vec<(String, String)> {
    let queue = person.get(&format!("/v1/channels/{channel}/queue")).await.is(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = queue.body["data"].as_array().unwrap().iter();
    entries.map(|entry| (text(&entry["slot"]), text(&entry["post_id"]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_goes_out_on_each_channel_at_the_time_it_has_there() {
    let (_world, person, channels) = stage().await;
    let picture = person.upload(jpeg([10, 90, 30])).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let post = person.write("Twice", &[&channels.facebook, &channels.instagram], media).await;
    let (later, soon) = (Utc::now() + TimeDelta::days(40), Utc::now() + TimeDelta::seconds(2));
    let wall = later.date_naive().and_hms_opt(9, 30, 0).unwrap().to_string().replace(' ', "T");
    let own = json!({ "at": soon.to_rfc3339(), "targets": [
        { "channel_id": channels.instagram, "local_time": wall, "time_zone": "Europe/Tallinn" }
    ] });
    let scheduled = person.post(&format!("/v1/posts/{post}/schedule"), own).await.is(200);
    assert_eq!(scheduled.text("/channel_times/0/timing"), "post");
    assert_eq!(scheduled.text("/channel_times/1/timing"), "own");
    assert_eq!(scheduled.text("/channel_times/1/schedule/local_time"), wall);
    assert_eq!(scheduled.text("/due_at"), scheduled.text("/publications/0/due_at"));
    assert_eq!(scheduled.text("/publications/1/due_at"), scheduled.text("/channel_times/1/schedule/at"));
    let view = person.until_status(&post, "publishing").await;
    let states = async || person.view(&post).await.body["publications"].clone();
    let both = crate::support::until::until("one is out", states, |all| all[0]["state"] == "published").await;
    assert_eq!(both[1]["state"], "scheduled", "{view:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_time_is_said_where_it_stands() {
    let (_world, person, channels) = stage().await;
    let post = person.write("Hello", &[&channels.facebook], json!({})).await;
    let path = format!("/v1/posts/{post}/schedule");
    let at = |channel: &str, at: &str| json!({ "channel_id": channel, "at": at });
    let refused = async |body: Value| person.post(&path, body).await.is(422).violations();
    let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let gone =
        json!({ "at": "2027-06-01T12:00:00Z", "targets": [at(&channels.facebook, "2001-01-01T00:00:00Z")] });
    assert_eq!(refused(gone).await, [pair("/targets/0/at", "time_passed")]);
    let wall = json!({ "local_time": "2001-01-01T00:00", "time_zone": "UTC",
        "targets": [{ "channel_id": channels.facebook, "local_time": "2001-01-01T00:00", "time_zone": "UTC" }] });
    let named = [pair("/targets/0/local_time", "time_passed"), pair("/local_time", "time_passed")];
    assert_eq!(refused(wall).await, named);
    let elsewhere = json!({ "targets": [at(&channels.instagram, "2027-06-01T12:00:00Z")] });
    let found = refused(elsewhere).await;
    assert_eq!(found, [pair("/targets/0/channel_id", "channel_unknown"), pair("/at", "schedule_invalid")]);
    let twice =
        [at(&channels.facebook, "2027-06-01T12:00:00Z"), at(&channels.facebook, "2027-06-01T13:00:00Z")];
    assert_eq!(
        refused(json!({ "targets": twice })).await,
        [pair("/targets/1/channel_id", "channel_repeated")]
    );
    let without =
        json!({ "targets": [{ "channel_id": channels.facebook, "local_time": "2027-06-01T12:00" }] });
    assert_eq!(refused(without).await, [pair("/targets/0/at", "schedule_invalid")]);
    // One time for each channel is enough.
    let alone = json!({ "targets": [at(&channels.facebook, "2027-06-01T12:00:00Z")] });
    let scheduled = person.post(&path, alone).await.is(200);
    assert!(scheduled.body.get("schedule").is_none(), "{:#}", scheduled.body);
    assert_eq!(scheduled.text("/due_at"), "2027-06-01T12:00:00.000Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_replaced_by_whoever_read_the_one_before() {
    let (_world, person, channels) = stage().await;
    let path = schedule_of(&person);
    let read = person.get(&path).await.is(200);
    assert_eq!((read.header("etag"), read.text("/week/friday/1")), ("\"1\"".into(), "17:30".into()));
    person.put(&path, "\"0\"", slots("move_up")).await.refuses(412, "precondition_failed");
    person
        .send(person.request("PUT", &path).json(&slots("leave")))
        .await
        .refuses(428, "precondition_required");
    assert_eq!(person.put(&path, "\"1\"", slots("move_up")).await.is(200).header("etag"), "\"2\"");
    for (member, value) in [
        ("time_zone", json!("Europe/Atlantis")),
        ("week", json!({ "monday": ["9:00"] })),
        ("week", json!({ "monday": ["09:00", "09:00"] })),
        ("week", json!({ "someday": [] })),
        ("blackout_dates", json!(["2027-02-30"])),
        ("spacing_minutes", json!(10_081)),
        ("spacing_minutes", json!(-1)),
        ("refill", json!("never")),
    ] {
        let mut body = slots("leave");
        body[member] = value;
        let refused = person.put(&path, "*", body).await.is(422);
        assert!(refused.violations()[0].0.starts_with(&format!("/{member}")), "{:#}", refused.body);
    }
    let own = format!("/v1/channels/{}/posting_schedule", channels.facebook);
    assert!(person.get(&own).await.is(200).body.get("own").is_none());
    let changed = person.put(&own, "\"0\"", json!({ "spacing_minutes": 90 })).await.is(200);
    assert_eq!(changed.body["own"], json!({ "blackout_dates": [], "spacing_minutes": 90 }));
    assert_eq!(changed.body["effective"]["spacing_minutes"], 90);
    assert_eq!(changed.text("/effective/week/monday/0"), "09:00");
    let ended = person.send(person.request("DELETE", &own).header("If-Match", "\"1\"")).await.is(200);
    assert!(ended.body.get("own").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_wait_in_the_next_free_slots_and_move_among_them() {
    let (_world, person, channels) = stage().await;
    let channel = channels.facebook.as_str();
    let preview = person.get(&format!("/v1/channels/{channel}/queue/slots?limit=3")).await.is(200);
    let shown: Vec<_> = (0..3).map(|n| preview.text(&format!("/data/{n}/at"))).collect();
    assert_eq!(shown, expected(3));
    assert!(preview.text("/data/1/local_time").ends_with("T17:30:00"));
    let posts = queue_up(&person, channel, 3).await;
    let slots = expected(5);
    let seats = |order: [usize; 3]| -> Vec<_> {
        order.iter().zip(&slots).map(|(post, slot)| (slot.clone(), posts[*post].clone())).collect()
    };
    assert_eq!(waiting(&person, channel).await, seats([0, 1, 2]));
    let order = format!("/v1/channels/{channel}/queue/order");
    person.put(&order, "*", json!({ "posts": [posts[2], posts[0], posts[1]] })).await.is(204);
    assert_eq!(waiting(&person, channel).await, seats([2, 0, 1]));
    let lacking = person.put(&order, "*", json!({ "posts": [posts[2]] })).await.is(422);
    assert_eq!(lacking.violations(), [("/posts".to_owned(), "posts_incomplete".to_owned())]);
    person.ask(&format!("/v1/channels/{channel}/queue/shuffle")).await.is(204);
    assert_eq!(waiting(&person, channel).await.len(), 3);
    // Page by page.
    let first = person.get(&format!("/v1/channels/{channel}/queue?limit=2")).await.is(200);
    assert_eq!(first.body["data"].as_array().unwrap().len(), 2);
    let next = first.text("/next_cursor");
    let rest = person.get(&format!("/v1/channels/{channel}/queue?limit=2&after={next}")).await.is(200);
    assert_eq!((rest.text("/data/0/slot"), rest.body.get("next_cursor")), (slots[2].clone(), None));
    let other = format!("/v1/channels/{}/queue?after={next}", channels.instagram);
    person.get(&other).await.refuses(400, "invalid_cursor");
    person.post(&format!("/v1/posts/{}/queue", posts[0]), json!({})).await.refuses(409, "already_queued");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_a_queue_lets_others_move_up_and_the_post_can_come_back() {
    let (_world, person, channels) = stage().await;
    let channel = channels.facebook.as_str();
    person.put(&schedule_of(&person), "*", slots("move_up")).await.is(200);
    let posts = queue_up(&person, channel, 3).await;
    let left = person.delete(&format!("/v1/posts/{}/queue", posts[0])).await.is(200);
    assert_eq!(
        (left.text("/status"), left.text("/channel_times/0/timing")),
        ("cancelled".into(), "unplanned".into())
    );
    person.delete(&format!("/v1/posts/{}/queue", posts[0])).await.refuses(409, "not_queued");
    person.ask(&format!("/v1/posts/{}/cancel", posts[1])).await.is(200);
    let slots = expected(2);
    assert_eq!(waiting(&person, channel).await, [(slots[0].clone(), posts[2].clone())]);
    let back =
        person.post(&format!("/v1/posts/{}/queue", posts[0]), json!({ "place": "first" })).await.is(200);
    assert_eq!((back.text("/status"), back.text("/due_at")), ("scheduled".into(), slots[1].clone()));
    assert_eq!(back.body["publications"][0]["queued"], true);
    // An edit keeps the slot.
    let edit = json!({ "caption": "Other words" });
    let edited = person.patch(&format!("/v1/posts/{}", posts[0]), &back.header("etag"), edit).await.is(200);
    assert_eq!((edited.text("/due_at"), edited.text("/caption")), (slots[1].clone(), "Other words".into()));
    // Whoever says a time takes it out of the queue.
    person.schedule(&posts[0], Utc::now() + TimeDelta::days(9)).await.is(200);
    assert_eq!(waiting(&person, channel).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_channel_can_be_queued_while_another_has_its_time_or_none() {
    let (_world, person, channels) = stage().await;
    let picture = person.upload(jpeg([10, 90, 30])).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let both = [channels.facebook.as_str(), channels.instagram.as_str()];
    let post = person.write("Twice", &both, media).await;
    let path = format!("/v1/posts/{post}/queue");
    let only = json!({ "channels": [channels.facebook] });
    let queued = person.post(&path, only.clone()).await.is(200);
    assert_eq!(queued.body["publications"].as_array().unwrap().len(), 1);
    assert_eq!(queued.text("/channel_times/1/timing"), "unplanned");
    let scheduled = person.schedule(&post, first_day().with_nanosecond(0).unwrap()).await.is(200);
    assert_eq!(scheduled.text("/channel_times/0/timing"), "post");
    let queued = person.post(&path, only).await.is(200);
    assert_eq!(
        (queued.text("/channel_times/0/timing"), queued.text("/channel_times/1/timing")),
        ("queue".into(), "post".into())
    );
    let left = person.delete(&path).await.is(200);
    assert_eq!(
        (left.text("/status"), left.text("/publications/1/state")),
        ("scheduled".into(), "scheduled".into())
    );
    let nowhere = person.post(&path, json!({ "channels": [post.replace("post_", "chan_")] })).await.is(422);
    assert_eq!(nowhere.violations(), [("/channels/0".to_owned(), "channel_unknown".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_queue_holds_its_posts_until_it_is_resumed() {
    let (_world, person, channels) = stage().await;
    let channel = channels.facebook.as_str();
    let posts = queue_up(&person, channel, 1).await;
    person.ask(&format!("/v1/channels/{channel}/queue/pause")).await.is(204);
    let paused = person.get(&format!("/v1/channels/{channel}/queue")).await.is(200);
    assert_eq!(paused.text("/state"), "paused");
    let held = person.view(&posts[0]).await;
    assert_eq!(
        (held.text("/status"), held.body["publications"][0].get("next_step_at")),
        ("scheduled".into(), None)
    );
    person.ask(&format!("/v1/channels/{channel}/queue/resume")).await.is(204);
    let gone = person.view(&posts[0]).await;
    assert!(gone.body["publications"][0]["next_step_at"].is_string(), "{:#}", gone.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_slots_or_insights_the_answers_say_so() {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    let post = person.write("Hello", &[&channels.facebook], json!({})).await;
    person.post(&format!("/v1/posts/{post}/queue"), json!({})).await.refuses(409, "queue_full");
    assert_eq!(person.view(&post).await.text("/status"), "draft");
    let best = person.get(&format!("/v1/channels/{}/best_times", channels.facebook)).await.is(200);
    assert_eq!(best.body["data"], json!([]));
    assert!(best.text("/basis").contains("No insights"), "{:#}", best.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_slot_is_offered_at_which_a_series_will_post() {
    let (_world, person, channels) = stage().await;
    let body = json!({
        "workspace_id": person.workspace, "captions": ["Coffee", "Tea"], "targets": [{ "channel_id": channels.facebook }],
        "start": { "local_time": format!("{}T09:00:00", first_day().date_naive()), "time_zone": "UTC" },
        "rule": "FREQ=DAILY;COUNT=30",
    });
    person.post("/v1/series", body).await.is(201);
    let path = format!("/v1/channels/{}/queue/slots?limit=40", channels.facebook);
    let offered = person.get(&path).await.is(200).body["data"].clone();
    let offered: Vec<_> =
        offered.as_array().unwrap().iter().map(|slot| slot["at"].as_str().unwrap().to_owned()).collect();
    let free = expected(70).into_iter().enumerate().filter(|(n, _)| n % 2 == 1 || *n >= 60);
    let free: Vec<_> = free.map(|(_, slot)| slot).take(40).collect();
    assert_eq!(offered, free, "half of them lie behind the days that have posts");
}

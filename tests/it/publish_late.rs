//! Being late: how late a post may be, what becomes of it afterwards, warnings before its time, and clocks that change. Whatever
//! happens is told as an event.

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use postern::Roles;
use serde_json::{Value, json};

use crate::support::{
    Channels, Person, World, pictures::jpeg, process::Process, sandbox::PAGE, until::until,
};

const API: Roles = Roles { api: true, workers: false };
const ALL: Roles = Roles { api: true, workers: true };

/// A deployment whose workers rest.
async fn stage() -> (World, Person, Channels) {
    let mut world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    world.run(API).await;
    (world, person, channels)
}

fn minutes(n: i64) -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(n)
}

/// The kinds of the events about a publication or a post, oldest first, page by page.
async fn kinds(person: &Person, id: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("/v1/events?limit=2{after}")).await.is(200);
        let about = |event: &&Value| event["publication_id"] == id || event["post_id"] == id;
        let events = page.body["data"].as_array().unwrap();
        found.extend(events.iter().filter(about).map(|event| event["kind"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return found,
        }
    }
}

async fn until_told(person: &Person, id: &str, kind: &str) {
    until("told", async || kinds(person, id).await, |found| found.iter().any(|one| one == kind)).await;
}

/// Lets so many minutes pass for everything that was planned.
async fn time_passes(world: &World, minutes: i32) {
    let sql = "UPDATE publications SET due_at = due_at - make_interval(mins => $1),
        deadline_at = deadline_at - make_interval(mins => $1), next_step_at = next_step_at - make_interval(mins => $1)";
    world.database.execute(sql, &[&minutes]).await;
}

async fn publication(person: &Person, post: &str) -> Value {
    person.view(post).await.body["publications"][0].clone()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value:#}")).to_owned()
}

fn instant(value: &Value, member: &str) -> DateTime<Utc> {
    text(value, member).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_may_be_as_late_as_it_says_else_as_late_as_its_workspace_says() {
    let (_world, person, channels) = stage().await;
    let workspace = format!("/v1/workspaces/{}", person.workspace);
    assert_eq!(person.get(&workspace).await.is(200).body["late_minutes"], 60);
    person.patch(&workspace, "*", json!({ "late_minutes": 30 })).await.is(200);
    let own = json!({ "publish_late_by_minutes": 5 });
    let post = person.write("News of the hour", &[&channels.facebook], own).await;
    assert_eq!(person.view(&post).await.body["publish_late_by_minutes"], 5);
    let grace = async || {
        let one = publication(&person, &post).await;
        (instant(&one, "deadline_at") - instant(&one, "due_at")).num_minutes()
    };
    person.schedule(&post, minutes(60)).await.is(200);
    assert_eq!(grace().await, 5);
    let path = format!("/v1/posts/{post}");
    let changed = person.patch(&path, "*", json!({ "publish_late_by_minutes": null })).await.is(200);
    assert_eq!((changed.body.get("publish_late_by_minutes"), grace().await), (None, 30));
    person.patch(&path, "*", json!({ "publish_late_by_minutes": 0 })).await.is(200);
    assert_eq!(grace().await, 0, "a busy second is not late");
    person.patch(&path, "*", json!({ "caption": "Other news" })).await.is(200);
    assert_eq!(person.view(&post).await.body["publish_late_by_minutes"], 0, "what is absent stays");
    let too_long = json!({ "publish_late_by_minutes": 10_081 });
    person.patch(&path, "*", too_long).await.refuses(422, "validation_failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_told_and_can_be_published_now_or_at_another_time() {
    let (mut world, person, channels) = stage().await;
    let mut posts = Vec::new();
    for (caption, late) in [("Now", 10), ("Later", 10), ("All of it", 10), ("Patient", 600)] {
        let more = json!({ "publish_late_by_minutes": late });
        let post = person.write(caption, &[&channels.facebook], more).await;
        person.schedule(&post, minutes(10)).await.is(200);
        posts.push(post);
    }
    time_passes(&world, 60).await;
    world.run(ALL).await;
    person.until_status(&posts[3], "published").await;
    for post in &posts[..3] {
        person.until_status(post, "missed").await;
        let id = text(&publication(&person, post).await, "id");
        until_told(&person, &id, "publication.missed").await;
        assert_eq!(kinds(&person, &id).await, ["publication.missed"], "once");
    }
    assert_eq!(world.sandbox.ledger_of(PAGE).await.len(), 1);

    // One channel, now; one channel, at another time; the whole post, at another time.
    let retry = format!("/v1/publications/{}/retry", text(&publication(&person, &posts[0]).await, "id"));
    person.ask(&retry).await.is(200);
    person.until_status(&posts[0], "published").await;
    let id = text(&publication(&person, &posts[1]).await, "id");
    let again = format!("/v1/publications/{id}/reschedule");
    let soon = (Utc::now() + TimeDelta::seconds(2)).trunc_subsecs(3);
    let past = person.post(&again, json!({ "at": minutes(-1) })).await;
    assert_eq!(past.refuses(422, "validation_failed").violations(), [("/at".into(), "time_passed".into())]);
    let planned = person.post(&again, json!({ "at": soon })).await.is(200);
    assert_eq!((planned.body["state"].clone(), instant(&planned.body, "due_at")), ("scheduled".into(), soon));
    person.until_status(&posts[1], "published").await;
    person.post(&again, json!({ "at": minutes(5) })).await.refuses(409, "wrong_state");
    person.schedule(&posts[2], Utc::now() + TimeDelta::seconds(2)).await.is(200);
    person.until_status(&posts[2], "published").await;
    assert_eq!(world.sandbox.ledger_of(PAGE).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_was_missed_beside_one_that_is_public_can_be_tried_again_at_another_time() {
    let (mut world, person, channels) = stage().await;
    let picture = json!({ "media": [{ "media_id": person.upload(jpeg([3, 3, 3])).await }] });
    let post = person.write("On both", &[&channels.facebook, &channels.instagram], picture).await;
    person.schedule(&post, minutes(10)).await.is(200);
    time_passes(&world, 10).await;
    let late = "UPDATE publications SET due_at = due_at - interval '1 day', deadline_at = deadline_at - interval '1 day'
        WHERE platform = 'instagram'";
    world.database.execute(late, &[]).await;
    world.run(ALL).await;
    let view = person.until_status(&post, "partially_published").await;
    let missed =
        view["publications"].as_array().unwrap().iter().find(|one| one["state"] == "missed").unwrap();
    // The post as a whole cannot be scheduled anew, because a part of it is public.
    person.schedule(&post, minutes(5)).await.refuses(409, "publishing_began");
    let again = format!("/v1/publications/{}/reschedule", text(missed, "id"));
    person.post(&again, json!({ "at": Utc::now() + TimeDelta::seconds(2) })).await.is(200);
    person.until_status(&post, "published").await;
    let times = person.view(&post).await.body["channel_times"].clone();
    assert_eq!((&times[0]["timing"], &times[1]["timing"]), (&json!("post"), &json!("own")), "{times:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rescheduled_stands_at_its_new_time_wherever_it_is_looked_for() {
    let (_world, person, channels) = stage().await;
    let post = person.write("Taken back", &[&channels.facebook], json!({})).await;
    let old = json!({ "local_time": "2028-01-10T09:00", "time_zone": "Europe/Berlin" });
    person.post(&format!("/v1/posts/{post}/schedule"), old).await.is(200);
    let cancelled = person.ask(&format!("/v1/posts/{post}/cancel")).await.is(200);
    let again = format!("/v1/publications/{}/reschedule", cancelled.text("/publications/0/id"));
    let new = json!({ "local_time": "2028-03-10T18:30", "time_zone": "Asia/Kathmandu" });
    person.post(&again, new).await.is(200);

    let view = person.view(&post).await.body;
    let own = json!({ "channel_id": channels.facebook, "timing": "own", "schedule": {
        "at": "2028-03-10T12:45:00.000Z", "local_time": "2028-03-10T18:30:00", "time_zone": "Asia/Kathmandu" } });
    assert_eq!((&view["channel_times"][0], view.get("schedule")), (&own, None), "{view:#}");
    let listed = async |from: &str, before: &str| {
        let days = format!("due_from={from}T00:00:00Z&due_before={before}T00:00:00Z");
        person.get(&format!("/v1/posts?{days}")).await.is(200).body["data"].as_array().unwrap().len()
    };
    assert_eq!((listed("2028-01-01", "2028-02-01").await, listed("2028-03-01", "2028-04-01").await), (0, 1));
    let calendar =
        format!("/v1/workspaces/{}/calendar?from=2028-03-10&to=2028-03-10&time_zone=UTC", person.workspace);
    let entry = person.get(&calendar).await.is(200).body["data"][0]["channels"][0]["entries"][0].clone();
    assert_eq!(
        (&entry["post_local_time"], &entry["post_time_zone"]),
        (&own["schedule"]["local_time"], &json!("Asia/Kathmandu"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_go_wrong_is_shown_and_told_before_its_time_and_cleared_when_it_is_mended() {
    let (mut world, person, channels) = stage().await;
    let picture = person.upload(jpeg([8, 8, 8])).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let post = person.write("With a picture", &[&channels.instagram], media).await;
    let well = person.write("All is well", &[&channels.facebook], json!({})).await;
    for post in [&post, &well] {
        person.schedule(post, minutes(20 * 60)).await.is(200);
    }
    let id = text(&publication(&person, &post).await, "id");
    let ends = "UPDATE connections SET data_access_expires_at = now() + interval '19 hours'";
    world.database.execute(ends, &[]).await;
    world.run(ALL).await;
    until_told(&person, &id, "publication.at_risk").await;
    let one = publication(&person, &post).await;
    assert_eq!(one["warnings"][0]["code"], "data_access_expiry");
    assert_eq!(one["warnings"][0]["actor"], "member");
    assert!(instant(&one["warnings"][0], "since") <= Utc::now());
    let listed = async |at_risk: bool| {
        let page = person.get(&format!("/v1/publications?at_risk={at_risk}")).await.is(200);
        let ids = page.body["data"].as_array().unwrap().iter().map(|one| text(one, "id"));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed(true).await, [id.as_str()]);
    let other = text(&publication(&person, &well).await, "id");
    assert_eq!(listed(false).await, [other.as_str()]);

    world.database.execute("UPDATE connections SET data_access_expires_at = NULL", &[]).await;
    world.database.execute("UPDATE preflights SET checked_at = checked_at - interval '1 hour'", &[]).await;
    world.run(ALL).await;
    until_told(&person, &id, "publication.risk_cleared").await;
    assert_eq!(publication(&person, &post).await["warnings"], json!([]));
    assert!(listed(true).await.is_empty());
    assert!(kinds(&person, &other).await.is_empty(), "nothing was ever wrong with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_moves_with_the_clocks_of_its_zone_and_the_command_says_so_before() {
    let (mut world, person, channels) = stage().await;
    let post = person.write("At nine", &[&channels.facebook], json!({})).await;
    let local: NaiveDateTime = (Utc::now() + TimeDelta::days(40)).naive_utc().trunc_subsecs(0);
    let wall =
        json!({ "local_time": local.format("%Y-%m-%dT%H:%M:%S").to_string(), "time_zone": "Asia/Tokyo" });
    person.post(&format!("/v1/posts/{post}/schedule"), wall).await.is(200);
    let right = instant(&publication(&person, &post).await, "due_at");
    // As if it had been scheduled when Tokyo's clocks were an hour ahead.
    for time in ["posts SET own_due_at", "posts SET due_at", "publications SET due_at"] {
        let (_, column) = time.split_once(" SET ").unwrap();
        let off = format!("UPDATE {time} = {column} - interval '1 hour'");
        world.database.execute(&off, &[]).await;
    }
    let mut command = Process::start(&["tzdata-diff"], world.environment());
    assert!(command.ended().await.success(), "{}", command.said());
    let said = command.said();
    assert!(said.contains(&post) && said.contains("1 post moves"), "{said}");
    assert_ne!(instant(&publication(&person, &post).await, "due_at"), right, "looking moves nothing");

    world.run(ALL).await;
    until_told(&person, &post, "post.moved").await;
    assert_eq!(instant(&publication(&person, &post).await, "due_at"), right);
    assert_eq!(person.view(&post).await.body["schedule"]["time_zone"], "Asia/Tokyo");
    let mut command = Process::start(&["tzdata-diff"], world.environment());
    assert!(
        command.ended().await.success() && command.said().contains("no post moves"),
        "{}",
        command.said()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_read_with_what_the_caller_may_read_and_from_where_the_caller_was() {
    let (_world, person, channels) = stage().await;
    let post = person.write("Taken back", &[&channels.facebook], json!({})).await;
    person.schedule(&post, minutes(60)).await.is(200);
    person.ask(&format!("/v1/posts/{post}/cancel")).await.is(200);
    until_told(&person, &post, "publication.cancelled").await;
    let all = person.get("/v1/events?limit=100").await.is(200);
    let events = all.body["data"].as_array().unwrap();
    assert!(events.iter().any(|event| event["kind"] == "channel.connected"), "{events:#?}");
    let last = events.last().unwrap();
    assert_eq!((&last["kind"], &last["post_id"]), (&"publication.cancelled".into(), &post.clone().into()));
    assert_eq!(last["workspace_id"], person.workspace.as_str());
    let after = |cursor: &Value| format!("/v1/events?after={}", cursor.as_str().unwrap());
    assert_eq!(person.get(&after(&last["cursor"])).await.is(200).body["data"], json!([]));
    let rest = person.get(&after(&events[0]["cursor"])).await.is(200);
    assert_eq!(rest.body["data"].as_array().unwrap().len(), events.len() - 1);

    let some = person.get("/v1/events?kind=publication.cancelled&kind=publication.missed").await.is(200);
    assert_eq!(some.body["data"].as_array().unwrap().len(), 1);
    person.get("/v1/events?kind=everything").await.refuses(400, "invalid_parameters");
    person.get("/v1/events?after=AAAA").await.refuses(400, "invalid_cursor");

    let (_, posts_only) = person.grant(json!({ "name": "a", "scopes": ["posts:read"] })).await;
    let read = posts_only.get("/v1/events").await.is(200);
    let kinds: Vec<_> =
        read.body["data"].as_array().unwrap().iter().map(|event| text(event, "kind")).collect();
    assert_eq!(kinds, ["publication.cancelled"]);
    let other = json!({ "name": "Other", "time_zone": "UTC" });
    let other = person.post("/v1/workspaces", other).await.is(201).text("/id");
    let scopes = json!(["posts:read", "channels:read"]);
    let (_, elsewhere) = person.grant(json!({ "name": "b", "scopes": scopes, "workspaces": [other] })).await;
    assert_eq!(elsewhere.get("/v1/events").await.is(200).body["data"], json!([]));
    let (_, keys_only) = person.grant(json!({ "name": "c", "scopes": ["keys:read"] })).await;
    keys_only.get("/v1/events").await.refuses(403, "scope_missing");
}

//! Scheduling a post: what a front end asks for and what the public sees.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{
    Channels, Person, World,
    pictures::{jpeg, picture, sha256},
    sandbox::{ACCOUNT, APP_ID, PAGE},
    until::until,
};

fn soon() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(2)
}

async fn stage() -> (World, Person, Channels) {
    let world = World::start().await;
    let person = world.sign_up("Harbour Coffee").await;
    let channels = person.connect().await;
    (world, person, channels)
}

/// The only entry of a Page or account in the ledger.
async fn only_entry(world: &World, account: &str) -> Value {
    let mut entries = world.sandbox.ledger_of(account).await;
    assert_eq!(entries.len(), 1, "{entries:#?}");
    entries.remove(0)
}

fn digests(entry: &Value) -> Vec<&str> {
    entry["media"].as_array().unwrap().iter().map(|piece| piece["sha256"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_appears_on_the_page_at_its_time_and_never_before() {
    let (world, person, channels) = stage().await;
    let post = person.write("Fresh bread at seven.", &[&channels.facebook], json!({})).await;
    assert_eq!(person.view(&post).await.body["status"], "draft");
    let due = soon();
    let scheduled = person.schedule(&post, due).await.is(200);
    assert_eq!(scheduled.body["status"], "scheduled");
    let view = person.until_status(&post, "published").await;
    let entry = only_entry(&world, PAGE).await;
    assert!(entry["at_ms"].as_i64().unwrap() >= due.timestamp_millis(), "{entry:#?} before {due}");
    assert_eq!(entry["text"], "Fresh bread at seven.");
    assert_eq!(entry["app_id"], APP_ID);
    let publication = &view["publications"][0];
    assert_eq!(publication["platform_post_id"], entry["object_id"]);
    assert_eq!(person.history(publication).await, ["publish done"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_schedule_one_post_at_once_everybody_gets_through() {
    let (_world, person, channels) = stage().await;
    let post = person.write("Fresh bread at seven.", &[&channels.facebook], json!({})).await;
    let times: Vec<_> = (1..=6).map(|day| Utc::now() + TimeDelta::days(day)).collect();
    let answers = futures::future::join_all(times.iter().map(|due| person.schedule(&post, *due))).await;
    for answer in answers {
        answer.is(200);
    }
    let view = person.view(&post).await.body;
    assert_eq!((&view["status"], view["publications"].as_array().unwrap().len()), (&json!("scheduled"), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_permalink_follows_and_shows_the_post() {
    let (world, person, channels) = stage().await;
    let post = person.write("Where people see it", &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    let ask = async || person.view(&post).await.body["publications"][0]["permalink"].clone();
    let permalink = until("followed up", ask, Value::is_string).await;
    assert!(permalink.as_str().unwrap().starts_with(&world.sandbox.base), "{permalink}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_goes_out_beside_its_text() {
    let (world, person, channels) = stage().await;
    let link = json!({ "link": "https://example.org/menu?day=monday" });
    let post = person.write("The menu", &[&channels.facebook], link).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    let entry = only_entry(&world, PAGE).await;
    assert_eq!(
        (&entry["text"], &entry["link"]),
        (&"The menu".into(), &"https://example.org/menu?day=monday".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_picture_goes_to_both_platforms_as_it_is_stored_with_its_description() {
    let (world, person, channels) = stage().await;
    let stored = person.upload_as(&person.workspace, "cup.jpg", jpeg([180, 90, 30])).await.is(201);
    let media = json!({ "media": [{ "media_id": stored.text("/id"), "alt_text": "A cup of coffee" }] });
    let post = person.write("Good morning", &[&channels.facebook, &channels.instagram], media).await;
    let due = soon();
    person.schedule(&post, due).await.is(200);
    person.until_status(&post, "published").await;
    for (account, kind) in [(PAGE, "post"), (ACCOUNT, "media")] {
        let entry = only_entry(&world, account).await;
        assert_eq!((&entry["kind"], &entry["text"]), (&kind.into(), &"Good morning".into()));
        assert_eq!(digests(&entry), [stored.text("/digest")]);
        assert_eq!(entry["media"][0]["alt_text"], "A cup of coffee");
        assert!(entry["at_ms"].as_i64().unwrap() >= due.timestamp_millis(), "{entry:#?} before {due}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_pictures_keep_their_order() {
    let (world, person, channels) = stage().await;
    let mut ids = Vec::new();
    let mut expected = Vec::new();
    for colour in [[200, 0, 0], [0, 200, 0], [0, 0, 200]] {
        let stored = person.upload_as(&person.workspace, "one.jpg", jpeg(colour)).await.is(201);
        ids.push(json!({ "media_id": stored.text("/id") }));
        expected.push(stored.text("/digest"));
    }
    let both = [channels.facebook.as_str(), channels.instagram.as_str()];
    let post = person.write("Three colours", &both, json!({ "media": ids })).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    assert_eq!(digests(&only_entry(&world, PAGE).await), expected);
    let carousel = only_entry(&world, ACCOUNT).await;
    assert_eq!(carousel["kind"], "carousel");
    assert_eq!(digests(&carousel), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_upload_is_published_byte_for_byte() {
    let (world, person, channels) = stage().await;
    let bytes = jpeg([1, 2, 3]);
    let picture = person.upload(bytes.clone()).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let post = person.write("As it was", &[&channels.instagram], media).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    assert_eq!(digests(&only_entry(&world, ACCOUNT).await), [sha256(&bytes)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_on_a_channel_is_published_there_only() {
    let (world, person, channels) = stage().await;
    let picture = person.upload(jpeg([9, 9, 9])).await;
    let body = json!({
        "workspace_id": person.workspace, "caption": "For everybody", "link": "https://example.org/",
        "targets": [
            { "channel_id": channels.facebook },
            { "channel_id": channels.instagram, "caption": "For Instagram", "link": null, "media": [{ "media_id": picture }] },
        ],
    });
    let draft = person.draft(body.clone()).await;
    assert_eq!(draft.body["targets"], body["targets"], "what was written is what is read");
    let post = draft.text("/id");
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    let (page, account) = (only_entry(&world, PAGE).await, only_entry(&world, ACCOUNT).await);
    assert_eq!((&page["text"], &page["link"]), (&"For everybody".into(), &"https://example.org/".into()));
    assert_eq!(account["text"], "For Instagram");
    assert!(page["media"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_and_an_alternative_text_can_be_removed() {
    let (_world, person, channels) = stage().await;
    let picture = person.upload(jpeg([5, 5, 5])).await;
    let link = json!({ "link": "https://example.org/" });
    let post = person.write("With a link", &[&channels.facebook], link).await;
    let (path, tag) = (format!("/v1/posts/{post}"), person.view(&post).await.header("etag"));
    let changed = person.patch(&path, &tag, json!({ "link": null })).await.is(200);
    assert_eq!(changed.body.get("link"), None);
    let path = format!("/v1/media/{picture}");
    assert_eq!(person.patch(&path, "*", json!({ "alt_text": "Sea" })).await.is(200).text("/alt_text"), "Sea");
    let removed = person.patch(&path, "*", json!({ "alt_text": null })).await.is(200);
    assert_eq!(removed.body.get("alt_text"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_time_means_the_instant_of_its_zone() {
    let (_world, person, channels) = stage().await;
    let post = person.write("In Lisbon", &[&channels.facebook], json!({})).await;
    let schedule = format!("/v1/posts/{post}/schedule");
    let year = Utc::now().format("%Y").to_string().parse::<i32>().unwrap() + 1;
    // Central European time is one hour ahead in January, and its clocks skip an hour on the last Sunday of March.
    let winter = json!({ "local_time": format!("{year}-01-15T09:30:00"), "time_zone": "Europe/Berlin" });
    let scheduled = person.post(&schedule, winter).await.is(200);
    assert_eq!(scheduled.text("/schedule/at"), format!("{year}-01-15T08:30:00.000Z"));
    assert_eq!(scheduled.text("/schedule/local_time"), format!("{year}-01-15T09:30:00"));
    assert_eq!(scheduled.text("/schedule/time_zone"), "Europe/Berlin");
    assert_eq!(scheduled.text("/publications/0/due_at"), format!("{year}-01-15T08:30:00.000Z"));
    let neither = person.post(&schedule, json!({ "local_time": format!("{year}-01-15T09:30:00") })).await;
    neither.refuses(422, "validation_failed");
    let late = person.post(&schedule, json!({ "at": "2020-01-01T00:00:00Z" })).await;
    assert_eq!(late.refuses(422, "validation_failed").violations(), [("/at".into(), "time_passed".into())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_clock_seconds_ahead_publishes_at_that_second() {
    let (world, person, channels) = stage().await;
    let post = person.write("By the clock on the wall", &[&channels.facebook], json!({})).await;
    let due = Utc::now() + TimeDelta::seconds(3);
    let wall = due.with_timezone(&chrono::FixedOffset::east_opt(5 * 3600 + 1800).unwrap());
    let local = wall.format("%Y-%m-%dT%H:%M:%S").to_string();
    let body = json!({ "local_time": local, "time_zone": "Asia/Kolkata" });
    person.post(&format!("/v1/posts/{post}/schedule"), body).await.is(200);
    person.until_status(&post, "published").await;
    let at = only_entry(&world, PAGE).await["at_ms"].as_i64().unwrap();
    assert!(at >= due.timestamp() * 1000, "{at} before {due}");
    assert!(at < (due.timestamp() + 20) * 1000, "{at} long after {due}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_before_the_time_is_what_is_published() {
    let (world, person, channels) = stage().await;
    let post = person.write("Frist draft", &[&channels.facebook], json!({})).await;
    let scheduled = person.schedule(&post, Utc::now() + TimeDelta::seconds(3)).await.is(200);
    let (path, tag) = (format!("/v1/posts/{post}"), scheduled.header("etag"));
    let blind = person.request("PATCH", &path).json(&json!({ "caption": "x" }));
    person.send(blind).await.refuses(428, "precondition_required");
    let edited = person.patch(&path, &tag, json!({ "caption": "First draft" })).await.is(200);
    assert_eq!(edited.body["status"], "scheduled");
    person
        .patch(&path, &tag, json!({ "caption": "Somebody else's" }))
        .await
        .refuses(412, "precondition_failed");
    person.until_status(&post, "published").await;
    assert_eq!(only_entry(&world, PAGE).await["text"], "First draft");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_cancelled_is_never_published() {
    let (world, person, channels) = stage().await;
    let picture = person.upload(jpeg([7, 7, 7])).await;
    let media = json!({ "media": [{ "media_id": picture }] });
    let cancelled = person.write("Never", &[&channels.instagram, &channels.facebook], media).await;
    let due = Utc::now() + TimeDelta::milliseconds(2_500);
    person.schedule(&cancelled, due).await.is(200);
    let witness = person.write("After it", &[&channels.facebook], json!({})).await;
    person.schedule(&witness, due + TimeDelta::milliseconds(700)).await.is(200);
    // It is being prepared by now: the pictures are at the platforms, nothing is public.
    let ask = async || world.sandbox.calls("media").await.len();
    until("preparing", ask, |calls| *calls > 0).await;
    let view = person.ask(&format!("/v1/posts/{cancelled}/cancel")).await.is(200);
    assert_eq!(view.body["status"], "cancelled");
    assert_eq!(view.text("/publications/0/cancelled_because"), "by_caller");
    person.until_status(&witness, "published").await;
    let seen: Vec<_> = world.sandbox.ledger().await.iter().map(|entry| entry["text"].clone()).collect();
    assert_eq!(seen, ["After it"]);
    assert_eq!(person.view(&cancelled).await.body["status"], "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edit_cancel_and_delete_are_refused_once_publishing_began() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "delay_ms", "ms": 1500 })).await;
    let post = person.write("Too late", &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    person.until_state(&post, "publishing").await;
    let path = format!("/v1/posts/{post}");
    let tag = person.view(&post).await.header("etag");
    person.patch(&path, &tag, json!({ "caption": "Changed" })).await.refuses(409, "publishing_began");
    person.ask(&format!("{path}/cancel")).await.refuses(409, "publishing_began");
    person.delete(&path).await.refuses(409, "publishing_began");
    person.schedule(&post, soon()).await.refuses(409, "publishing_began");
    person.until_status(&post, "published").await;
    person.ask(&format!("{path}/cancel")).await.refuses(409, "publishing_began");
    person.delete(&path).await.refuses(409, "publishing_began");
    assert_eq!(only_entry(&world, PAGE).await["text"], "Too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_taken_off_a_scheduled_post_gets_nothing() {
    let (world, person, channels) = stage().await;
    let picture = person.upload(jpeg([4, 4, 4])).await;
    let both = [channels.facebook.as_str(), channels.instagram.as_str()];
    let post = person.write("For one", &both, json!({ "media": [{ "media_id": picture }] })).await;
    let scheduled = person.schedule(&post, Utc::now() + TimeDelta::seconds(3)).await.is(200);
    let one = json!({ "targets": [{ "channel_id": channels.facebook }] });
    person.patch(&format!("/v1/posts/{post}"), &scheduled.header("etag"), one).await.is(200);
    person.until_status(&post, "published").await;
    assert_eq!(world.sandbox.ledger_of(ACCOUNT).await.len(), 0);
    only_entry(&world, PAGE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_channel_would_not_take_is_said_before_anything_is_scheduled() {
    let (world, person, channels) = stage().await;
    let tall = picture(400, 2000, [1, 1, 1], image::ImageFormat::Png);
    let picture = person.upload_as(&person.workspace, "tall.png", tall).await.is(201).text("/id");
    let body = json!({
        "workspace_id": person.workspace, "caption": "#x ".repeat(31), "media": [{ "media_id": picture }],
        "targets": [{ "channel_id": channels.instagram }],
    });
    let judged = person.post("/v1/posts/validate", body.clone()).await.is(200);
    assert_eq!(judged.body["valid"], false);
    let mut codes = judged.violations();
    codes.sort();
    let expected =
        [("/caption", "hashtags_too_many"), ("/media/0", "media_shape"), ("/media/0", "media_type")];
    assert_eq!(codes, expected.map(|(place, code)| (place.to_owned(), code.to_owned())));
    let post = person.draft(body).await.text("/id");
    let refused = person.schedule(&post, soon()).await.refuses(422, "validation_failed");
    let mut again = refused.violations();
    again.sort();
    assert_eq!(again, codes);
    assert_eq!(person.view(&post).await.body["status"], "draft");
    assert!(world.sandbox.ledger().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_with_its_key_writes_one_post() {
    let (_world, person, channels) = stage().await;
    let body = json!({ "workspace_id": person.workspace, "caption": "Once", "targets": [{ "channel_id": channels.facebook }] });
    let request =
        || person.request("POST", "/v1/posts").header("Idempotency-Key", "first-and-only").json(&body);
    let first = person.send(request()).await.is(201);
    let again = person.send(request()).await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.text("/id"), first.text("/id"));
    assert_eq!(person.get("/v1/posts").await.is(200).body["data"].as_array().unwrap().len(), 1);
}

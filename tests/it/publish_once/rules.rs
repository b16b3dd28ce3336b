//! The rules of publishing, each by its name.

use chrono::{TimeDelta, Utc};
use postern::Roles;
use serde_json::json;

use super::{arrivals, picture_now, published_once, stage, text_now};
use crate::support::{World, pictures::jpeg, sandbox::APP_ID, sandbox::PERSON, until::until};

const WORKERS: Roles = Roles { api: true, workers: true };

/// As if the worker's lease had run out: the next claim has a higher epoch.
async fn lose_the_claim(world: &World) {
    world.database.execute("UPDATE publications SET epoch = epoch + 1, next_step_at = now()", &[]).await;
    world.database.execute("NOTIFY postern_publications", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_1_a_worker_that_lost_its_claim_writes_nothing() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("photos", json!({ "kind": "delay_ms", "ms": 2_500 })).await;
    let media = json!({ "media": [{ "media_id": person.upload(jpeg([3, 2, 1])).await }] });
    let post = person.write("Claimed twice", &[&channels.facebook], media).await;
    person.publish_now(&post).await;
    person.until_state(&post, "preparing").await;
    let ask = async || arrivals(&world, "photos").await.len();
    until("staging", ask, |calls| *calls == 1).await;
    lose_the_claim(&world).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    assert_eq!(arrivals(&world, "photos").await.len(), 2, "the second claim staged a photo of its own");
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let handles =
        "SELECT count(*) FROM publications WHERE jsonb_array_length(handles -> 'parts') = 1 AND epoch >= 3";
    assert_eq!(
        world.database.number(handles).await,
        1,
        "the first claim wrote its photo beside the second's"
    );
    published_once(&world, &person.view(&post).await.body).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_1_the_late_word_of_a_worker_that_lost_its_claim_counts_for_nothing() {
    let (world, person, channels) = stage().await;
    // The first claim hears, late, that the container is refused; by then the second is publishing it.
    world.sandbox.fault("container_status", json!({ "kind": "delay_ms", "ms": 1_400 })).await;
    world.sandbox.fault("container_status", json!({ "kind": "refuse", "code": 100 })).await;
    world.sandbox.admin("PUT", "/latency", json!({ "ms": 1_700, "endpoint": "media_publish" })).await;
    let post = picture_now(&person, &channels, "Two words about one thing").await;
    let ask = async || arrivals(&world, "container_status").await.len();
    until("checking", ask, |calls| *calls == 1).await;
    lose_the_claim(&world).await;
    person.until_state(&post, "publishing").await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    assert!(!person.history(&view["publications"][0]).await.contains(&"prepare gave_up".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_2_pictures_are_at_the_platform_before_the_time_and_nothing_is_public() {
    let (world, person, channels) = stage().await;
    let media = json!({ "media": [{ "media_id": person.upload(jpeg([8, 8, 8])).await }] });
    let post = person.write("Prepared", &[&channels.facebook, &channels.instagram], media).await;
    let due = Utc::now() + TimeDelta::milliseconds(3_500);
    person.schedule(&post, due).await.is(200);
    person.until_status(&post, "published").await;
    let due = due.timestamp_millis();
    for (prepare, publish) in [("photos", "feed"), ("media", "media_publish")] {
        let (prepared, published) = (arrivals(&world, prepare).await, arrivals(&world, publish).await);
        assert!(prepared.iter().all(|at| *at < due - 500), "{prepare} at {prepared:?}, due at {due}");
        assert!(published.iter().all(|at| *at >= due), "{publish} at {published:?}, due at {due}");
    }
}

/// A permit as a worker leaves it that dies at once: the call may have been made.
const DEAD_WORKERS_PERMIT: &str =
    "UPDATE publications SET state = 'publishing', worker = 1, epoch = epoch + 1,
    permitted_at = now(), first_permitted_at = now(), next_step_at = now()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_3_a_worker_that_inherits_a_permit_looks_and_never_simply_sends() {
    let (mut world, person, channels) = stage().await;
    world.run(Roles { api: true, workers: false }).await;
    let post = text_now(&person, &channels, "Inherited").await;
    assert_eq!(world.database.execute(DEAD_WORKERS_PERMIT, &[]).await, 1);
    world.run(WORKERS).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    let (looks, calls) = (arrivals(&world, "published_posts").await, arrivals(&world, "feed").await);
    assert_eq!(calls.len(), 1);
    assert!(looks[0] < calls[0], "it sent before it looked");
    assert!(calls[0] - looks[0] >= 3_000, "it believed an absence after {} ms", calls[0] - looks[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_3_an_inherited_permit_whose_call_was_made_is_found_and_recorded() {
    let (mut world, person, channels) = stage().await;
    world.sandbox.faults("published_posts", 0, json!({ "kind": "drop" })).await;
    world.sandbox.fault("feed", json!({ "kind": "execute_then_drop" })).await;
    let post = text_now(&person, &channels, "Made by the dead").await;
    person.until_state(&post, "unconfirmed").await;
    world.stop().await;
    assert_eq!(world.database.execute(DEAD_WORKERS_PERMIT, &[]).await, 1);
    world.sandbox.clear_faults().await;
    world.run(WORKERS).await;
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(arrivals(&world, "feed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_6_nothing_that_fails_afterwards_makes_a_published_post_less_than_published() {
    let (world, person, channels) = stage().await;
    world.sandbox.faults("post", 0, json!({ "kind": "refuse", "code": 190, "subcode": 460 })).await;
    let post = text_now(&person, &channels, "Published for good").await;
    let ask = async || arrivals(&world, "post").await.len();
    until("asked for its permalink", ask, |calls| *calls > 0).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    assert_eq!(view["publications"][0].get("permalink"), None);
}

/// Thirty Pages of one organization with one post each at one instant: the results share transactions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_7_results_are_recorded_in_batches() {
    let (world, person, _) = stage().await;
    let order = json!({ "count": 30, "app_id": APP_ID, "person_id": PERSON });
    let bulk = world.sandbox.admin("POST", "/bulk", order).await;
    let pages: Vec<_> =
        bulk["pages"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap().to_owned()).collect();
    let channels = person.connect_pages(&pages).await;
    let channels: Vec<_> = channels.iter().map(String::as_str).collect();
    let post = person.write("Everywhere at once", &channels, json!({})).await;
    person.schedule(&post, Utc::now() + TimeDelta::seconds(4)).await.is(200);
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    let commits = "SELECT count(DISTINCT xmin::text) FROM attempts WHERE step = 'publish'";
    let commits = world.database.number(commits).await;
    assert!(commits < 25, "{commits} commits for 30 results");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rule_8_one_at_a_time_per_channel() {
    let (world, person, channels) = stage().await;
    world.sandbox.admin("PUT", "/latency", json!({ "ms": 500, "endpoint": "feed" })).await;
    let due = Utc::now() + TimeDelta::seconds(2);
    let mut posts = Vec::new();
    for number in 1..=4 {
        let post = person.write(&format!("Number {number}"), &[&channels.facebook], json!({})).await;
        person.schedule(&post, due + TimeDelta::milliseconds(number)).await.is(200);
        posts.push(post);
    }
    for post in &posts {
        person.until_status(post, "published").await;
    }
    let calls = arrivals(&world, "feed").await;
    assert_eq!(calls.len(), 4);
    assert!(calls.windows(2).all(|two| two[1] - two[0] >= 490), "two at once: {calls:?}");
    assert_eq!(world.sandbox.ledger().await.len(), 4);
}

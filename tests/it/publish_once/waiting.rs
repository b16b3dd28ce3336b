//! Waiting: limits, containers that take their time, and one at a time per channel.

use chrono::{DateTime, TimeDelta, Utc};
use postern::Roles;
use serde_json::{Value, json};

use super::{arrivals, picture_now, published_once, stage, text_now};
use crate::support::{Person, World, until::until};

/// Waits until a publication waits because of a limit, and says for how long it will.
async fn limited(person: &Person, post: &str) -> TimeDelta {
    let ask = async || person.view(post).await.body["publications"][0].clone();
    let waits = |one: &Value| one["trouble"]["code"] == "rate_limited" && one["state"] == "scheduled";
    let publication = until("limited", ask, waits).await;
    assert_eq!(publication["trouble"]["retrying"], true);
    let next: DateTime<Utc> = publication["next_step_at"].as_str().unwrap().parse().unwrap();
    next - Utc::now()
}

/// Lets the time of the limit pass: for the rows at once, and for the worker's memory by starting another.
async fn let_the_limit_pass(world: &mut World) {
    world.stop().await;
    world.sandbox.clear_faults().await;
    world
        .database
        .execute("UPDATE publications SET next_step_at = now() WHERE next_step_at > now()", &[])
        .await;
    world.run(Roles { api: true, workers: true }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_is_waited_out_and_then_published() {
    let (mut world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "refuse", "code": 32 })).await;
    let post = text_now(&person, &channels, "Too many calls").await;
    let pause = limited(&person, &post).await;
    assert!(pause > TimeDelta::seconds(50), "only {pause}");
    assert_eq!(person.view(&post).await.body["status"], "scheduled");
    let_the_limit_pass(&mut world).await;
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(arrivals(&world, "feed").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_posts_of_the_day_are_used_up_and_the_post_waits() {
    let (mut world, person, channels) = stage().await;
    world.sandbox.faults("any", 0, json!({ "kind": "quota", "used": 50, "total": 50 })).await;
    let post = picture_now(&person, &channels, "Number fifty-one").await;
    let pause = limited(&person, &post).await;
    assert!(pause > TimeDelta::minutes(30), "only {pause}");
    let_the_limit_pass(&mut world).await;
    published_once(&world, &person.until_status(&post, "published").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_at_its_limit_makes_the_next_post_wait_for_as_long_as_the_platform_says() {
    let (world, person, channels) = stage().await;
    let full = json!({ "kind": "usage_headers", "percent": 100, "regain_minutes": 7 });
    world.sandbox.fault("feed", full).await;
    let first = text_now(&person, &channels, "The last one that is allowed").await;
    person.until_state(&first, "published").await;
    let second = text_now(&person, &channels, "This one waits").await;
    let pause = limited(&person, &second).await;
    assert!(pause > TimeDelta::minutes(6), "only {pause}");
    assert_eq!(arrivals(&world, "feed").await.len(), 1, "calling on while limited lengthens the block");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_still_processed_is_waited_for() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("media", json!({ "kind": "container_in_progress", "polls": 3 })).await;
    let post = picture_now(&person, &channels, "Still cooking").await;
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert!(arrivals(&world, "container_status").await.len() >= 4);
    assert_eq!(arrivals(&world, "media_publish").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_expired_is_made_anew() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("media", json!({ "kind": "container_expired" })).await;
    let post = picture_now(&person, &channels, "Made twice, published once").await;
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(arrivals(&world, "media").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_published_in_time_is_missed() {
    let (mut world, person, channels) = stage().await;
    let post = person.write("Yesterday's news", &[&channels.facebook], json!({})).await;
    person.schedule(&post, Utc::now() + TimeDelta::hours(1)).await.is(200);
    world.stop().await;
    let late = "UPDATE publications SET due_at = now() - interval '2 hours', deadline_at = now() - interval '1 hour', next_step_at = now()";
    world.database.execute(late, &[]).await;
    world.run(Roles { api: true, workers: true }).await;
    person.until_status(&post, "missed").await;
    assert!(world.sandbox.ledger().await.is_empty());
}

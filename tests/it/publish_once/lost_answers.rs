//! The call was executed, and the answer does not say so.

use serde_json::{Value, json};

use super::{IRREVERSIBLE, arrivals, for_both, published_once, stage};

/// Publishes on both platforms, each of whose irreversible calls meets the fault; insists on one post each after one call each.
async fn ends_as_published(effect: Value) {
    let (world, person, channels) = stage().await;
    for endpoint in IRREVERSIBLE {
        world.sandbox.fault(endpoint, effect.clone()).await;
    }
    let post = for_both(&person, &channels, "Once and only once").await;
    person.publish_now(&post).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    for endpoint in IRREVERSIBLE {
        assert_eq!(arrivals(&world, endpoint).await.len(), 1, "{endpoint} was called again");
    }
    for publication in view["publications"].as_array().unwrap() {
        let history = person.history(publication).await;
        assert_eq!(history[history.len() - 2..], ["publish unclear", "look done"], "{history:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn execute_then_drop_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "execute_then_drop" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn execute_then_500_with_code_2_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "execute_then_error", "status": 500, "code": 2 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn execute_then_the_spam_guard_4_2207051_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "execute_then_error", "code": 4, "subcode": 2_207_051 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_after_the_timeout_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "delay_ms", "ms": 3_000 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn html_instead_of_an_answer_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "malformed", "body": "html502" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_an_answer_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "malformed", "body": "truncated_json" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_answer_ends_as_published_without_a_second_post() {
    ends_as_published(json!({ "kind": "malformed", "body": "empty" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_lags_behind_the_truth_does_not_make_a_second_post() {
    let (world, person, channels) = stage().await;
    for endpoint in IRREVERSIBLE {
        world.sandbox.fault(endpoint, json!({ "kind": "execute_then_drop" })).await;
        world.sandbox.fault(endpoint, json!({ "kind": "lag_ms", "ms": 2_500 })).await;
    }
    let post = for_both(&person, &channels, "Live, but not listed yet").await;
    person.publish_now(&post).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    for endpoint in IRREVERSIBLE {
        assert_eq!(arrivals(&world, endpoint).await.len(), 1, "{endpoint} was called again");
    }
    // It looked while the list did not show the post yet, and did not believe it.
    assert!(arrivals(&world, "published_posts").await.len() > 1);
}

/// Lets the first two looks of one platform get nonsense. Of one only: a dropped connection takes along what else is under way on it,
/// which may be the other one's look.
async fn ends_as_published_at_the_third_look(publish: &str, look: &str) {
    let (world, person, channels) = stage().await;
    world.sandbox.fault(publish, json!({ "kind": "execute_then_drop" })).await;
    world.sandbox.fault(look, json!({ "kind": "malformed", "body": "truncated_json" })).await;
    world.sandbox.fault(look, json!({ "kind": "drop" })).await;
    let post = for_both(&person, &channels, "Seen at the third look").await;
    person.publish_now(&post).await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    for endpoint in IRREVERSIBLE {
        assert_eq!(arrivals(&world, endpoint).await.len(), 1, "{endpoint} was called again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_for_a_page_that_get_nonsense_go_on_looking() {
    ends_as_published_at_the_third_look("feed", "published_posts").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_for_an_account_that_get_nonsense_go_on_looking() {
    ends_as_published_at_the_third_look("media_publish", "ig_media_list").await;
}

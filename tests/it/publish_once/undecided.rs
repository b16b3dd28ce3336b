//! Nobody can tell: not executed, or not to be found out.

use serde_json::{Value, json};

use super::{arrivals, picture_now, published_once, stage, text_now};
use crate::support::{Channels, Person, World};

/// A Page on which the call never arrives and the list is never shown, until a person must decide.
async fn until_a_person_must(
    world: &World,
    person: &Person,
    channels: &Channels,
    publish: Value,
) -> (String, Value) {
    world.sandbox.fault("feed", publish).await;
    world.sandbox.faults("published_posts", 0, json!({ "kind": "refuse", "code": 1, "status": 500 })).await;
    let post = text_now(person, channels, "Is it there?").await;
    let view = person.until_status(&post, "needs_attention").await;
    let publication = view["publications"][0].clone();
    assert_eq!((&publication["state"], &publication["needs_person"]), (&"unconfirmed".into(), &true.into()));
    assert_eq!(publication.get("next_step_at"), None, "nothing happens by itself any more");
    (post, publication)
}

fn resolve(publication: &Value) -> String {
    format!("/v1/publications/{}/resolve", publication["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_never_arrived_is_sent_again_only_after_the_lists_had_time_to_show_it() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "drop" })).await;
    let post = text_now(&person, &channels, "Second time lucky").await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    let calls = arrivals(&world, "feed").await;
    assert_eq!(calls.len(), 2);
    assert!(calls[1] - calls[0] >= 4_500, "sent again after {} ms", calls[1] - calls[0]);
    let looks = arrivals(&world, "published_posts").await;
    assert!(looks.iter().any(|at| (calls[0]..calls[1]).contains(at)), "sent again without a look");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_whose_call_hangs_is_sent_again_once_its_container_says_that_it_is_not_public() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("media_publish", json!({ "kind": "hang" })).await;
    let post = picture_now(&person, &channels, "No answer at all").await;
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    let calls = arrivals(&world, "media_publish").await;
    assert_eq!(calls.len(), 2);
    assert!(calls[1] - calls[0] >= 3_000, "sent again after {} ms", calls[1] - calls[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_undecided_goes_to_a_person_who_says_that_it_is_there() {
    let (world, person, channels) = stage().await;
    let executed = json!({ "kind": "execute_then_drop" });
    let (post, publication) = until_a_person_must(&world, &person, &channels, executed).await;
    let waiting = person.get("/v1/publications?needs_person=true").await.is(200);
    assert_eq!(waiting.body["data"][0]["id"], publication["id"]);
    let live = world.sandbox.ledger().await[0]["object_id"].clone();
    let nonsense = json!({ "outcome": "live", "platform_post_id": "what?" });
    person.post(&resolve(&publication), nonsense).await.refuses(422, "validation_failed");
    let found =
        json!({ "outcome": "live", "platform_post_id": live, "permalink": "https://example.org/p/1" });
    let resolved = person.post(&resolve(&publication), found).await.is(200);
    assert_eq!(resolved.body["state"], "published");
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(arrivals(&world, "feed").await.len(), 1);
    person
        .post(&resolve(&publication), json!({ "outcome": "publish_again" }))
        .await
        .refuses(409, "wrong_state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stays_undecided_goes_to_a_person_who_has_it_published_again() {
    let (world, person, channels) = stage().await;
    let (post, publication) =
        until_a_person_must(&world, &person, &channels, json!({ "kind": "drop" })).await;
    world.sandbox.clear_faults().await;
    person.post(&resolve(&publication), json!({ "outcome": "publish_again" })).await.is(200);
    let view = person.until_status(&post, "published").await;
    published_once(&world, &view).await;
    assert_eq!(arrivals(&world, "feed").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_while_postern_still_looks() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "drop" })).await;
    let post = text_now(&person, &channels, "Wait for it").await;
    let publication = person.until_state(&post, "unconfirmed").await;
    person
        .post(&resolve(&publication), json!({ "outcome": "publish_again" }))
        .await
        .refuses(409, "wrong_state");
    let retry = format!("/v1/publications/{}/retry", publication["id"].as_str().unwrap());
    person.ask(&retry).await.refuses(409, "wrong_state");
    published_once(&world, &person.until_status(&post, "published").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_nobody_knows_is_not_taken_for_a_refusal() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "execute_then_error", "code": 999, "status": 400 })).await;
    let post = text_now(&person, &channels, "Code 999").await;
    published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(arrivals(&world, "feed").await.len(), 1);
}

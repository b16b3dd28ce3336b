//! Definite refusals: nothing is public, and everybody is told why.

use serde_json::{Value, json};

use super::{picture_now, stage, text_now};
use crate::support::{Channels, Person, World, until::until};

/// Insists on `failed` for a reason, with who can put it right.
async fn fails(person: &Person, post: &str, reason: &str, actor: &str) -> Value {
    let publication = person.until_state(post, "failed").await;
    let trouble = &publication["trouble"];
    assert_eq!((&trouble["code"], &trouble["actor"]), (&reason.into(), &actor.into()), "{publication:#?}");
    assert_eq!(trouble["retrying"], false);
    assert_eq!(person.view(post).await.body["status"], "failed");
    publication
}

async fn count(world: &World, table: &str) -> i64 {
    world.database.number(&format!("SELECT count(*) FROM {table}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definite_refusal_ends_as_failed_with_its_reason() {
    let (world, person, channels) = stage().await;
    let refusals = [
        (json!({ "code": 100 }), "rejected", "caller"),
        (json!({ "code": 368, "subcode": 1_404_102 }), "policy_blocked", "member"),
        (json!({ "code": 100, "subcode": 1_609_005 }), "link_rejected", "caller"),
        (json!({ "code": 368, "subcode": 1_404_006 }), "account_restricted", "member"),
        (json!({ "code": 191 }), "app_misconfigured", "operator"),
    ];
    for (mut effect, reason, actor) in refusals {
        effect["kind"] = "refuse".into();
        world.sandbox.fault("feed", effect).await;
        let post = text_now(&person, &channels, &format!("Refused: {reason}")).await;
        let publication = fails(&person, &post, reason, actor).await;
        assert_eq!(person.history(&publication).await, ["publish gave_up"]);
    }
    assert_eq!(world.sandbox.calls("feed").await.len(), 5, "a definite refusal is not tried again");
    assert!(world.sandbox.ledger().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platforms_own_words_are_neither_kept_nor_shown() {
    let (world, person, channels) = stage().await;
    let effect = json!({ "kind": "refuse", "code": 100, "message": "CANARY words of the platform" });
    world.sandbox.fault("feed", effect).await;
    let post = text_now(&person, &channels, "Refused with words").await;
    let publication = person.until_state(&post, "failed").await;
    let path = format!("/v1/publications/{}/attempts", publication["id"].as_str().unwrap());
    let attempts = person.get(&path).await.is(200);
    assert_eq!(attempts.body["data"][0]["platform_code"], 100);
    assert!(!attempts.body.to_string().contains("CANARY") && !publication.to_string().contains("CANARY"));
    assert!(!world.database.dump(&[]).await.iter().any(|row| row.contains("CANARY")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_published_by_a_retry_once() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "refuse", "code": 100 })).await;
    let post = text_now(&person, &channels, "Try again").await;
    let publication = person.until_state(&post, "failed").await;
    let retry = format!("/v1/publications/{}/retry", publication["id"].as_str().unwrap());
    person.ask(&retry).await.is(200);
    super::published_once(&world, &person.until_status(&post, "published").await).await;
    person.ask(&retry).await.refuses(409, "wrong_state");
    assert_eq!(world.sandbox.ledger().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_revoked_in_mid_flight_fails_the_post_and_asks_for_a_new_login() {
    let (world, person, channels) = stage().await;
    assert_eq!((count(&world, "channel_tokens").await, count(&world, "connection_keys").await), (2, 3));
    world.sandbox.fault("feed", json!({ "kind": "revoke_token", "subcode": 460 })).await;
    let post = text_now(&person, &channels, "The password was changed").await;
    fails(&person, &post, "unauthorized", "member").await;
    let channel = format!("/v1/channels/{}", channels.facebook);
    let ask = async || person.get(&channel).await.is(200).body;
    until("in need of a login", ask, |channel| channel["state"] == "needs_reauth").await;
    let left = "SELECT count(*) FROM channel_tokens t JOIN channels c ON c.id = t.channel_id WHERE c.platform = 'facebook'";
    assert_eq!(world.database.number(left).await, 0);
    assert!(world.sandbox.ledger().await.is_empty());
    reconnects_and_publishes(&world, &person, &channels, &post).await;
}

/// The remedy that was shown works: the same channel publishes what failed after a new login.
async fn reconnects_and_publishes(world: &World, person: &Person, channels: &Channels, post: &str) {
    let path = format!("/v1/connections/{}/reconnect", channels.connection);
    let login = crate::support::person::Login::of(&person.post(&path, json!({})).await.is(200));
    person.finish(&login, &[("facebook", crate::support::sandbox::PAGE)]).await;
    let publication = person.view(post).await.body["publications"][0].clone();
    person.ask(&format!("/v1/publications/{}/retry", publication["id"].as_str().unwrap())).await.is(200);
    super::published_once(world, &person.until_status(post, "published").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_failed_fails_the_post_before_anything_is_public() {
    let (world, person, channels) = stage().await;
    world.sandbox.fault("media", json!({ "kind": "container_error", "subcode": 2_207_004 })).await;
    let post = picture_now(&person, &channels, "Not a picture that Instagram takes").await;
    fails(&person, &post, "media_rejected", "caller").await;
    assert!(world.sandbox.calls("media_publish").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_that_fails_before_anything_is_public_is_asked_again() {
    let (world, person, channels) = stage().await;
    world.sandbox.faults("media", 2, json!({ "kind": "refuse", "code": 1, "status": 500 })).await;
    let post = picture_now(&person, &channels, "Third time").await;
    super::published_once(&world, &person.until_status(&post, "published").await).await;
    assert_eq!(world.sandbox.calls("media").await.len(), 3);
    assert_eq!(world.sandbox.calls("media_publish").await.len(), 1);
}

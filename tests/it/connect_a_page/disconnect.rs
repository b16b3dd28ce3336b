//! Disconnecting: in every state, at once, and with everything that hangs on it.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{stage, state, tokens};
use crate::support::{Person, World, until::until};

async fn disconnect(world: &World, person: &Person, connection: &str) {
    person.delete(&format!("/v1/connections/{connection}")).await.is(204);
    assert_eq!(tokens(world).await, 0, "tokens outlived the disconnect");
    assert_eq!(state(person, connection).await, "disconnected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_works_in_every_state_and_leaves_no_token() {
    let (world, person) = stage().await;
    let begun = person.begin().await;
    disconnect(&world, &person, &begun.connection).await;
    person.come_back(&begun.answer("continue", &[]).await).await.refuses(400, "login_unknown");
    let asked = person.begin().await;
    person.agree(&asked, &[]).await;
    disconnect(&world, &person, &asked.connection).await;
    let back = person.begin().await;
    person.consent(&back, &[]).await;
    disconnect(&world, &person, &back.connection).await;
    let completed = person.begin().await;
    person.complete(&completed, &[]).await;
    disconnect(&world, &person, &completed.connection).await;
    let failed = person.begin().await;
    person.come_back(&failed.answer("cancel", &[]).await).await;
    disconnect(&world, &person, &failed.connection).await;
    let connected = person.connect().await;
    assert_eq!(tokens(&world).await, 6);
    disconnect(&world, &person, &connected.connection).await;
    disconnect(&world, &person, &connected.connection).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_works_while_the_platform_is_down_and_says_that_nobody_knows_there() {
    let (world, person) = stage().await;
    let channels = person.connect().await;
    world.sandbox.faults("any", 0, json!({ "kind": "refuse", "code": 100, "status": 400 })).await;
    disconnect(&world, &person, &channels.connection).await;
    let path = format!("/v1/connections/{}", channels.connection);
    let ask = async || person.get(&path).await.body["remote_revoke"].clone();
    until("told", ask, |outcome| outcome == "failed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnecting_takes_the_grant_back_on_the_platform_too() {
    let (world, person) = stage().await;
    let channels = person.connect().await;
    disconnect(&world, &person, &channels.connection).await;
    let path = format!("/v1/connections/{}", channels.connection);
    let ask = async || person.get(&path).await.body["remote_revoke"].clone();
    until("taken back", ask, |outcome| outcome == "ok").await;
    assert_eq!(world.sandbox.calls("revoke").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_scheduled_is_cancelled_and_never_sent_afterwards() {
    let (world, person) = stage().await;
    let channels = person.connect().await;
    let post = person.write("Not any more", &[&channels.facebook], json!({})).await;
    let due = Utc::now() + TimeDelta::seconds(2);
    person.schedule(&post, due).await.is(200);
    disconnect(&world, &person, &channels.connection).await;
    let acknowledged = Utc::now().timestamp_millis();
    let publication = person.view(&post).await.body["publications"][0].clone();
    assert_eq!(
        (&publication["state"], &publication["cancelled_because"]),
        (&"cancelled".into(), &"channel_disconnected".into())
    );
    let again = person.schedule(&post, Utc::now() + TimeDelta::hours(1)).await;
    let refused = again.refuses(422, "validation_failed");
    assert_eq!(refused.violations(), [("/targets/0/channel_id".into(), "channel_not_connected".into())]);
    let ask = async || Utc::now();
    until("past its time", ask, |now| *now > due + TimeDelta::seconds(1)).await;
    assert!(world.sandbox.ledger().await.is_empty());
    let calls =
        world.sandbox.admin("GET", "/requests", Value::Null).await["calls"].as_array().unwrap().clone();
    let late = |call: &&Value| call["at_ms"].as_i64().unwrap() > acknowledged && call["endpoint"] != "revoke";
    assert_eq!(calls.iter().filter(late).collect::<Vec<_>>(), Vec::<&Value>::new());
}

/// Disconnects the Page while the call that publishes is under way; returns the post.
async fn disconnect_in_mid_flight(world: &World, person: &Person, faults: &[Value]) -> String {
    let channels = person.connect().await;
    for fault in faults {
        world.sandbox.fault("feed", fault.clone()).await;
    }
    let post = person.write("On its way", &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    let ask = async || world.sandbox.calls("feed").await.len();
    until("sent", ask, |calls| *calls == 1).await;
    person.delete(&format!("/v1/channels/{}", channels.facebook)).await.is(204);
    let left = "SELECT count(*) FROM channel_tokens t JOIN channels c ON c.id = t.channel_id
        WHERE c.platform = 'facebook'";
    assert_eq!(world.database.number(left).await, 0);
    let publication = person.view(&post).await.body["publications"][0].clone();
    assert_eq!((&publication["state"], &publication["needs_person"]), (&"unconfirmed".into(), &true.into()));
    post
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_a_call_that_was_in_flight_at_the_disconnect_is_still_believed() {
    let (world, person) = stage().await;
    let slow = json!({ "kind": "delay_ms", "ms": 1_500 });
    let post = disconnect_in_mid_flight(&world, &person, &[slow]).await;
    let view = person.until_status(&post, "published").await;
    let ledger = world.sandbox.ledger().await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(view["publications"][0]["platform_post_id"], ledger[0]["object_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_in_flight_at_the_disconnect_and_got_no_answer_waits_for_a_persons_word() {
    let (world, person) = stage().await;
    let lost = [json!({ "kind": "delay_ms", "ms": 1_000 }), json!({ "kind": "execute_then_drop" })];
    let post = disconnect_in_mid_flight(&world, &person, &lost).await;
    let ask = async || world.sandbox.ledger().await;
    let ledger = until("visible", ask, |ledger| ledger.len() == 1).await;
    let view = person.view(&post).await.body;
    assert_eq!(view["status"], "needs_attention", "nobody can look without a token");
    let resolve = format!("/v1/publications/{}/resolve", view["publications"][0]["id"].as_str().unwrap());
    let found = json!({ "outcome": "live", "platform_post_id": ledger[0]["object_id"] });
    person.post(&resolve, found).await.is(200);
    assert_eq!(person.view(&post).await.body["status"], "published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_channel_takes_its_connection_with_it() {
    let (world, person) = stage().await;
    let channels = person.connect().await;
    person.delete(&format!("/v1/channels/{}", channels.facebook)).await.is(204);
    assert_eq!(state(&person, &channels.connection).await, "connected");
    assert_eq!(tokens(&world).await, 4);
    person.delete(&format!("/v1/channels/{}", channels.instagram)).await.is(204);
    assert_eq!(state(&person, &channels.connection).await, "disconnected");
    assert_eq!(tokens(&world).await, 0);
}

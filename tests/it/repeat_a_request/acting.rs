//! Operations that make nothing but act. They take no key: the state of what they act on decides what a second time does.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{lose_the_answer, posts, serve};
use crate::{
    fill_the_slots::{schedule_of, slots},
    support::{Person, World, process::Process},
};

/// What is tried below.
const TRIED: [&str; 9] = [
    "cancelPost",
    "pauseQueue",
    "publishPost",
    "queuePost",
    "reschedulePublication",
    "resolvePublication",
    "resumeQueue",
    "retryPublication",
    "schedulePost",
];

/// What is not, and why a second time does no harm.
const HARMLESS: [(&str, &str); 12] = [
    ("bulkCancelPosts", "each is taken back as cancelPost does"),
    ("bulkSchedulePosts", "each is scheduled as schedulePost does"),
    ("cancelImport", "an import that is over stays as it is"),
    ("cancelSeries", "a cancelled series stays so, and a second time is refused"),
    ("completeConnection", "the code works once; getConnection shows what the lost answer did"),
    ("reconnect", "the later login replaces the earlier one, whose address nobody has"),
    ("refreshSession", "a token that is used twice ends its session, on purpose"),
    ("register", "the address is known by then, and nothing changes"),
    ("resumeSeries", "a series that is not paused any more is refused"),
    ("shuffleQueue", "nobody chose the first order either, and the posts share the same slots"),
    ("signIn", "each makes a session of its own, and one that nobody has ends by itself"),
    ("validatePost", "keeps nothing"),
];

#[test]
fn every_operation_without_a_key_is_tried_or_known_to_do_no_harm() {
    let mut known: Vec<_> = HARMLESS.iter().map(|(operation, _)| *operation).chain(TRIED).collect();
    known.sort_unstable();
    assert_eq!(posts(false), known);
}

/// A server, workers, a person, and a draft for a Page.
async fn stage() -> (World, [Process; 2], Person, String) {
    let world = World::prepare(&[]).await;
    let server = serve(&world).await;
    let work = Process::start(&["work"], world.environment());
    let person = world.sign_up("Repeated").await;
    let channels = person.connect().await;
    let post = person.write("Once", &[&channels.facebook], json!({})).await;
    (world, [server, work], person, post)
}

async fn published_once(world: &World, person: &Person, post: &str) {
    let view = person.until_status(post, "published").await;
    let ledger = world.sandbox.ledger().await;
    assert_eq!(ledger.len(), 1, "{ledger:#?}");
    assert_eq!(ledger[0]["object_id"], view["publications"][0]["platform_post_id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_to_be_published_now_is_not_published_again() {
    let (world, [server, _work], person, post) = stage().await;
    let publish = format!("/v1/posts/{post}/publish");
    let _server = lose_the_answer(&world, server, "publishPost", person.request("POST", &publish)).await;
    published_once(&world, &person, &post).await;
    person.ask(&publish).await.refuses(409, "publishing_began");
    published_once(&world, &person, &post).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_set_twice_and_taken_back_twice_is_set_and_taken_back() {
    let (world, [server, _work], person, post) = stage().await;
    let at = json!({ "at": Utc::now() + TimeDelta::hours(1) });
    let schedule = format!("/v1/posts/{post}/schedule");
    let request = person.request("POST", &schedule).json(&at);
    let server = lose_the_answer(&world, server, "schedulePost", request).await;
    let first = person.view(&post).await.body["publications"].clone();
    let again = person.post(&schedule, at).await.is(200).body["publications"].clone();
    let plan = |all: &Value| {
        assert_eq!(all.as_array().unwrap().len(), 1);
        ["id", "state", "due_at", "content_hash"].map(|member| all[0][member].clone())
    };
    assert_eq!(plan(&first), plan(&again));
    let cancel = format!("/v1/posts/{post}/cancel");
    let _server = lose_the_answer(&world, server, "cancelPost", person.request("POST", &cancel)).await;
    assert_eq!(person.until_state(&post, "cancelled").await["cancelled_because"], "by_caller");
    person.ask(&cancel).await.refuses(409, "wrong_state");
    assert!(world.sandbox.calls("feed").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_to_be_queued_waits_once_and_a_queue_is_paused_and_resumed_once() {
    let (world, [mut server, _work], person, post) = stage().await;
    person.put(&schedule_of(&person), "\"0\"", slots("leave")).await.is(200);
    let planned = async || person.view(&post).await.body["publications"].clone();
    let channel = person.view(&post).await.text("/targets/0/channel_id");
    let queue = format!("/v1/posts/{post}/queue");
    let request = person.request("POST", &queue).json(&json!({}));
    server = lose_the_answer(&world, server, "queuePost", request).await;
    let first = planned().await;
    person.post(&queue, json!({})).await.refuses(409, "already_queued");
    assert_eq!(planned().await, first);
    let waiting = format!("/v1/channels/{channel}/queue");
    for (operation, word, state) in [("pauseQueue", "pause", "paused"), ("resumeQueue", "resume", "running")]
    {
        let path = format!("{waiting}/{word}");
        server = lose_the_answer(&world, server, operation, person.request("POST", &path)).await;
        let once = person.get(&waiting).await.is(200).body;
        assert_eq!(once["state"], state);
        person.ask(&path).await.is(204);
        assert_eq!(person.get(&waiting).await.is(200).body, once);
    }
    assert_eq!(planned().await[0]["next_step_at"], first[0]["next_step_at"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_to_be_tried_again_is_tried_again_once() {
    let (world, [server, _work], person, post) = stage().await;
    world.sandbox.fault("feed", json!({ "kind": "refuse", "code": 100 })).await;
    person.publish_now(&post).await;
    let failed = person.until_state(&post, "failed").await;
    let retry = format!("/v1/publications/{}/retry", failed["id"].as_str().unwrap());
    let _server = lose_the_answer(&world, server, "retryPublication", person.request("POST", &retry)).await;
    published_once(&world, &person, &post).await;
    person.ask(&retry).await.refuses(409, "wrong_state");
    published_once(&world, &person, &post).await;
    assert_eq!(world.sandbox.calls("feed").await.len(), 2);
}

/// Lets a person decide, loses the answer, and lets them decide again.
async fn decide_twice(publish: Value, decision: impl AsyncFn(&World) -> Value) -> World {
    let (world, [server, _work], person, post) = stage().await;
    world.sandbox.fault("feed", publish).await;
    world.sandbox.faults("published_posts", 0, json!({ "kind": "refuse", "code": 1, "status": 500 })).await;
    person.publish_now(&post).await;
    let doubtful = person.until_status(&post, "needs_attention").await["publications"][0]["id"].clone();
    world.sandbox.clear_faults().await;
    let resolve = format!("/v1/publications/{}/resolve", doubtful.as_str().unwrap());
    let answer = decision(&world).await;
    let request = person.request("POST", &resolve).json(&answer);
    let _server = lose_the_answer(&world, server, "resolvePublication", request).await;
    published_once(&world, &person, &post).await;
    person.post(&resolve, answer).await.refuses(409, "wrong_state");
    published_once(&world, &person, &post).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_word_that_it_is_not_there_sends_once_more_and_not_twice() {
    let absent = async |_: &World| json!({ "outcome": "publish_again" });
    let world = decide_twice(json!({ "kind": "drop" }), absent).await;
    assert_eq!(world.sandbox.calls("feed").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_word_that_it_is_there_sends_nothing() {
    let present = async |world: &World| {
        let live = world.sandbox.ledger().await[0]["object_id"].clone();
        json!({ "outcome": "live", "platform_post_id": live })
    };
    let world = decide_twice(json!({ "kind": "execute_then_drop" }), present).await;
    assert_eq!(world.sandbox.calls("feed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_to_be_tried_again_at_another_time_is_planned_once() {
    let (world, [server, _work], person, post) = stage().await;
    person.schedule(&post, Utc::now() + TimeDelta::hours(1)).await.is(200);
    let cancelled = person.ask(&format!("/v1/posts/{post}/cancel")).await.is(200);
    let again = format!("/v1/publications/{}/reschedule", cancelled.text("/publications/0/id"));
    let at = json!({ "at": Utc::now() + TimeDelta::seconds(2) });
    let request = person.request("POST", &again).json(&at);
    let _server = lose_the_answer(&world, server, "reschedulePublication", request).await;
    person.post(&again, at).await.refuses(409, "wrong_state");
    published_once(&world, &person, &post).await;
}

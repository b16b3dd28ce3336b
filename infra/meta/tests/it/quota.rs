//! The posts of the day, against the sandbox and against answers that say less.

use std::time::Duration;

use publishing::{
    platform::Platform,
    publisher::{Published, Publisher, Readiness, Work},
    refusal::{Reason, Refusal, Remedy},
};
use serde_json::json;

use crate::{
    rig::Rig,
    script::{Reply, Script, error, ok},
    stage::{handles, meta, work},
};

const HOUR: Duration = Duration::from_hours(1);
/// How late the end of a pause may be found.
const NEAR: Duration = Duration::from_mins(2);

fn wait(refusal: Refusal) -> Duration {
    match refusal {
        Refusal { reason: Reason::RateLimited, remedy: Remedy::Wait(wait), .. } => wait,
        other => panic!("{other:?}"),
    }
}

/// Publishes one picture as if it were hours ago.
async fn published_before(rig: &Rig, hours: i64) {
    rig.hours_ago(hours).await;
    let mut work = rig.work("image");
    rig.make_ready(&mut work).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Live(_)));
    rig.hours_ago(0).await;
}

async fn built(rig: &Rig) -> Work {
    let mut work = rig.work("image");
    work.handles = rig.meta.prepare(&work, &crate::stage::Pages::default()).await.unwrap();
    work
}

#[tokio::test]
async fn a_used_up_quota_is_noticed_before_publishing_and_waited_for_until_a_place_is_free() {
    let mut rig = Rig::new().await;
    for hours in [20, 5, 1] {
        published_before(&rig, hours).await;
    }
    rig.switches(json!({ "ig_quota_total": 2 })).await;
    rig.restart();
    let work = built(&rig).await;
    let before = rig.calls("content_publishing_limit").await;
    let left = wait(rig.meta.check(&work).await.unwrap_err());
    // Three of two are used: the second oldest has to leave the window, 24 hours after it was published.
    let exact = 19 * HOUR;
    assert!(left + Duration::from_mins(1) > exact && left <= exact + NEAR, "{left:?}");
    let asked = rig.calls("content_publishing_limit").await - before;
    assert!(asked <= 11, "{asked} calls");
    let again = wait(rig.meta.check(&built(&rig).await).await.unwrap_err());
    assert!(again <= left, "{again:?}");
    assert_eq!(rig.calls("content_publishing_limit").await - before, asked, "it is remembered");
}

#[tokio::test]
async fn an_account_with_room_is_asked_about_once_a_minute() {
    let rig = Rig::new().await;
    for _ in 0..3 {
        let work = built(&rig).await;
        assert_eq!(rig.meta.check(&work).await, Ok(Readiness::Ready));
        assert!(matches!(rig.meta.publish(&work).await, Published::Live(_)));
    }
    assert_eq!(rig.calls("content_publishing_limit").await, 1);
}

#[tokio::test]
async fn a_refusal_to_publish_is_followed_by_the_pause_that_the_quota_asks_for() {
    let rig = Rig::new().await;
    published_before(&rig, 2).await;
    let (first, second) = (built(&rig).await, built(&rig).await);
    rig.switches(json!({ "ig_quota_total": 1 })).await;
    let published = rig.meta.publish(&first).await;
    let Published::Refused(refusal) = published else { panic!("{published:?}") };
    assert_eq!((refusal.code.code, refusal.code.subcode), (Some(9), Some(2_207_042)));
    let left = wait(refusal);
    let exact = 22 * HOUR;
    assert!(left + Duration::from_mins(1) > exact && left <= exact + NEAR, "{left:?}");
    let calls = rig.calls("media_publish").await;
    let Published::Refused(refusal) = rig.meta.publish(&second).await else { panic!("there was room") };
    assert!(wait(refusal) <= left);
    assert_eq!(rig.calls("media_publish").await, calls, "no call is spent on what is known");
    assert_eq!(rig.ledger().await.len(), 1);
}

async fn checked(replies: impl IntoIterator<Item = Reply>) -> (Result<Readiness, Refusal>, Script) {
    let finished = ok(r#"{"status_code":"FINISHED"}"#);
    let script = Script::new(std::iter::once(finished).chain(replies)).await;
    let mut work = work(Platform::Instagram, 1);
    work.handles = handles(&[], Some("900"));
    (meta(script.address).check(&work).await, script)
}

#[tokio::test]
async fn a_quota_that_cannot_be_read_stops_nothing() {
    for reply in [
        error(403, 10, None),
        error(500, 2, None),
        ok("<html>"),
        ok(r#"{"data":[]}"#),
        ok(r#"{"data":[{"quota_usage":50}]}"#),
        ok(r#"{"data":[{"quota_usage":50,"config":null}]}"#),
        ok(r#"{"data":[{"quota_usage":50,"config":{"quota_total":0}}]}"#),
        ok(r#"{"data":[{"config":{"quota_total":50}}]}"#),
    ] {
        let (outcome, script) = checked([reply]).await;
        assert_eq!(outcome, Ok(Readiness::Ready));
        assert_eq!(script.requests()[1].path, "/v25.0/104/content_publishing_limit");
        assert_eq!(script.requests()[1].query["fields"], "quota_usage,config");
    }
}

const FULL: &str = r#"{"data":[{"quota_usage":"25","config":{"quota_total":25,"quota_duration":86400}}]}"#;

#[tokio::test]
async fn where_nobody_says_when_there_is_room_the_pause_is_an_hour() {
    for replies in [vec![ok(FULL); 12], vec![ok(FULL), error(500, 2, None)]] {
        let (outcome, _) = checked(replies).await;
        assert_eq!(wait(outcome.unwrap_err()), HOUR);
    }
}

#[tokio::test]
async fn the_search_for_a_free_place_begins_in_the_middle_of_the_day() {
    let room = r#"{"data":[{"quota_usage":24}]}"#;
    let (outcome, script) = checked(vec![ok(FULL), ok(room), error(500, 2, None)]).await;
    assert_eq!(wait(outcome.unwrap_err()), 12 * HOUR, "what was found so far counts");
    let noon = crate::stage::now() - chrono::TimeDelta::hours(12);
    assert_eq!(script.requests()[2].query["since"], noon.timestamp().to_string());
}

#[tokio::test]
async fn a_refusal_to_publish_without_a_readable_quota_pauses_for_an_hour() {
    let script = Script::new([error(400, 9, Some(2_207_042)), error(500, 2, None)]).await;
    let mut work = work(Platform::Instagram, 1);
    work.handles = handles(&[], Some("900"));
    let meta = meta(script.address);
    let Published::Refused(refusal) = meta.publish(&work).await else { panic!("not refused") };
    assert_eq!(wait(refusal), HOUR);
    let Published::Refused(refusal) = meta.publish(&work).await else { panic!("not paused") };
    assert!(wait(refusal) <= HOUR);
    assert_eq!(script.paths(), ["POST /v25.0/104/media_publish", "GET /v25.0/104/content_publishing_limit"]);
}

#[tokio::test]
async fn a_silent_quota_does_not_hold_up_a_refusal_to_publish() {
    let script = Script::new([error(400, 9, Some(2_207_042)), Reply::Silence]).await;
    let mut work = work(Platform::Instagram, 1);
    work.handles = handles(&[], Some("900"));
    let begun = std::time::Instant::now();
    let Published::Refused(refusal) = meta(script.address).publish(&work).await else {
        panic!("not refused")
    };
    assert_eq!(wait(refusal), HOUR);
    // The patience with a reading call is 20 seconds here.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

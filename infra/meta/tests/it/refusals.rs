//! Each class of error, as it arrives on the irreversible call.

use std::time::Duration;

use publishing::{
    platform::Platform,
    publisher::{Finding, Published, Publisher},
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};

use crate::{
    script::{Script, error, ok},
    stage::{handles, meta, work},
};

async fn published(status: u16, code: i64, subcode: Option<i64>) -> Published {
    let script = Script::new([error(status, code, subcode)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    script.only();
    published
}

#[tokio::test]
async fn definite_refusals_are_believed() {
    let minute = Remedy::Wait(Duration::from_mins(1));
    for (status, code, subcode, reason, remedy) in [
        (400, 190, Some(460), Reason::Unauthorized, Remedy::Reconnect),
        (403, 10, None, Reason::PermissionMissing, Remedy::Reconnect),
        (403, 200, None, Reason::PermissionMissing, Remedy::Reconnect),
        (400, 100, None, Reason::Rejected, Remedy::GiveUp),
        (400, 100, Some(1_609_005), Reason::LinkRejected, Remedy::GiveUp),
        (403, 4, None, Reason::RateLimited, minute),
        (400, 32, None, Reason::RateLimited, minute),
        (400, 613, Some(1996), Reason::RateLimited, minute),
        (400, 324, None, Reason::MediaRejected, Remedy::GiveUp),
    ] {
        let Published::Refused(refusal) = published(status, code, subcode).await else { panic!("{code}") };
        assert_eq!((refusal.reason, whole(refusal.remedy)), (reason, remedy), "{code}");
        assert_eq!(refusal.code, PlatformCode { status: Some(status), code: Some(code), subcode });
    }
}

/// Waits are measured from the answer; a few milliseconds of them have passed.
fn whole(remedy: Remedy) -> Remedy {
    match remedy {
        Remedy::Wait(wait) => {
            Remedy::Wait(Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
        }
        other => other,
    }
}

#[tokio::test]
async fn ambiguous_errors_and_unknown_codes_are_unclear() {
    for (status, code, subcode) in [
        (500, 1, None),
        (500, 2, None),
        (400, 2, None),
        (400, -1, Some(2_207_001)),
        (403, 4, Some(2_207_051)),
        (400, 20, Some(1_772_107)),
        (400, 31_337, None),
        (400, 9, Some(1)),
    ] {
        let expected = PlatformCode { status: Some(status), code: Some(code), subcode };
        assert_eq!(published(status, code, subcode).await, Published::Unclear(expected), "{code}");
    }
}

const OURS: &str = r#"{"data":[{"id":"104_9","message":"Fresh & warm: 50 % off, ünïcode",
    "created_time":"2026-11-22T10:00:01+0000","application":{"id":"4242"}}]}"#;

#[tokio::test]
async fn a_duplicate_beside_a_post_like_ours_is_doubtful_since_it_may_be_another_publications() {
    let script = Script::new([error(400, 506, Some(1_455_006)), ok(OURS)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(matches!(published, Published::Doubtful(r) if r.reason == Reason::Duplicate), "{published:?}");
    assert_eq!(script.paths(), ["POST /v25.0/104/feed", "GET /v25.0/104/published_posts"]);
}

#[tokio::test]
async fn a_missing_object_is_a_staged_photo_where_there_are_staged_photos() {
    let mut work = work(Platform::Facebook, 1);
    work.handles = handles(&["1"], None);
    let missing = PlatformCode { status: Some(400), code: Some(100), subcode: Some(33) };
    let script = Script::new([error(400, 100, Some(33))]).await;
    let published = meta(script.address).publish(&work).await;
    let lost = Refusal { code: missing, ..Refusal::of(Reason::PreparationLost, Remedy::PrepareAgain) };
    assert_eq!(published, Published::Refused(lost));
    script.only();
    let out_of_reach = Refusal { code: missing, ..Refusal::of(Reason::PermissionMissing, Remedy::Retry) };
    assert_eq!(self::published(400, 100, Some(33)).await, Published::Refused(out_of_reach), "without photos");
    let script = Script::new([error(500, 100, Some(33))]).await;
    let published = meta(script.address).publish(&work).await;
    assert!(matches!(published, Published::Unclear(_)), "a server error refuses nothing: {published:?}");
}

#[tokio::test]
async fn a_duplicate_of_somebody_elses_post_is_refused() {
    let script = Script::new([error(400, 506, None), ok(r#"{"data":[]}"#)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(matches!(published, Published::Refused(Refusal { reason: Reason::Duplicate, .. })));
}

#[tokio::test]
async fn a_duplicate_that_cannot_be_looked_after_is_unclear() {
    let script = Script::new([error(400, 506, None), error(500, 2, None)]).await;
    let published = meta(script.address).publish(&work(Platform::Facebook, 0)).await;
    assert!(matches!(published, Published::Unclear(PlatformCode { code: Some(506), .. })));
}

#[tokio::test]
async fn a_missing_container_is_looked_at_before_it_is_made_again() {
    let mut work = work(Platform::Instagram, 1);
    work.handles = handles(&[], Some("900"));
    for (status, again) in [
        (ok(r#"{"status_code":"EXPIRED"}"#), true),
        (error(400, 100, Some(33)), true),
        (error(500, 2, None), false),
    ] {
        let script = Script::new([error(400, 24, Some(2_207_008)), status]).await;
        let published = meta(script.address).publish(&work).await;
        let refused = matches!(published, Published::Refused(r) if r.remedy == Remedy::PrepareAgain);
        assert_eq!(refused, again, "{published:?}");
        assert_eq!(script.paths()[1], "GET /v25.0/900");
    }
}

#[tokio::test]
async fn a_look_ends_where_the_right_to_look_ends_and_waits_where_it_is_limited() {
    let script = Script::new([error(400, 190, Some(460))]).await;
    let finding = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
    assert!(matches!(finding, Finding::Refused(r) if r.remedy == Remedy::Reconnect));
    let script = Script::new([error(400, 32, None)]).await;
    let finding = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
    let Finding::Refused(refusal) = finding else { panic!("{finding:?}") };
    assert_eq!((refusal.reason, refusal.code.code), (Reason::RateLimited, Some(32)));
    assert_eq!(whole(refusal.remedy), Remedy::Wait(Duration::from_mins(1)));
    let script = Script::new([error(500, 2, None)]).await;
    let finding = meta(script.address).find_published(&work(Platform::Facebook, 0)).await;
    assert!(matches!(finding, Finding::CannotTell(PlatformCode { code: Some(2), .. })), "{finding:?}");
}

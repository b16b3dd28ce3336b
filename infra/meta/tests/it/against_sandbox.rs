//! The whole way against the sandbox, whose ledger says what really became public.

use std::time::Duration;

use meta::Settings;
use publishing::{
    platform::Platform,
    publisher::{Finding, Live, Published, Publisher, Readiness, Work},
    refusal::{PlatformCode, Reason, Remedy},
};
use serde_json::{Value, json};
use url::Url;

use crate::{
    rig::{Rig, SURFACES},
    stage::Pages,
};

const fn irreversible(work: &Work) -> &'static str {
    match work.platform {
        Platform::Facebook => "feed",
        Platform::Instagram => "media_publish",
    }
}

fn live(published: Published) -> Live {
    match published {
        Published::Live(live) => live,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_surface_is_published_once_as_approved_and_found_again() {
    for surface in SURFACES {
        let rig = Rig::new().await;
        let mut work = rig.work(surface);
        rig.make_ready(&mut work).await;
        assert!(rig.ledger().await.is_empty(), "{surface}: preparation is not public");
        let published = live(rig.meta.publish(&work).await);
        rig.shows(&work, &published).await;
        let Finding::Live(found) = rig.meta.find_published(&work).await else { panic!("{surface}") };
        assert_eq!(found.id, published.id, "{surface}");
        let permalink = rig.meta.permalink(&work, &published.id).await.unwrap();
        assert!(permalink.is_some(), "{surface}");
        assert_eq!(found.permalink, permalink, "{surface}");
    }
}

#[tokio::test]
async fn a_post_that_is_live_behind_a_bad_answer_is_unclear_and_then_found() {
    let effects = [
        json!({"kind": "execute_then_drop"}),
        json!({"kind": "execute_then_error", "status": 500, "code": 2}),
        json!({"kind": "execute_then_error", "status": 500, "code": 1}),
        json!({"kind": "execute_then_error", "status": 403, "code": 4, "subcode": 2_207_051}),
        json!({"kind": "execute_then_error", "status": 400, "code": 20, "subcode": 1_772_107}),
        json!({"kind": "malformed", "body": "html502"}),
        json!({"kind": "malformed", "body": "truncated_json"}),
        json!({"kind": "malformed", "body": "empty"}),
    ];
    for surface in SURFACES {
        let rig = Rig::new().await;
        for effect in &effects {
            rig.reset().await;
            let mut work = rig.work(surface);
            rig.make_ready(&mut work).await;
            rig.fault(irreversible(&work), effect.clone()).await;
            let published = rig.meta.publish(&work).await;
            assert!(matches!(published, Published::Unclear(_)), "{surface} {effect}: {published:?}");
            let Finding::Live(found) = rig.meta.find_published(&work).await else {
                panic!("{surface} {effect}")
            };
            rig.shows(&work, &found).await;
        }
    }
}

/// With a server that never answers; long enough for one that does.
const PATIENCE: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn a_post_that_never_arrived_is_unclear_and_then_not_found() {
    for surface in SURFACES {
        let rig = Rig::with(|settings| Settings { publish_timeout: PATIENCE, ..settings }).await;
        for effect in [json!({"kind": "drop"}), json!({"kind": "hang"})] {
            rig.reset().await;
            let mut work = rig.work(surface);
            rig.make_ready(&mut work).await;
            rig.fault(irreversible(&work), effect).await;
            assert_eq!(
                rig.meta.publish(&work).await,
                Published::Unclear(PlatformCode::default()),
                "{surface}"
            );
            let definite = work.platform == Platform::Instagram;
            assert_eq!(rig.meta.find_published(&work).await, Finding::NotLive { definite }, "{surface}");
            assert!(rig.ledger().await.is_empty());
            let published = live(rig.meta.publish(&work).await);
            rig.shows(&work, &published).await;
        }
    }
}

#[tokio::test]
async fn a_list_that_lags_proves_no_absence() {
    let rig = Rig::new().await;
    let mut work = rig.work("text");
    rig.make_ready(&mut work).await;
    rig.fault("feed", json!({"kind": "lag_ms", "ms": 60_000})).await;
    rig.fault("feed", json!({"kind": "execute_then_drop"})).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Unclear(_)));
    assert_eq!(rig.meta.find_published(&work).await, Finding::NotLive { definite: false });
    rig.only_entry().await;
}

#[tokio::test]
async fn a_container_knows_that_it_is_live_before_the_list_does() {
    let rig = Rig::new().await;
    let mut work = rig.work("image");
    rig.make_ready(&mut work).await;
    rig.fault("media_publish", json!({"kind": "lag_ms", "ms": 60_000})).await;
    rig.fault("media_publish", json!({"kind": "execute_then_drop"})).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Unclear(_)));
    assert_eq!(rig.meta.find_published(&work).await, Finding::LiveWithoutId);
}

#[tokio::test]
async fn a_duplicate_refusal_after_a_lost_answer_is_our_own_post() {
    let rig = Rig::new().await;
    let mut work = rig.work("text");
    rig.make_ready(&mut work).await;
    rig.fault("feed", json!({"kind": "execute_then_drop"})).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Unclear(_)));
    let again = rig.meta.publish(&work).await;
    assert!(matches!(again, Published::Doubtful(r) if r.reason == Reason::Duplicate), "{again:?}");
    let Finding::Live(found) = rig.meta.find_published(&work).await else { panic!("not found") };
    rig.shows(&work, &found).await;
    work.taken = vec![found.id];
    let other = rig.meta.publish(&work).await;
    assert!(matches!(other, Published::Refused(r) if r.reason == Reason::Duplicate), "{other:?}");
}

/// What the sandbox does, and the refusal it must become.
type Case = (Value, Reason, fn(Remedy) -> bool);

#[tokio::test]
async fn refusals_leave_nothing_behind_and_say_what_to_do() {
    let cases: [Case; 4] = [
        (json!({"kind": "revoke_token"}), Reason::Unauthorized, |r| r == Remedy::Reconnect),
        (json!({"kind": "refuse", "status": 403, "code": 200}), Reason::PermissionMissing, |r| {
            r == Remedy::Reconnect
        }),
        (
            json!({"kind": "refuse", "status": 400, "code": 190, "subcode": 459}),
            Reason::AccountRestricted,
            |r| r == Remedy::Reconnect,
        ),
        // Last: it pauses the whole app.
        (json!({"kind": "refuse", "status": 403, "code": 4, "transient": true}), Reason::RateLimited, |r| {
            matches!(r, Remedy::Wait(_))
        }),
    ];
    for surface in SURFACES {
        let rig = Rig::new().await;
        for (effect, reason, remedy) in &cases {
            rig.reset().await;
            let mut work = rig.work(surface);
            rig.make_ready(&mut work).await;
            rig.fault(irreversible(&work), effect.clone()).await;
            let Published::Refused(refusal) = rig.meta.publish(&work).await else {
                panic!("{surface} {effect}")
            };
            assert_eq!(refusal.reason, *reason, "{surface} {effect}");
            assert!(remedy(refusal.remedy), "{surface} {effect}: {refusal:?}");
            assert!(rig.ledger().await.is_empty());
        }
    }
}

#[tokio::test]
async fn usage_headers_stop_the_next_call_and_not_this_one() {
    let rig = Rig::new().await;
    let mut work = rig.work("text");
    rig.make_ready(&mut work).await;
    rig.fault("feed", json!({"kind": "usage_headers", "percent": 100, "regain_minutes": 7})).await;
    live(rig.meta.publish(&work).await);
    let Published::Refused(refusal) = rig.meta.publish(&work).await else { panic!("paused") };
    assert!(matches!(refusal.remedy, Remedy::Wait(wait) if wait.as_secs() > 6 * 60), "{refusal:?}");
    rig.only_entry().await;
}

#[tokio::test]
async fn a_container_that_takes_its_time_is_polled() {
    let rig = Rig::new().await;
    let mut work = rig.work("image");
    rig.fault("media", json!({"kind": "container_in_progress", "polls": 2})).await;
    work.handles = rig.meta.prepare(&work, &Pages::default()).await.unwrap();
    assert_eq!(rig.meta.check(&work).await, Ok(Readiness::Processing));
    let early = rig.meta.publish(&work).await;
    assert!(matches!(early, Published::Refused(r) if r.remedy == Remedy::Retry), "{early:?}");
    assert_eq!(rig.meta.check(&work).await, Ok(Readiness::Processing));
    assert_eq!(rig.meta.check(&work).await, Ok(Readiness::Ready));
    live(rig.meta.publish(&work).await);
}

#[tokio::test]
async fn a_container_that_failed_or_expired_is_prepared_again() {
    for effect in
        [json!({"kind": "container_expired"}), json!({"kind": "container_error", "subcode": 2_207_053})]
    {
        let rig = Rig::new().await;
        let mut work = rig.work("carousel");
        rig.make_ready(&mut work).await;
        rig.fault("container_status", effect.clone()).await;
        assert_eq!(rig.meta.check(&work).await.unwrap_err().remedy, Remedy::PrepareAgain, "{effect}");
        let published = rig.meta.publish(&work).await;
        assert!(!matches!(published, Published::Live(_)), "{effect}");
        let old = work.handles.clone();
        rig.make_ready(&mut work).await;
        assert_ne!(old.container, work.handles.container);
        let published = live(rig.meta.publish(&work).await);
        rig.shows(&work, &published).await;
    }
}

#[tokio::test]
async fn a_picture_that_cannot_be_fetched_is_refused_while_preparing() {
    for surface in ["photo", "photos", "image", "carousel"] {
        let rig = Rig::new().await;
        let mut work = rig.work(surface);
        for picture in &mut work.pictures {
            picture.url = Url::parse("http://127.0.0.1:9/none.jpg").unwrap();
        }
        assert!(rig.meta.prepare(&work, &Pages::default()).await.is_err(), "{surface}");
    }
}

//! What was prepared vanishes, against the sandbox: nothing is lost, and nothing is public twice.

use chrono::{TimeDelta, Utc};
use publishing::{
    publisher::{Finding, Handles, Published, Publisher, Work},
    refusal::{PlatformCode, Reason, Remedy},
};
use serde_json::json;

use crate::rig::Rig;

async fn publishes(rig: &Rig, work: &Work) {
    let published = rig.meta.publish(work).await;
    let Published::Live(live) = published else { panic!("{published:?}") };
    rig.shows(work, &live).await;
}

#[tokio::test]
async fn a_staged_photo_that_vanished_is_staged_anew() {
    for surface in ["photo", "photos"] {
        for endpoint in ["feed", "photos"] {
            let rig = Rig::new().await;
            let mut work = rig.work(surface);
            rig.fault(endpoint, json!({ "kind": "vanish" })).await;
            rig.make_ready(&mut work).await;
            let published = rig.meta.publish(&work).await;
            let Published::Refused(refusal) = published else { panic!("{surface}: {published:?}") };
            assert_eq!((refusal.reason, refusal.remedy), (Reason::PreparationLost, Remedy::PrepareAgain));
            assert_eq!((refusal.code.code, refusal.code.subcode), (Some(100), Some(33)));
            assert!(rig.ledger().await.is_empty());
            let old = std::mem::take(&mut work.handles);
            rig.make_ready(&mut work).await;
            assert!(old.parts.iter().all(|id| !work.handles.parts.contains(id)), "{surface}: old photos");
            publishes(&rig, &work).await;
        }
    }
}

/// An Instagram post whose call was made an hour after its preparation.
async fn sent(rig: &Rig, surface: &str, effect: serde_json::Value) -> Work {
    let mut work = rig.work(surface);
    rig.make_ready(&mut work).await;
    work.handles.since = Some(Utc::now() - TimeDelta::hours(1));
    rig.fault("media_publish", effect).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Unclear(_)));
    work
}

#[tokio::test]
async fn a_container_that_vanished_with_its_post_unpublished_is_gone_and_built_anew() {
    for surface in ["image", "carousel"] {
        for effect in ["vanish", "container_expired"] {
            let rig = Rig::new().await;
            let mut work = sent(&rig, surface, json!({ "kind": "drop" })).await;
            rig.fault("container_status", json!({ "kind": effect })).await;
            for look in 0..2 {
                let finding = rig.meta.find_published(&work).await;
                assert_eq!(finding, Finding::Gone, "{surface} {effect}, look {look}");
            }
            work.handles = Handles::default();
            rig.make_ready(&mut work).await;
            publishes(&rig, &work).await;
        }
    }
}

#[tokio::test]
async fn a_post_that_is_live_is_found_although_its_container_vanished() {
    for surface in ["image", "carousel"] {
        let rig = Rig::new().await;
        let work = sent(&rig, surface, json!({ "kind": "execute_then_drop" })).await;
        rig.fault("container_status", json!({ "kind": "vanish" })).await;
        let Finding::Live(found) = rig.meta.find_published(&work).await else { panic!("{surface}") };
        rig.shows(&work, &found).await;
    }
}

#[tokio::test]
async fn without_a_container_a_stranger_in_the_list_leaves_the_decision_to_a_person() {
    let rig = Rig::new().await;
    let mut work = sent(&rig, "image", json!({ "kind": "drop" })).await;
    let mut other = Work { caption: "By hand".to_owned(), ..rig.work("image") };
    rig.make_ready(&mut other).await;
    let Published::Live(stranger) = rig.meta.publish(&other).await else { panic!("the other one") };
    rig.fault("container_status", json!({ "kind": "vanish" })).await;
    let finding = rig.meta.find_published(&work).await;
    assert_eq!(finding, Finding::CannotTell(PlatformCode::default()));
    work.taken = vec![stranger.id];
    assert_eq!(rig.meta.find_published(&work).await, Finding::Gone, "unless it is known whose it is");
}

#[tokio::test]
async fn a_container_that_is_gone_when_it_should_be_published_is_refused_and_looked_for() {
    let rig = Rig::new().await;
    let mut work = rig.work("image");
    rig.make_ready(&mut work).await;
    work.handles.since = Some(Utc::now() - TimeDelta::hours(1));
    rig.fault("media_publish", json!({ "kind": "vanish" })).await;
    let published = rig.meta.publish(&work).await;
    assert!(matches!(published, Published::Refused(r) if r.remedy == Remedy::PrepareAgain), "{published:?}");
    assert_eq!(rig.calls("ig_media_list").await, 0, "the container alone answers for a first call");
}

//! Results of calls that were on their way when their channel was disconnected.

use std::time::Duration;

use publishing::{
    id::PublicationId,
    post::store::{Decision, PostStore},
    publication::{CancelReason, State},
    queue::{Claim, Next, PublicationQueue, Queue},
};

use super::stage::{Stage, outcome, published, refused};

/// A publication whose channel was disconnected while its call was on its way.
async fn cut_off(stage: &Stage) -> (PublicationId, Claim) {
    let channel = stage.channel().await;
    let (id, claim) = stage.in_state(channel, State::Publishing).await;
    stage.disconnect(channel).await;
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.needs_person, seen.next_step_at), (State::Unconfirmed, true, None));
    (id, claim)
}

#[tokio::test]
async fn a_call_that_succeeded_all_the_same_is_published() {
    let stage = Stage::set().await;
    let (id, claim) = cut_off(&stage).await;
    assert!(stage.record(claim, published("1_1")).await);
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.needs_person), (State::Published, false));
    assert_eq!(seen.platform_post_id.as_deref(), Some("1_1"));
    assert_eq!(stage.events(id.uuid()).await, ["publication.needs_person", "publication.published"]);
}

#[tokio::test]
async fn a_call_that_was_refused_for_good_is_failed() {
    let stage = Stage::set().await;
    let (id, claim) = cut_off(&stage).await;
    assert_eq!(stage.queue.record(&[refused(claim)]).await, Ok(vec![id]));
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.needs_person), (State::Failed, false));
}

#[tokio::test]
async fn a_call_that_was_refused_for_now_is_taken_back_and_not_tried_again() {
    let stage = Stage::set().await;
    let (id, claim) = cut_off(&stage).await;
    let next = Next::Scheduled { after: Duration::ZERO, start_over: false };
    let mut outcome = refused(claim);
    outcome.next = next;
    assert_eq!(stage.queue.record(&[outcome]).await, Ok(vec![id]));
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.needs_person, seen.next_step_at), (State::Cancelled, false, None));
    assert_eq!(seen.cancelled, Some(CancelReason::ChannelDisconnected));
    assert_eq!(stage.attempts(id).await.len(), 1);
    assert_eq!(stage.events(id.uuid()).await, ["publication.needs_person", "publication.cancelled"]);
    for queue in Queue::ALL {
        assert!(stage.claim(queue).await.is_empty(), "{queue:?} brought it back to life");
    }
}

#[tokio::test]
async fn a_call_of_which_nobody_knows_stays_a_persons_to_decide() {
    let stage = Stage::set().await;
    let (id, claim) = cut_off(&stage).await;
    for next in [Next::Unconfirmed { look_after: Duration::ZERO }, Next::Undecided, Next::Ready] {
        assert_eq!(stage.queue.record(&[outcome(claim, next)]).await, Ok(vec![]));
    }
    stage.queue.give_back(Queue::Permit, &[claim]).await.unwrap();
    stage.queue.keep(&[claim]).await.unwrap();
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.needs_person, seen.next_step_at), (State::Unconfirmed, true, None));
    assert_eq!(stage.events(id.uuid()).await, ["publication.needs_person"]);
}

#[tokio::test]
async fn a_person_who_decided_is_not_overruled_by_a_late_answer() {
    let stage = Stage::set().await;
    let (id, claim) = cut_off(&stage).await;
    let live = Decision::Live { id: "7_7".into(), permalink: None };
    stage.posts.resolve(&stage.caller, id, &live).await.unwrap();
    assert!(!stage.record(claim, published("1_1")).await);
    assert_eq!(stage.see(id).await.platform_post_id.as_deref(), Some("7_7"));
}

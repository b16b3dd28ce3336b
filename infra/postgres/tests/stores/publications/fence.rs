//! The fence: what was taken over is not written by whoever had it before.

use publishing::{
    publication::State,
    publisher::Handles,
    queue::{Claim, Next, Outcome, PublicationQueue, Queue},
};

use super::stage::{BEN, Stage, published};

/// A publication in Ben's hands, and the claim that Anne had on it before.
async fn taken_over(stage: &Stage, queue: Queue) -> Claim {
    let begun = if queue == Queue::Look { State::Unconfirmed } else { State::Preparing };
    let (id, mut old) = stage.in_state(stage.channel().await, begun).await;
    stage.time_passes(id).await;
    if queue == Queue::Look {
        old = stage.claim_one(Queue::Look).await.claim;
        stage.time_passes(id).await;
    }
    let taken = stage.queue.claim(queue, BEN, 10).await.unwrap();
    assert_eq!((taken[0].claim.publication, taken[0].claim.epoch), (id, old.epoch + 1));
    old
}

#[tokio::test]
async fn a_stale_claim_records_nothing() {
    let stage = Stage::set().await;
    for (queue, next) in [
        (Queue::Preparation, Next::Ready),
        (Queue::Preparation, Next::Failed),
        (Queue::Look, Next::Missed),
        (Queue::Look, Next::SendAgain),
    ] {
        let old = taken_over(&stage, queue).await;
        let before = stage.row(old.publication).await;
        let mut late = super::stage::refused(old);
        late.next = next;
        assert_eq!(stage.queue.record(&[late]).await, Ok(vec![]), "{queue:?}");
        let after = stage.row(old.publication).await;
        assert_eq!((&after.state, after.epoch, after.worker), (&before.state, before.epoch, Some(BEN.0)));
        assert_eq!((after.failures, after.reason), (before.failures, before.reason));
    }
    assert_eq!(stage.count("attempts").await, 0);
    assert_eq!(stage.count("events").await, 0);
}

#[tokio::test]
async fn the_platforms_word_that_it_is_public_is_taken_from_whoever_brings_it() {
    let stage = Stage::set().await;
    let old = taken_over(&stage, Queue::Look).await;
    assert!(stage.record(old, published("1_1")).await);
    let seen = stage.see(old.publication).await;
    assert_eq!((seen.state, seen.platform_post_id.as_deref()), (State::Published, Some("1_1")));
    let fresh = Claim { epoch: old.epoch + 1, ..old };
    for next in [Next::SendAgain, Next::Undecided, published("2_2")] {
        assert!(!stage.record(fresh, next).await, "it was published already");
    }
    assert_eq!(stage.events(old.publication.uuid()).await, ["publication.published"]);
}

#[tokio::test]
async fn the_platforms_word_is_taken_however_the_publication_went_on() {
    let stage = Stage::set().await;
    let scheduled = Next::Scheduled { after: std::time::Duration::ZERO, start_over: true };
    for (next, state) in [
        (scheduled.clone(), State::Scheduled),
        (scheduled, State::Preparing),
        (Next::SendAgain, State::Ready),
        (Next::Missed, State::Missed),
        (Next::Failed, State::Failed),
        (Next::SendAgain, State::Cancelled),
    ] {
        let (id, permit) = stage.in_state(stage.channel().await, State::Publishing).await;
        stage.time_passes(id).await;
        let look = stage.claim_one(Queue::Look).await.claim;
        let outcome = Outcome { next, ..super::stage::refused(look) };
        assert_eq!(stage.queue.record(&[outcome]).await, Ok(vec![id]));
        match state {
            State::Preparing => drop(stage.claim_one(Queue::Preparation).await),
            State::Cancelled => drop(stage.cancel(id).await.unwrap()),
            _ => {}
        }
        assert_eq!(stage.state(id).await, state);
        assert!(stage.record(permit, published(&id.uuid().to_string())).await, "{state}");
        assert_eq!(stage.state(id).await, State::Published, "{state}");
        stage.run("DELETE FROM publications").await;
    }
}

#[tokio::test]
async fn the_word_about_an_earlier_plan_says_nothing_about_this_one() {
    let stage = Stage::set().await;
    let (id, permit) = stage.in_state(stage.channel().await, State::Publishing).await;
    assert!(stage.record(permit, Next::Missed).await);
    let post = stage.post_of(id).await;
    let (changed, plan) = stage.scheduled(&post, chrono::TimeDelta::zero());
    stage.save(&changed, post.version, &plan).await.unwrap();
    let claim = stage.claim_one(Queue::Preparation).await.claim;
    assert!(stage.record(claim, Next::Ready).await);
    assert!(!stage.record(permit, published("1_1")).await);
    assert_eq!(stage.state(id).await, State::Ready);
}

#[tokio::test]
async fn a_stale_claim_saves_no_handles() {
    let stage = Stage::set().await;
    let old = taken_over(&stage, Queue::Preparation).await;
    let handles = Handles { container: Some("c1".into()), ..Handles::default() };
    assert!(stage.queue.save_handles(old, &handles).await.is_err());
    let fresh = Claim { epoch: old.epoch + 1, ..old };
    stage.queue.save_handles(fresh, &handles).await.unwrap();
    let row = stage.row(old.publication).await;
    assert_eq!(row.handles, serde_json::json!({ "container": "c1" }));
}

#[tokio::test]
async fn a_stale_claim_gives_nothing_back_and_keeps_nothing() {
    let stage = Stage::set().await;
    let old = taken_over(&stage, Queue::Preparation).await;
    let before = stage.row(old.publication).await;
    stage.queue.give_back(Queue::Preparation, &[old]).await.unwrap();
    stage.run("UPDATE publications SET next_step_at = now() + interval '2 seconds'").await;
    stage.queue.keep(&[old]).await.unwrap();
    let after = stage.row(old.publication).await;
    assert_eq!((after.state, after.worker, after.epoch), (before.state, Some(BEN.0), before.epoch));
    assert!(after.waits.unwrap() <= 2_000.0, "the lease is Ben's to prolong");
}

#[tokio::test]
async fn an_edit_and_a_cancellation_shut_the_worker_out() {
    let stage = Stage::set().await;
    let (edited, first) = stage.in_state(stage.channel().await, State::Preparing).await;
    let post = stage.post_of(edited).await;
    let (changed, plan) = stage.scheduled(&post, chrono::TimeDelta::hours(1));
    stage.save(&changed, post.version, &plan).await.unwrap();
    assert!(!stage.record(first, Next::Ready).await);
    assert_eq!(stage.state(edited).await, State::Scheduled);

    let (cancelled, second) = stage.in_state(stage.channel().await, State::Preparing).await;
    stage.cancel(cancelled).await.unwrap();
    assert!(!stage.record(second, Next::Ready).await);
    assert!(stage.queue.save_handles(second, &Handles::default()).await.is_err());
    assert_eq!(stage.state(cancelled).await, State::Cancelled);
}

#[tokio::test]
async fn what_is_written_twice_is_written_once() {
    let stage = Stage::set().await;
    for next in [Next::Ready, Next::Undecided, Next::FollowUp { permalink: None, after: None }] {
        let begun = match next {
            Next::Ready => State::Preparing,
            Next::Undecided => State::Publishing,
            _ => State::Published,
        };
        let (id, mut claim) = stage.in_state(stage.channel().await, begun).await;
        if begun == State::Published {
            stage.time_passes(id).await;
            claim = stage.claim_one(Queue::FollowUp).await.claim;
        }
        let mut outcome = super::stage::refused(claim);
        outcome.next = next;
        assert_eq!(stage.queue.record(std::slice::from_ref(&outcome)).await, Ok(vec![id]));
        let (row, events) = (stage.row(id).await, stage.events(id.uuid()).await);
        assert_eq!(stage.queue.record(&[outcome]).await, Ok(vec![]), "the claim held once");
        assert_eq!(stage.row(id).await.failures, row.failures);
        assert_eq!(stage.events(id.uuid()).await, events);
        assert_eq!(stage.count(&format!("attempts WHERE publication_id = '{}'", id.uuid())).await, 1);
    }
}

//! The permit: durable intent before the call that cannot be undone.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use publishing::{
    post::PostError,
    publication::State,
    queue::{Next, PublicationQueue, Queue},
};

use super::stage::{ANNE, BEN, Stage, published};

/// Ready publications, all on one channel.
async fn ready(stage: &Stage, count: usize) -> BTreeSet<publishing::id::PublicationId> {
    let channel = stage.channel().await;
    for _ in 0..count {
        stage.due_on(channel).await;
    }
    let claimed = stage.claim(Queue::Preparation).await;
    let outcomes: Vec<_> = claimed.iter().map(|row| super::stage::outcome(row.claim, Next::Ready)).collect();
    stage.queue.record(&outcomes).await.unwrap().into_iter().collect()
}

#[tokio::test]
async fn a_permit_is_written_before_it_is_given() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Ready).await;
    let permit = stage.claim_one(Queue::Permit).await;
    assert_eq!(stage.state(id).await, State::Publishing);
    assert!(permit.permitted_ago.is_some() && permit.first_permitted_ago.is_some());
    assert!(stage.claim(Queue::Permit).await.is_empty(), "one permit, one call");
}

#[tokio::test]
async fn two_workers_that_race_on_a_channel_permit_one_at_a_time_and_all_in_the_end() {
    let stage = Stage::set().await;
    let mut waiting = ready(&stage, 50).await;
    let mut rounds = 0;
    while !waiting.is_empty() {
        rounds += 1;
        assert!(rounds <= 100, "{} were never permitted", waiting.len());
        stage.run("UPDATE publications SET next_step_at = now() WHERE state = 'ready'").await;
        let (a, b) = tokio::join!(
            stage.queue.claim(Queue::Permit, ANNE, 100),
            stage.queue.claim(Queue::Permit, BEN, 100)
        );
        let permits: Vec<_> = a.unwrap().into_iter().chain(b.unwrap()).collect();
        assert!(permits.len() <= 1, "{} calls on one channel at once", permits.len());
        assert_eq!(
            stage.count("publications WHERE state = 'publishing'").await,
            i64::try_from(permits.len()).unwrap()
        );
        let due = stage.count("publications WHERE state = 'ready' AND next_step_at <= now()").await;
        assert!(permits.is_empty() || due == 0, "those that wait are out of the others' way");
        for permit in permits {
            let id = permit.claim.publication;
            assert!(waiting.remove(&id), "{id} was permitted twice");
            assert!(stage.record(permit.claim, published(&id.uuid().to_string())).await);
        }
    }
}

#[tokio::test]
async fn while_a_channel_publishes_its_others_wait_and_other_channels_do_not() {
    let stage = Stage::set().await;
    let (busy, free) = (stage.channel().await, stage.channel().await);
    let (_, first) = stage.in_state(busy, State::Publishing).await;
    let (second, _) = stage.in_state(busy, State::Ready).await;
    let (elsewhere, _) = stage.in_state(free, State::Ready).await;
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, elsewhere);
    assert_eq!(stage.state(second).await, State::Ready);
    assert!(stage.record(first, published("1_1")).await);
    stage.time_passes(second).await;
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, second);
}

#[tokio::test]
async fn a_page_that_two_organizations_connected_is_published_to_by_one_at_a_time() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    let (ours, theirs) = (stage.channel_to("4711").await, neighbour.channel_to("4711").await);
    let (_, first) = stage.in_state(ours, State::Publishing).await;
    let (waiting, _) = neighbour.in_state(theirs, State::Ready).await;
    assert!(neighbour.claim(Queue::Permit).await.is_empty(), "the Page is busy");
    assert!(stage.record(first, published("4711_1")).await);
    stage.time_passes(waiting).await;
    assert_eq!(neighbour.claim_one(Queue::Permit).await.claim.publication, waiting);
}

#[tokio::test]
async fn after_the_deadline_there_is_no_permit_and_the_owner_is_told() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Ready).await;
    let (other, _) = stage.in_state(stage.channel().await, State::Ready).await;
    stage
        .run(&format!(
            "UPDATE publications SET due_at = now() - interval '2 hours', deadline_at = now() - interval '1 second'
             WHERE id = '{}'",
            id.uuid()
        ))
        .await;
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, other);
    let row = stage.row(id).await;
    assert_eq!((row.state.as_str(), row.waits, row.epoch), ("missed", None, 2));
    assert_eq!(stage.events(id.uuid()).await, ["publication.missed"]);
    assert!(stage.claim(Queue::Permit).await.is_empty());
    assert_eq!(stage.events(id.uuid()).await.len(), 1, "once");
}

#[tokio::test]
async fn a_permit_that_ran_out_is_claimed_for_a_look_and_never_for_sending() {
    let stage = Stage::set().await;
    let (id, permit) = stage.in_state(stage.channel().await, State::Publishing).await;
    assert!(stage.claim(Queue::Look).await.is_empty(), "the call may still be on its way");
    stage.time_passes(id).await;
    assert!(stage.queue.claim(Queue::Permit, BEN, 10).await.unwrap().is_empty(), "it may have been sent");
    assert!(stage.queue.claim(Queue::Preparation, BEN, 10).await.unwrap().is_empty());
    let look = stage.queue.claim(Queue::Look, BEN, 10).await.unwrap();
    assert_eq!((look[0].claim.publication, look[0].claim.epoch), (id, permit.epoch + 1));
    assert_eq!(stage.state(id).await, State::Unconfirmed);
    let refused = super::stage::refused(permit);
    assert_eq!(stage.queue.record(&[refused]).await, Ok(vec![]), "the look has taken over");
}

#[tokio::test]
async fn a_permit_stands_until_it_is_taken_over_or_its_channel_is_disconnected() {
    let stage = Stage::set().await;
    let (_, standing) = stage.in_state(stage.channel().await, State::Publishing).await;
    let (inherited, late) = stage.in_state(stage.channel().await, State::Publishing).await;
    let (_, done) = stage.in_state(stage.channel().await, State::Published).await;
    let channel = stage.channel().await;
    let (_, cut_off) = stage.in_state(channel, State::Publishing).await;
    let permits = [standing, late, cut_off, done];
    let stands = async || {
        stage.queue.confirm(Queue::Permit, &permits).await.unwrap().into_iter().collect::<BTreeSet<_>>()
    };
    assert_eq!(stands().await, permits[..3].iter().map(|claim| claim.publication).collect());
    stage.time_passes(inherited).await;
    stage.claim_one(Queue::Look).await;
    stage.disconnect(channel).await;
    assert_eq!(stands().await, BTreeSet::from([standing.publication]));
}

#[tokio::test]
async fn what_was_looked_for_in_vain_is_permitted_again() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Unconfirmed).await;
    stage.time_passes(id).await;
    let look = stage.claim_one(Queue::Look).await;
    assert!(stage.claim(Queue::Permit).await.is_empty());
    assert!(stage.record(look.claim, Next::SendAgain).await);
    let again = stage.claim_one(Queue::Permit).await;
    assert_eq!(again.claim.publication, id);
    assert!(again.first_permitted_ago > again.permitted_ago, "the first call counts for what may be ours");
}

#[tokio::test]
async fn an_edit_and_a_permit_take_turns() {
    let stage = Stage::set().await;
    let (mut edits, mut permits) = (0, 0);
    for round in 0..20_u64 {
        let (id, _) = stage.in_state(stage.channel().await, State::Ready).await;
        let post = stage.post_of(id).await;
        let (changed, plan) = stage.scheduled(&post, TimeDelta::hours(1));
        let delayed = async {
            tokio::time::sleep(std::time::Duration::from_micros(150 * round)).await;
            stage.claim(Queue::Permit).await
        };
        let (saved, permit) = tokio::join!(stage.save(&changed, post.version, &plan), delayed);
        match (saved, permit.len()) {
            (Ok(_), 0) => edits += 1,
            (Err(PostError::PublishingBegan), 1) => permits += 1,
            (saved, permits) => panic!("{saved:?} and {permits} permits"),
        }
        stage.run("DELETE FROM publications").await;
    }
    assert_eq!(edits + permits, 20);
}

#[tokio::test]
async fn a_cancellation_and_a_permit_take_turns() {
    let stage = Stage::set().await;
    for round in 0..20_u64 {
        let (id, _) = stage.in_state(stage.channel().await, State::Ready).await;
        let delayed = async {
            tokio::time::sleep(std::time::Duration::from_micros(150 * round)).await;
            stage.claim(Queue::Permit).await
        };
        match tokio::join!(stage.cancel(id), delayed) {
            (Ok(view), permits) if permits.is_empty() => {
                assert_eq!(view.publications[0].state, State::Cancelled);
            }
            (Err(PostError::PublishingBegan), permits) if permits.len() == 1 => {}
            (cancelled, permits) => panic!("{cancelled:?} and {} permits", permits.len()),
        }
        stage.run("DELETE FROM publications").await;
    }
}

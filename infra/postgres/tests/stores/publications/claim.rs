//! Claims: each row to one worker, for a while.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use futures::future::join_all;
use publishing::{
    publication::State,
    queue::{Next, PublicationQueue, Queue, WorkerId},
    timing::Timing,
};
use tenancy::sealing::KeyChain;

use super::stage::{ANNE, BEN, Stage, published};

#[tokio::test]
async fn of_eight_workers_that_claim_at_once_each_row_goes_to_one() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut expected = BTreeSet::new();
    for _ in 0..100 {
        expected.insert(stage.due_on(channel).await);
    }
    let work = async |worker: i64| {
        let mut mine = vec![];
        loop {
            let batch = stage.queue.claim(Queue::Preparation, WorkerId(worker), 7).await.unwrap();
            if batch.is_empty() {
                return mine;
            }
            mine.extend(batch.into_iter().map(|row| row.claim));
        }
    };
    let claims: Vec<_> = join_all((0..8).map(work)).await.into_iter().flatten().collect();
    assert_eq!(claims.len(), 100, "a row was claimed twice, or never");
    assert_eq!(claims.iter().map(|claim| claim.publication).collect::<BTreeSet<_>>(), expected);
    assert!(claims.iter().all(|claim| claim.epoch == 1));
}

#[tokio::test]
async fn a_claim_brings_everything_its_step_needs() {
    let stage = Stage::set().await;
    let channel = stage.channel_to("4711").await;
    let id = stage.schedule(&[channel], TimeDelta::zero()).await.publications[0].id;
    let claimed = stage.claim_one(Queue::Preparation).await;
    assert_eq!((claimed.claim.publication, claimed.claim.epoch), (id, 1));
    assert_eq!((claimed.organization, claimed.channel), (stage.caller.organization, channel));
    assert_eq!(claimed.remote_channel, "4711");
    assert_eq!(claimed.content.hash(channel), claimed.content_hash);
    assert_eq!(claimed.due_in, Duration::ZERO);
    assert!(claimed.deadline_in > Duration::from_mins(59));
    assert_eq!(claimed.permitted_ago, None);
    let token = claimed.token.unwrap();
    assert_eq!(token.sealed.0, b"s");
    let KeyChain::Organization { organization, data } = token.chain else {
        panic!("a root key seals nothing")
    };
    assert_eq!((organization.bytes, organization.ring_version), (b"x".to_vec(), Some(1)));
    assert_eq!(data.bytes, b"k");
}

#[tokio::test]
async fn a_channel_without_a_token_is_claimed_without_one() {
    let stage = Stage::set().await;
    stage.due().await;
    stage.run("DELETE FROM connection_keys").await;
    assert!(stage.claim_one(Queue::Preparation).await.token.is_none());
}

#[tokio::test]
async fn a_row_that_does_not_read_holds_up_no_other() {
    let stage = Stage::set().await;
    let (odd, fine) = (stage.due().await, stage.due().await);
    let spoil = "UPDATE publications SET content = '{\"pictures\": 1}'";
    stage.run(&format!("{spoil} WHERE id = '{}'", odd.uuid())).await;
    assert_eq!(stage.claim_one(Queue::Preparation).await.claim.publication, fine);
    let waits = stage.row(odd).await.waits.unwrap();
    assert!(waits > 3_500_000.0, "it comes back after {waits} ms");
}

#[tokio::test]
async fn a_permit_that_does_not_read_blocks_nobody_elses_way_to_its_page() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (odd, _) = stage.in_state(channel, State::Ready).await;
    stage.run("UPDATE publications SET content = '[]'").await;
    assert!(stage.claim(Queue::Permit).await.is_empty());
    assert_eq!(stage.row(odd).await.state, "ready");
    let (fine, _) = stage.in_state(channel, State::Ready).await;
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, fine);
}

#[tokio::test]
async fn what_is_not_due_is_not_claimed_and_the_next_due_time_is_known() {
    let stage = Stage::set().await;
    assert_eq!(stage.queue.next_due(Queue::Preparation).await.unwrap(), None);
    let channel = stage.channel().await;
    stage.schedule(&[channel], TimeDelta::minutes(10)).await;
    stage.schedule(&[channel], TimeDelta::minutes(20)).await;
    assert!(stage.claim(Queue::Preparation).await.is_empty());
    let due = stage.queue.next_due(Queue::Preparation).await.unwrap().unwrap();
    assert!(due > Duration::from_mins(9) && due <= Duration::from_mins(10), "{due:?}");
    for queue in [Queue::Permit, Queue::Look, Queue::FollowUp] {
        assert_eq!(stage.queue.next_due(queue).await.unwrap(), None, "{queue:?}");
    }
}

#[tokio::test]
async fn a_limit_takes_what_has_been_due_longest() {
    let stage = Stage::set().await;
    let (later, earlier) = (stage.due().await, stage.due().await);
    stage.time_passes(earlier).await;
    let first = stage.queue.claim(Queue::Preparation, ANNE, 1).await.unwrap();
    assert_eq!(first[0].claim.publication, earlier);
    assert_eq!(stage.claim_one(Queue::Preparation).await.claim.publication, later);
}

#[tokio::test]
async fn a_lease_that_runs_out_lets_another_worker_in() {
    let stage = Stage::set().await;
    let id = stage.due().await;
    let first = stage.claim_one(Queue::Preparation).await;
    assert!(stage.queue.claim(Queue::Preparation, BEN, 10).await.unwrap().is_empty(), "the lease holds");
    stage.time_passes(id).await;
    let second = stage.queue.claim(Queue::Preparation, BEN, 10).await.unwrap();
    assert_eq!(second[0].claim.epoch, first.claim.epoch + 1);
    assert_eq!(stage.row(id).await.worker, Some(BEN.0));
}

#[tokio::test]
async fn a_lease_in_hand_is_prolonged_and_a_permit_never() {
    let stage = Stage::set().await;
    let lease = Timing::default().lease.as_secs_f64() * 1e3;
    let (prepared, claim) = stage.in_state(stage.channel().await, State::Preparing).await;
    let (permitted, permit) = stage.in_state(stage.channel().await, State::Publishing).await;
    stage.run("UPDATE publications SET next_step_at = now() + interval '2 seconds'").await;
    stage.queue.keep(&[claim, permit]).await.unwrap();
    let waits = stage.row(prepared).await.waits.unwrap();
    assert!(waits > 2_000.0 && waits <= lease, "{waits}");
    assert!(stage.row(permitted).await.waits.unwrap() <= 2_000.0, "a permit is not a lease");
}

#[tokio::test]
async fn what_is_given_back_is_due_at_once_and_as_it_was() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    for (queue, state) in [(Queue::Preparation, State::Preparing), (Queue::Permit, State::Publishing)] {
        let (id, claim) = stage.in_state(channel, state).await;
        stage.queue.give_back(queue, &[claim]).await.unwrap();
        let row = stage.row(id).await;
        let before = if queue == Queue::Permit { "ready" } else { "scheduled" };
        assert_eq!((row.state.as_str(), row.worker), (before, None));
        assert!(row.waits.unwrap() <= 0.0);
        let again = stage.queue.claim(queue, BEN, 10).await.unwrap();
        assert_eq!(again.len(), 1, "{queue:?}");
        assert_eq!(again[0].claim.epoch, claim.epoch + 1);
        stage.run("DELETE FROM publications").await;
    }
}

#[tokio::test]
async fn a_look_that_is_given_back_stays_a_look() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Unconfirmed).await;
    stage.time_passes(id).await;
    let look = stage.claim_one(Queue::Look).await;
    assert_eq!(look.looks, 1);
    stage.queue.give_back(Queue::Look, &[look.claim]).await.unwrap();
    assert_eq!(stage.state(id).await, State::Unconfirmed);
    assert_eq!(stage.claim_one(Queue::Look).await.claim.publication, id);
}

#[tokio::test]
async fn a_look_knows_what_else_the_channel_published() {
    let stage = Stage::set().await;
    let (channel, other) = (stage.channel().await, stage.channel().await);
    for (channel, id) in [(channel, "1_1"), (other, "2_2")] {
        let (_, claim) = stage.in_state(channel, State::Publishing).await;
        assert!(stage.record(claim, published(id)).await);
    }
    let (id, _) = stage.in_state(channel, State::Unconfirmed).await;
    stage.time_passes(id).await;
    let look = stage.claim_one(Queue::Look).await;
    assert_eq!(look.taken, ["1_1"]);
    assert!(look.permitted_ago.is_some() && look.first_permitted_ago.is_some());
}

#[tokio::test]
async fn a_look_knows_what_another_organization_published_on_the_same_page() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    let (ours, theirs) = (stage.channel_to("4711").await, neighbour.channel_to("4711").await);
    let (_, claim) = neighbour.in_state(theirs, State::Publishing).await;
    assert!(neighbour.record(claim, published("4711_1")).await);
    let (id, _) = stage.in_state(ours, State::Unconfirmed).await;
    stage.time_passes(id).await;
    assert_eq!(stage.claim_one(Queue::Look).await.taken, ["4711_1"]);
}

#[tokio::test]
async fn only_what_lacks_its_permalink_is_followed_up() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (with, claim) = stage.in_state(channel, State::Publishing).await;
    let permalink = Some("https://social.example/1".parse().unwrap());
    assert!(
        stage.record(claim, Next::Published { id: "1_1".into(), permalink, ask_after: Duration::ZERO }).await
    );
    let (without, _) = stage.in_state(channel, State::Published).await;
    assert_eq!(stage.row(with).await.waits, None);
    stage.time_passes(without).await;
    let claimed = stage.claim_one(Queue::FollowUp).await;
    assert_eq!(claimed.claim.publication, without);
    assert_eq!(claimed.platform_post_id, Some(without.uuid().to_string()));
}

#[tokio::test]
async fn whoever_published_may_follow_up_under_its_permit_once() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (id, permit) = stage.in_state(channel, State::Publishing).await;
    assert!(stage.record(permit, published("1_1")).await);
    assert_eq!(stage.queue.confirm(Queue::FollowUp, &[permit]).await.unwrap(), [id]);
    let permalink = Some("https://social.example/1".parse().unwrap());
    assert!(stage.record(permit, Next::FollowUp { permalink, after: None }).await);
    assert!(
        !stage.record(permit, Next::FollowUp { permalink: None, after: None }).await,
        "a claim holds once"
    );
    assert_eq!(stage.row(id).await.waits, None);
}

#[tokio::test]
async fn whoever_published_may_not_follow_up_once_another_claimed_it() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (id, permit) = stage.in_state(channel, State::Publishing).await;
    assert!(stage.record(permit, published("1_1")).await);
    stage.time_passes(id).await;
    let theirs = stage.claim_one(Queue::FollowUp).await.claim;
    assert!(stage.queue.confirm(Queue::FollowUp, &[permit]).await.unwrap().is_empty());
    assert!(!stage.record(permit, Next::FollowUp { permalink: None, after: None }).await);
    assert!(stage.record(theirs, Next::FollowUp { permalink: None, after: None }).await);
}

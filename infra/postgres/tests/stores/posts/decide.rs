//! What only a person decides: it is there, publish it again, try once more.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use postgres::posts::PgClockStore;
use publishing::{
    approval::Approval,
    clocks::Clocks,
    content::ContentHash,
    id::PublicationId,
    post::{
        PostError, TargetTime,
        store::{Decision, Planned, PostStore},
    },
    publication::{Publication, State, Step, Verdict},
    queue::{Claim, Next, PublicationQueue, Queue},
    timing::Timing,
};
use scheduling::{LocalSchedule, Schedule, Tz};

use crate::publications::stage::{Stage, now, outcome};

/// A publication of which nobody knows whether it is public.
async fn undecided(stage: &Stage) -> (PublicationId, Claim) {
    let (id, claim) = stage.in_state(stage.channel().await, State::Publishing).await;
    assert_eq!(stage.queue.record(&[outcome(claim, Next::Undecided)]).await, Ok(vec![id]));
    (id, claim)
}

/// The same content once more, now, under a new approval.
pub(super) fn again(stage: &Stage, publication: &Publication) -> (Planned, Approval) {
    let planned = Planned {
        id: publication.id,
        channel: publication.channel,
        platform: publication.platform,
        content: publication.content.clone(),
        content_hash: publication.content_hash,
        due_at: now(),
        deadline_at: now() + TimeDelta::hours(1),
        next_step_at: now(),
    };
    let covers = vec![(publication.channel, publication.content_hash)];
    (planned, Approval::by_scheduling(&stage.caller.actor, now(), covers))
}

fn live(id: &str) -> Decision {
    Decision::Live { id: id.into(), permalink: None }
}

#[tokio::test]
async fn it_is_there_makes_it_published() {
    let stage = Stage::set().await;
    let (id, _) = undecided(&stage).await;
    let permalink: url::Url = "https://social.example/1".parse().unwrap();
    let decision = Decision::Live { id: "1_1".into(), permalink: Some(permalink.clone()) };
    let seen = stage.posts.resolve(&stage.caller, id, &decision).await.unwrap();
    assert_eq!((seen.state, seen.needs_person), (State::Published, false));
    assert_eq!((seen.platform_post_id.as_deref(), seen.permalink), (Some("1_1"), Some(permalink)));
    assert_eq!(seen.next_step_at, None, "its permalink is known");
    let last = stage.attempts(id).await.pop().unwrap();
    assert_eq!((last.step, last.verdict), (Step::Resolve, Verdict::Done));
    assert_eq!(stage.events(id.uuid()).await, ["publication.needs_person", "publication.published"]);
    let twice = stage.posts.resolve(&stage.caller, id, &live("1_1")).await;
    assert!(matches!(twice, Err(PostError::WrongState)));
}

#[tokio::test]
async fn a_platform_post_that_belongs_to_another_publication_is_not_accepted() {
    let stage = Stage::set().await;
    let (id, _) = undecided(&stage).await;
    let channel = stage.see(id).await.channel;
    let (other, _) = stage.in_state(channel, State::Published).await;
    let taken = live(&other.uuid().to_string());
    let answer = stage.posts.resolve(&stage.caller, id, &taken).await;
    assert!(matches!(answer, Err(PostError::AlreadyTaken)), "{answer:?}");
    assert!(stage.see(id).await.needs_person, "it is still to be decided");
}

#[tokio::test]
async fn publish_again_starts_over_under_a_new_approval() {
    let stage = Stage::set().await;
    let (id, claim) = undecided(&stage).await;
    let before = stage.see(id).await;
    let (planned, approval) = again(&stage, &before);
    let decision = Decision::SendAgain(Box::new(planned), approval.clone(), Duration::ZERO);
    let seen = stage.posts.resolve(&stage.caller, id, &decision).await.unwrap();
    assert_eq!((seen.state, seen.needs_person, seen.approval), (State::Scheduled, false, approval.id));
    let last = stage.attempts(id).await.pop().unwrap();
    assert_eq!((last.step, last.verdict), (Step::Resolve, Verdict::Absent));
    let again = stage.claim_one(Queue::Preparation).await;
    assert!(again.claim.epoch > claim.epoch + 1);
    assert_eq!(again.first_permitted_ago, None, "what the person saw is not looked for again");
}

#[tokio::test]
async fn while_a_call_may_be_under_way_nobody_can_order_another() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (id, _) = stage.in_state(channel, State::Publishing).await;
    stage.disconnect(channel).await;
    let (planned, approval) = again(&stage, &stage.see(id).await);
    let decision = Decision::SendAgain(Box::new(planned), approval, Duration::from_secs(30));
    let early = stage.posts.resolve(&stage.caller, id, &decision).await;
    assert!(matches!(early, Err(PostError::PublishingBegan)), "{early:?}");
    assert!(stage.see(id).await.needs_person, "it is still to be decided");
    stage.run("UPDATE publications SET permitted_at = permitted_at - interval '30 seconds'").await;
    // Whether the channel is connected is somebody else's question; here, whether the call has ended.
    let later = stage.posts.resolve(&stage.caller, id, &decision).await;
    assert!(!matches!(later, Err(PostError::PublishingBegan)), "{later:?}");
}

#[tokio::test]
async fn somebody_elsewheres_word_about_a_post_counts_only_there() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    let (ours, theirs) = (stage.channel_to("4711").await, neighbour.channel_to("4711").await);
    let (claimed_by_them, claim) = neighbour.in_state(theirs, State::Publishing).await;
    assert!(neighbour.record(claim, Next::Undecided).await);
    let (id, _) = stage.in_state(ours, State::Unconfirmed).await;
    neighbour.posts.resolve(&neighbour.caller, claimed_by_them, &live("4711_77")).await.unwrap();
    stage.time_passes(id).await;
    let look = stage.claim_one(Queue::Look).await;
    assert!(look.taken.is_empty(), "what they declare hides nothing from us: {:?}", look.taken);
    assert!(stage.record(look.claim, crate::publications::stage::published("4711_77")).await);
    assert_eq!(stage.state(id).await, State::Published);
}

#[tokio::test]
async fn while_postern_still_looks_nobody_may_guess() {
    let stage = Stage::set().await;
    for state in State::ALL.iter().copied() {
        let (id, _) = stage.in_state(stage.channel().await, state).await;
        let answer = stage.posts.resolve(&stage.caller, id, &live("1_1")).await;
        assert!(matches!(answer, Err(PostError::WrongState)), "{state}: {answer:?}");
        assert_eq!(stage.state(id).await, state);
        stage.run("DELETE FROM publications").await;
    }
}

#[tokio::test]
async fn only_what_ended_without_being_public_can_be_tried_again() {
    let stage = Stage::set().await;
    for state in State::ALL.iter().copied() {
        let (id, _) = stage.in_state(stage.channel().await, state).await;
        let (planned, approval) = again(&stage, &stage.see(id).await);
        let answer =
            stage.posts.retry(&stage.caller, &planned, Schedule::At(planned.due_at), &approval).await;
        if state.can_start_over() {
            let seen = answer.unwrap();
            assert_eq!((seen.id, seen.state, seen.reason), (id, State::Scheduled, None), "{state}");
            assert!(stage.post_of(id).await.scheduled);
        } else {
            assert!(matches!(answer, Err(PostError::WrongState)), "{state}: {answer:?}");
            assert_eq!(stage.state(id).await, state);
        }
        stage.run("DELETE FROM publications").await;
    }
}

#[tokio::test]
async fn a_second_try_gives_the_channel_a_time_of_its_own_that_the_clocks_move() {
    let stage = Stage::set().await;
    let view = stage.schedule(&[stage.channel().await, stage.channel().await], TimeDelta::days(1)).await;
    let (id, post) = (view.publications[1].id, view.post.id);
    let missed = "UPDATE publications SET state = 'missed', next_step_at = NULL, reason = NULL WHERE id = ";
    stage.run(&format!("{missed}'{}'", id.uuid())).await;
    let wall =
        LocalSchedule { local: "2027-07-15T09:00:00".parse().unwrap(), zone: Tz::known("Asia/Kathmandu") };
    let (mut planned, approval) = again(&stage, &stage.see(id).await);
    planned = planned.moved(wall.resolve(), now());
    let when = Schedule::Local(wall);
    stage.posts.retry(&stage.caller, &planned, when, &approval).await.unwrap();
    let seen = stage.posts.get(&stage.caller, post).await.unwrap().post;
    let times: Vec<_> = seen.targets.iter().map(|target| target.time).collect();
    assert_eq!(times, [TargetTime::Post, TargetTime::Own(when)]);
    assert_eq!(seen.schedule, view.post.schedule, "the other channel keeps the post's time");
    assert_eq!(stage.see(id).await.due_at, wall.resolve());

    // The rules of the zone were others when it was planned.
    stage
        .run(&format!(
            "UPDATE post_targets SET due_at = due_at + interval '15 minutes' WHERE timing = 'own';
             UPDATE publications SET due_at = due_at + interval '15 minutes' WHERE id = '{}'",
            id.uuid()
        ))
        .await;
    let clocks = Clocks { store: Arc::new(PgClockStore::new(stage.pool.clone())), timing: Timing::default() };
    assert_eq!(clocks.settle().await, Ok(1));
    assert_eq!(stage.see(id).await.due_at, wall.resolve());
}

#[tokio::test]
async fn a_post_is_due_with_the_first_of_its_channels_after_a_second_try_and_keeps_no_time_that_nothing_keeps()
 {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Missed).await;
    let before = stage.post_of(id).await;
    assert!(before.schedule.is_some());
    let (planned, approval) = again(&stage, &stage.see(id).await);
    let later = Schedule::At(now() + TimeDelta::days(9));
    let planned = planned.moved(later.resolve(), now());
    stage.posts.retry(&stage.caller, &planned, later, &approval).await.unwrap();
    let after = stage.post_of(id).await;
    assert_eq!((after.schedule, after.targets[0].time), (None, TargetTime::Own(later)));
    let due = format!("posts WHERE due_at = '{}' AND own_due_at IS NULL", later.resolve());
    assert_eq!(stage.count(&due).await, 1);
}

#[tokio::test]
async fn a_second_try_cannot_carry_other_content() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Failed).await;
    let (mut planned, mut approval) = again(&stage, &stage.see(id).await);
    planned.content.caption = "Something else".into();
    planned.content_hash = ContentHash([7; 32]);
    approval.covers = vec![(planned.channel, planned.content_hash)];
    let answer = stage.posts.retry(&stage.caller, &planned, Schedule::At(planned.due_at), &approval).await;
    assert!(matches!(answer, Err(PostError::WrongState)), "{answer:?}");
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_is_heard() {
    let stage = Stage::set().await;
    let (id, _) = undecided(&stage).await;
    let (planned, approval) = again(&stage, &stage.see(id).await);
    let send = Decision::SendAgain(Box::new(planned), approval, Duration::ZERO);
    let there = live("1_1");
    let (a, b) = tokio::join!(
        stage.posts.resolve(&stage.caller, id, &there),
        stage.posts.resolve(&stage.caller, id, &send)
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let expected = if a.is_ok() { State::Published } else { State::Scheduled };
    assert_eq!(stage.state(id).await, expected);
    assert_eq!(stage.attempts(id).await.len(), 1);
}

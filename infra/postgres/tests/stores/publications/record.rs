//! Records: results, log lines and events in one transaction, many at once.

use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt;
use postgres::{Wake, publications::WAKE_CHANNEL};
use publishing::{
    publication::{State, Step, Verdict},
    publisher::Handles,
    queue::{Next, Outcome, PublicationQueue, Queue},
    refusal::Reason,
};

use super::stage::{Stage, outcome, published, refused};
use crate::support;

#[tokio::test]
async fn results_log_lines_and_events_are_written_together() {
    let stage = Stage::set().await;
    let (live, sent) = stage.in_state(stage.channel().await, State::Publishing).await;
    let (failed, gave_up) = stage.in_state(stage.channel().await, State::Publishing).await;
    let written = stage.queue.record(&[outcome(sent, published("1_1")), refused(gave_up)]).await.unwrap();
    assert_eq!(written.len(), 2);
    let seen = stage.see(live).await;
    assert_eq!((seen.state, seen.platform_post_id.as_deref()), (State::Published, Some("1_1")));
    assert!(seen.published_at.is_some() && seen.permalink.is_none());
    let seen = stage.see(failed).await;
    assert_eq!((seen.state, seen.reason, seen.failures), (State::Failed, Some(Reason::Rejected), 1));
    assert_eq!(stage.events(live.uuid()).await, ["publication.published"]);
    assert_eq!(stage.events(failed.uuid()).await, ["publication.failed"]);
    let log = stage.attempts(failed).await;
    assert_eq!((log[0].step, log[0].verdict), (Step::Publish, Verdict::GaveUp));
    assert_eq!((log[0].code.status, log[0].code.code, log[0].code.subcode), (Some(400), Some(100), None));
    assert!(stage.attempts(live).await.is_empty(), "no line where nobody asked for one");
}

#[tokio::test]
async fn a_result_that_the_database_refuses_leaves_no_half_and_holds_nobody_up() {
    let stage = Stage::set().await;
    let (live, sent) = stage.in_state(stage.channel().await, State::Publishing).await;
    let (odd, broken) = stage.in_state(stage.channel().await, State::Publishing).await;
    let mut logged = refused(sent);
    logged.next = published("1_1");
    // A failure without a reason is a state that the table does not know.
    let written = stage.queue.record(&[logged, outcome(broken, Next::Failed)]).await;
    assert_eq!(written, Ok(vec![live, odd]));
    assert_eq!(stage.state(live).await, State::Published);
    let seen = stage.see(odd).await;
    assert_eq!((seen.state, seen.needs_person), (State::Unconfirmed, true), "a person's to decide");
    assert_eq!(
        stage.events(live.uuid()).await,
        ["publication.published"],
        "once, although it was tried twice"
    );
    assert_eq!(stage.events(odd.uuid()).await, ["publication.needs_person"]);
    assert_eq!(stage.count("attempts").await, 1);
}

#[tokio::test]
async fn a_platform_post_that_is_anothers_is_a_persons_to_decide_and_holds_nobody_up() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (_, first) = stage.in_state(channel, State::Publishing).await;
    assert!(stage.record(first, published("1_1")).await);
    let (same, second) = stage.in_state(channel, State::Publishing).await;
    let (elsewhere, third) = stage.in_state(stage.channel().await, State::Publishing).await;
    let outcomes = [outcome(second, published("1_1")), outcome(third, published("1_1"))];
    assert_eq!(stage.queue.record(&outcomes).await, Ok(vec![same, elsewhere]));
    let seen = stage.see(same).await;
    assert_eq!((seen.state, seen.needs_person, seen.platform_post_id), (State::Unconfirmed, true, None));
    assert_eq!(stage.events(same.uuid()).await, ["publication.needs_person"]);
    assert_eq!(stage.state(elsewhere).await, State::Published, "ids are the channel's own");
}

#[tokio::test]
async fn nothing_after_publication_can_turn_published_into_anything_else() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Published).await;
    stage.time_passes(id).await;
    let claim = stage.claim_one(Queue::FollowUp).await.claim;
    let mut failed = refused(claim);
    for next in [
        Next::Ready,
        Next::Scheduled { after: Duration::ZERO, start_over: true },
        published("2_2"),
        Next::Failed,
        Next::Missed,
        Next::Unconfirmed { look_after: Duration::ZERO },
        Next::Undecided,
        Next::SendAgain,
    ] {
        failed.next = next;
        assert_eq!(stage.queue.record(&[failed.clone()]).await, Ok(vec![]), "{:?}", failed.next);
    }
    let permalink: url::Url = "https://social.example/1".parse().unwrap();
    assert!(stage.record(claim, Next::FollowUp { permalink: Some(permalink.clone()), after: None }).await);
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.permalink), (State::Published, Some(permalink)));
    assert_eq!((seen.platform_post_id, seen.next_step_at), (Some(id.uuid().to_string()), None));
}

#[tokio::test]
async fn a_permalink_that_is_not_there_yet_is_asked_for_again() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Published).await;
    for failures in 1..=3 {
        stage.time_passes(id).await;
        let claimed = stage.claim_one(Queue::FollowUp).await;
        assert_eq!(claimed.failures, failures - 1);
        let after = Some(Duration::from_secs(30));
        assert!(stage.record(claimed.claim, Next::FollowUp { permalink: None, after }).await);
    }
    assert!(stage.row(id).await.waits.unwrap() > 29_000.0);
}

#[tokio::test]
async fn a_refusal_that_passes_is_tried_again_after_its_pause() {
    let stage = Stage::set().await;
    let after = Duration::from_secs(30);
    for (start_over, left) in
        [(false, serde_json::json!({ "container": "c1" })), (true, serde_json::json!({}))]
    {
        let (id, claim) = stage.in_state(stage.channel().await, State::Preparing).await;
        let handles = Some(Handles { container: Some("c1".into()), ..Handles::default() });
        let next = Next::Scheduled { after, start_over };
        assert_eq!(stage.queue.record(&[Outcome { next, handles, ..refused(claim) }]).await, Ok(vec![id]));
        let row = stage.row(id).await;
        assert_eq!((row.state.as_str(), row.failures, row.handles), ("scheduled", 1, left));
        let waits = row.waits.unwrap();
        assert!(waits > 29_000.0 && waits <= 30_000.0, "{waits}");
    }
}

#[tokio::test]
async fn what_is_prepared_keeps_its_handles_and_waits_for_its_last_second() {
    let stage = Stage::set().await;
    let view = stage.schedule(&[stage.channel().await], TimeDelta::minutes(10)).await;
    let id = view.publications[0].id;
    stage.time_passes(id).await;
    let claim = stage.claim_one(Queue::Preparation).await.claim;
    let handles = Some(Handles { container: Some("c1".into()), ..Handles::default() });
    stage.queue.record(&[Outcome { handles, ..outcome(claim, Next::Ready) }]).await.unwrap();
    let seen = stage.see(id).await;
    assert_eq!((seen.state, seen.due_at), (State::Ready, view.publications[0].due_at));
    assert_eq!(seen.next_step_at, Some(seen.due_at - TimeDelta::seconds(1)));
    assert_eq!(stage.row(id).await.handles, serde_json::json!({ "container": "c1" }));
}

#[tokio::test]
async fn whatever_makes_work_wakes_the_workers() {
    let url = support::migrated_url().await;
    let queue = postgres::connect_for_queue(&url, 4).await.unwrap();
    let stage = Stage::on(postgres::connect(&url, 4).await.unwrap(), queue).await;
    let mut wakes = Box::pin(postgres::listen(url, WAKE_CHANNEL));
    assert_eq!(wakes.next().await, Some(Wake::Connected));
    let rung = Some(Wake::Notified(String::new()));
    stage.due().await;
    assert_eq!(wakes.next().await, rung, "a post was scheduled");
    let claim = stage.claim_one(Queue::Preparation).await.claim;
    stage.queue.give_back(Queue::Preparation, &[claim]).await.unwrap();
    assert_eq!(wakes.next().await, rung, "a claim was given back");
    let claim = stage.claim_one(Queue::Preparation).await.claim;
    assert!(stage.record(claim, Next::Ready).await);
    assert_eq!(wakes.next().await, rung, "it became ready");
}

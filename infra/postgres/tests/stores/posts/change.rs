//! Saving, taking back and deleting.

use chrono::TimeDelta;
use publishing::{
    content::{Attachment, Override},
    id::MediaId,
    post::{PostError, store::PostStore},
    publication::{CancelReason, State},
    queue::{Next, PublicationQueue, Queue},
    status::PostStatus,
};
use scheduling::{LocalSchedule, Schedule};
use tenancy::idempotency::Fence;

use crate::publications::stage::{Stage, now, planned, published};

#[tokio::test]
async fn a_post_reads_back_as_it_was_written() {
    let stage = Stage::set().await;
    let (one, two) = (stage.channel().await, stage.channel().await);
    let mut draft = stage.draft(&[one, two]);
    draft.content.link = Some("https://coffee.example/".parse().unwrap());
    draft.content.media = vec![Attachment { media: MediaId::new(), alt_text: Some("A cup".into()) }];
    draft.targets[0].change = Override { link: Some(None), ..Override::default() };
    draft.targets[1].change = Override { caption: Some("Fresh tea".into()), link: None, media: Some(vec![]) };
    stage.posts.insert(&draft, None).await.unwrap();
    let mut changed = draft.clone();
    let local = "2031-05-01T09:30:00".parse().unwrap();
    changed.schedule = Some(Schedule::Local(LocalSchedule { local, zone: zone::Tz::known("Europe/Lisbon") }));
    changed.version = 2;
    for (post, version) in [(&draft, None), (&changed, Some(1))] {
        if let Some(expected) = version {
            stage.posts.save(post, expected, None).await.unwrap();
        }
        let view = stage.posts.get(&stage.caller, draft.id).await.unwrap();
        assert_eq!(view.status(), PostStatus::Draft);
        assert!(view.post.content == post.content);
        assert!(
            view.post
                .targets
                .iter()
                .zip(&post.targets)
                .all(|(a, b)| a.channel == b.channel && a.change == b.change)
        );
        assert_eq!((view.post.schedule, view.post.version), (post.schedule, post.version));
        assert_eq!((view.post.author, view.post.created_at), (post.author, post.created_at));
    }
}

#[tokio::test]
async fn a_post_is_not_kept_under_an_idempotency_key_that_another_request_has() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await]);
    let lost = Some(Fence(uuid::Uuid::new_v4()));
    assert!(matches!(stage.posts.insert(&draft, lost).await, Err(PostError::Superseded)));
    assert!(matches!(stage.posts.get(&stage.caller, draft.id).await, Err(PostError::NotFound)));
}

#[tokio::test]
async fn of_two_who_save_the_same_version_one_is_told_that_it_is_stale() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (mut tea, mut cake) = (draft.clone(), draft.clone());
    (tea.content.caption, tea.version) = ("Tea".into(), 2);
    (cake.content.caption, cake.version) = ("Cake".into(), 2);
    let (a, b) = tokio::join!(stage.posts.save(&tea, 1, None), stage.posts.save(&cake, 1, None));
    let refused = [&a, &b].map(|saved| matches!(saved, Err(PostError::Stale)));
    assert!(refused == [true, false] || refused == [false, true], "{a:?} {b:?}");
    let kept = stage.posts.get(&stage.caller, draft.id).await.unwrap().post;
    assert_eq!((kept.content.caption.as_str(), kept.version), (if refused[0] { "Cake" } else { "Tea" }, 2));
}

#[tokio::test]
async fn a_stale_schedule_leaves_nothing_behind() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (post, plan) = stage.scheduled(&draft, TimeDelta::hours(1));
    assert!(matches!(stage.save(&post, 7, &plan).await, Err(PostError::Stale)));
    for table in ["approvals", "approved_content", "publications"] {
        assert_eq!(stage.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn an_edit_plans_anew_under_a_new_approval_and_forgets_what_was_prepared() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Ready).await;
    stage.run("UPDATE publications SET handles = '{\"container\": \"c1\"}', failures = 3").await;
    let before = stage.see(id).await;
    let mut post = stage.post_of(id).await;
    let expected = post.version;
    post.content.caption = "Fresh tea".into();
    let (post, plan) = stage.scheduled(&post, TimeDelta::hours(1));
    let after = stage.save(&post, expected, &plan).await.unwrap().publications[0].clone();
    assert_eq!((after.id, after.state, after.failures), (id, State::Scheduled, 0));
    assert_eq!(after.content.caption, "Fresh tea");
    assert_eq!(after.approval, plan.approval.id);
    assert_ne!((after.approval, after.content_hash), (before.approval, before.content_hash));
    let row = stage.row(id).await;
    assert_eq!((row.handles, row.worker, row.epoch), (serde_json::json!({}), None, 2));
    assert_eq!(stage.count("approvals").await, 2, "the earlier approval stays as evidence");
}

#[tokio::test]
async fn a_channel_that_a_post_does_not_name_any_more_is_taken_back() {
    let stage = Stage::set().await;
    let (stays, goes) = (stage.channel().await, stage.channel().await);
    let view = stage.schedule(&[stays, goes], TimeDelta::hours(1)).await;
    let mut post = view.post.clone();
    post.targets.retain(|target| target.channel == stays);
    let (post, plan) = stage.scheduled(&post, TimeDelta::hours(2));
    let view = stage.save(&post, view.post.version, &plan).await.unwrap();
    let of = |channel| view.publications.iter().find(|p| p.channel == channel).unwrap();
    assert_eq!(of(stays).state, State::Scheduled);
    assert_eq!((of(goes).state, of(goes).cancelled), (State::Cancelled, Some(CancelReason::TargetRemoved)));
    assert_eq!(stage.events(of(goes).id.uuid()).await, ["publication.cancelled"]);
    assert!(stage.events(of(stays).id.uuid()).await.is_empty(), "nothing happened to the other one");
    let post = stage.post_of(of(stays).id).await;
    let (again, plan) = stage.scheduled(&post, TimeDelta::hours(3));
    stage.save(&again, post.version, &plan).await.unwrap();
    assert_eq!(
        stage.events(of(goes).id.uuid()).await.len(),
        1,
        "what was taken back is not taken back twice"
    );
}

#[tokio::test]
async fn once_publishing_began_neither_edit_nor_deletion_is_possible() {
    let stage = Stage::set().await;
    for state in [State::Publishing, State::Unconfirmed, State::Published] {
        let (id, _) = stage.in_state(stage.channel().await, state).await;
        let post = stage.post_of(id).await;
        let (changed, plan) = stage.scheduled(&post, TimeDelta::hours(1));
        let edited = stage.save(&changed, post.version, &plan).await;
        assert!(matches!(edited, Err(PostError::PublishingBegan)), "{state}");
        assert!(matches!(stage.cancel(id).await, Err(PostError::PublishingBegan)), "{state}");
        let deleted = stage.posts.delete(&stage.caller, post.id).await;
        assert!(matches!(deleted, Err(PostError::PublishingBegan)), "{state}");
        assert_eq!(stage.state(id).await, state);
        assert_eq!(stage.post_of(id).await.version, post.version, "a refused edit changes nothing");
        assert!(!stage.events(id.uuid()).await.contains(&"publication.cancelled".to_owned()), "{state}");
    }
}

#[tokio::test]
async fn a_cancellation_takes_back_what_it_can_and_leaves_the_rest() {
    let stage = Stage::set().await;
    let (one, two) = (stage.channel().await, stage.channel().await);
    let view = stage.schedule(&[one, two], TimeDelta::zero()).await;
    let claimed = stage.claim(Queue::Preparation).await;
    let first = claimed.iter().find(|row| row.channel == one).unwrap();
    assert!(stage.record(first.claim, Next::Ready).await);
    let permit = stage.claim_one(Queue::Permit).await;
    let after = stage.posts.cancel(&stage.caller, view.post.id).await.unwrap();
    let states: Vec<_> = after.publications.iter().map(|p| (p.channel, p.state)).collect();
    assert!(states.contains(&(one, State::Publishing)) && states.contains(&(two, State::Cancelled)));
    assert_eq!((after.post.scheduled, after.post.version), (false, view.post.version + 1));
    let id = |channel| after.publications.iter().find(|p| p.channel == channel).unwrap().id.uuid();
    assert_eq!(stage.events(id(two)).await, ["publication.cancelled"]);
    assert!(stage.events(id(one)).await.is_empty(), "what could not be taken back was not cancelled");
    assert!(
        stage.record(permit.claim, published("1_1")).await,
        "the call that was on its way is not forgotten"
    );
    assert!(matches!(stage.posts.cancel(&stage.caller, view.post.id).await, Err(PostError::PublishingBegan)));
    assert_eq!(
        stage.count("events WHERE kind = 'publication.cancelled'").await,
        1,
        "a refusal tells nobody anything"
    );
}

#[tokio::test]
async fn a_draft_cannot_be_cancelled_and_what_was_cancelled_is_never_claimed() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let cancelled = stage.posts.cancel(&stage.caller, draft.id).await;
    assert!(matches!(cancelled, Err(PostError::WrongState)));
    for state in [State::Scheduled, State::Preparing, State::Ready] {
        let (id, claim) = stage.in_state(stage.channel().await, state).await;
        stage.cancel(id).await.unwrap();
        let queue = if state == State::Ready { Queue::Permit } else { Queue::Preparation };
        stage.queue.give_back(queue, &[claim]).await.unwrap();
        for queue in Queue::ALL {
            assert!(stage.claim(queue).await.is_empty(), "{queue:?} after {state}");
        }
    }
}

#[tokio::test]
async fn what_was_under_way_when_its_post_was_cancelled_is_not_sent_again() {
    let stage = Stage::set().await;
    for ending in ["refused for now", "not public after all", "given back"] {
        let (calm, busy) = (stage.channel().await, stage.channel().await);
        let view = stage.schedule(&[calm, busy], TimeDelta::zero()).await;
        let of = |channel| view.publications.iter().find(|p| p.channel == channel).unwrap().id;
        let prepared = stage.claim(Queue::Preparation).await;
        let claim = prepared.iter().find(|row| row.channel == busy).unwrap().claim;
        assert!(stage.record(claim, Next::Ready).await);
        let permit = stage.claim_one(Queue::Permit).await.claim;
        stage.posts.cancel(&stage.caller, view.post.id).await.unwrap();
        assert_eq!(
            [stage.state(of(calm)).await, stage.state(of(busy)).await],
            [State::Cancelled, State::Publishing]
        );
        match ending {
            "given back" => stage.queue.give_back(Queue::Permit, &[permit]).await.unwrap(),
            "not public after all" => {
                stage.time_passes(of(busy)).await;
                let look = stage.claim_one(Queue::Look).await.claim;
                assert!(stage.record(look, Next::SendAgain).await);
            }
            _ => {
                let again = Next::Scheduled { after: std::time::Duration::ZERO, start_over: false };
                assert!(stage.record(permit, again).await);
            }
        }
        let seen = stage.see(of(busy)).await;
        assert_eq!(
            (seen.state, seen.cancelled),
            (State::Cancelled, Some(CancelReason::ByCaller)),
            "{ending}"
        );
        assert_eq!(stage.events(of(busy).uuid()).await.last().unwrap(), "publication.cancelled", "{ending}");
        assert!(stage.claim(Queue::Permit).await.is_empty(), "{ending}");
        stage.run("DELETE FROM publications").await;
    }
}

#[tokio::test]
async fn what_was_cancelled_can_be_scheduled_again() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Cancelled).await;
    let post = stage.post_of(id).await;
    let (changed, mut plan) = stage.scheduled(&post, TimeDelta::hours(1));
    plan.publications = vec![planned(&changed, post.targets[0].channel, now() + TimeDelta::hours(1))];
    let view = stage.save(&changed, post.version, &plan).await.unwrap();
    assert_eq!((view.publications[0].id, view.publications[0].state), (id, State::Scheduled));
    assert_eq!(view.publications[0].cancelled, None);
}

#[tokio::test]
async fn deleting_a_post_leaves_nothing_of_it() {
    let stage = Stage::set().await;
    for state in [State::Scheduled, State::Preparing, State::Failed, State::Missed, State::Cancelled] {
        let (id, _) = stage.in_state(stage.channel().await, state).await;
        let post = stage.post_of(id).await.id;
        stage.posts.delete(&stage.caller, post).await.unwrap();
        assert!(matches!(stage.posts.get(&stage.caller, post).await, Err(PostError::NotFound)), "{state}");
    }
    for table in ["posts", "post_targets", "approvals", "approved_content", "publications", "attempts"] {
        assert_eq!(stage.count(table).await, 0, "{table}");
    }
}

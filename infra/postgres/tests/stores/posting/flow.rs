//! Order, pause and resume.

use chrono::TimeDelta;
use publishing::{
    post::{PostError, store::PostStore},
    posting::{QueueChange, store::PostingStore},
    publication::State,
    queue::{Next, Queue},
};
use scheduling::queue::{Flow, Place, Refill};

use super::line::{Line, hours, queued};

#[tokio::test]
async fn first_takes_the_earliest_free_slot_and_last_the_one_behind_everybody() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(3).await;
    line.posts().cancel(&line.stage.caller, posts[1]).await.unwrap();
    let slots = hours(4);
    assert_eq!(line.add().await.due_at, slots[3]);
    let first = line.add_to(&[line.channel], Place::First).await.unwrap();
    assert_eq!(first.publications[0].due_at, slots[1]);
    // Queued means: as early before the slot as the plan said, and as late after it.
    let planned = &first.publications[0];
    assert_eq!(planned.deadline_at - planned.due_at, TimeDelta::hours(1));
    assert!(planned.queued && planned.next_step_at.unwrap() <= slots[1] - TimeDelta::minutes(10));
}

#[tokio::test]
async fn what_has_a_time_of_its_own_takes_its_slot() {
    let line = Line::set(Refill::Leave).await;
    let next = hours(2);
    let (post, plan) = line.draft(&[line.channel], Place::Last).await;
    let mut fixed = plan.clone();
    fixed.publications[0] = fixed.publications[0].clone().moved(next[0], next[0] - TimeDelta::hours(1));
    let mut own = post.clone();
    own.schedule = Some(scheduling::Schedule::At(next[0]));
    own.targets[0].time = publishing::post::TargetTime::Post;
    line.stage.save(&own, post.version - 1, &fixed).await.unwrap();
    assert_eq!(line.add().await.due_at, next[1]);
}

#[tokio::test]
async fn a_new_order_moves_posts_among_their_slots_and_keeps_what_was_approved() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(3).await;
    let before = line.publication(posts[0]).await;
    let order = vec![posts[2], posts[0], posts[1]];
    line.change(QueueChange::Reorder(order.clone())).await.unwrap();
    assert_eq!(line.seats().await, hours(3).into_iter().zip(order).collect::<Vec<_>>());
    let after = line.publication(posts[0]).await;
    assert_eq!((after.approval, after.content_hash), (before.approval, before.content_hash));
    assert_eq!(after.deadline_at - after.due_at, before.deadline_at - before.due_at);
}

#[tokio::test]
async fn an_order_without_somebody_changes_nothing() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(2).await;
    let before = line.seats().await;
    let refused = line.change(QueueChange::Reorder(vec![posts[1]])).await;
    assert!(matches!(refused, Err(PostError::Invalid(_))), "{refused:?}");
    assert_eq!(line.seats().await, before);
}

#[tokio::test]
async fn a_shuffle_gives_everybody_one_of_the_slots() {
    let line = Line::set(Refill::Leave).await;
    line.fill(6).await;
    let before = line.seats().await;
    line.change(QueueChange::Shuffle(7)).await.unwrap();
    let after = line.seats().await;
    assert!(before.iter().zip(&after).all(|(b, a)| b.0 == a.0));
    assert_ne!(before, after);
}

#[tokio::test]
async fn a_worker_that_prepares_a_post_when_it_moves_is_shut_out() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(2).await;
    let id = line.publication(posts[0]).await.id;
    line.stage.time_passes(id).await;
    let claim = line.stage.claim_one(Queue::Preparation).await.claim;
    line.change(QueueChange::Reorder(vec![posts[1], posts[0]])).await.unwrap();
    assert!(!line.stage.record(claim, Next::Ready).await);
    assert_eq!(line.stage.state(id).await, State::Scheduled);
}

#[tokio::test]
async fn nobody_goes_while_the_queue_is_paused() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(2).await;
    let ready = line.publication(posts[0]).await.id;
    line.stage.time_passes(ready).await;
    let claim = line.stage.claim_one(Queue::Preparation).await.claim;
    assert!(line.stage.record(claim, Next::Ready).await);
    line.change(QueueChange::Pause).await.unwrap();
    let added = line.add().await;
    line.days_pass().await;
    for queue in [Queue::Preparation, Queue::Permit] {
        assert!(line.stage.claim(queue).await.is_empty(), "{queue:?}");
    }
    for post in [posts[0], posts[1], added.post] {
        let held = line.publication(post).await;
        assert_eq!((held.state, held.next_step_at, held.queued), (State::Scheduled, None, true));
    }
    let part = line.posting.waiting(&line.stage.caller, line.channel, None, 10).await.unwrap();
    assert_eq!((part.flow, part.waiting.len()), (Flow::Paused, 3));
}

#[tokio::test]
async fn resuming_gives_new_slots_to_those_whose_own_have_passed_and_all_go_again() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(3).await;
    line.change(QueueChange::Pause).await.unwrap();
    line.days_pass().await;
    line.change(QueueChange::Resume).await.unwrap();
    assert_eq!(line.seats().await, hours(3).into_iter().zip(posts.clone()).collect::<Vec<_>>());
    for post in posts {
        let publication = line.publication(post).await;
        assert!(publication.next_step_at.is_some());
        assert_eq!(
            line.view(post).await.publications[0].deadline_at - publication.due_at,
            TimeDelta::hours(1)
        );
    }
}

#[tokio::test]
async fn a_post_in_a_paused_queue_can_be_changed_and_taken_back() {
    let line = Line::set(Refill::Leave).await;
    let post = line.fill(1).await[0];
    line.change(QueueChange::Pause).await.unwrap();
    let before = line.view(post).await;
    let mut changed = before.post.clone();
    changed.content.caption = "Fresh tea".into();
    let (changed, plan) = queued(&line.stage, &changed, Place::Last);
    let after = line.stage.save(&changed, before.post.version, &plan).await.unwrap().publications.remove(0);
    assert_eq!(after.due_at, before.publications[0].due_at, "it keeps its slot");
    assert_eq!((after.content.caption.as_str(), after.next_step_at), ("Fresh tea", None));
    line.posts().cancel(&line.stage.caller, post).await.unwrap();
    assert_eq!(line.publication(post).await.state, State::Cancelled);
}

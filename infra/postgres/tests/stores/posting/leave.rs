//! Leaving a queue, and who moves up.

use chrono::TimeDelta;
use publishing::{
    id::PostId,
    post::{
        PostError, TargetTime,
        store::{PostStore, Rescheduled},
    },
    publication::{CancelReason, State},
    status::PostStatus,
};
use scheduling::queue::{Place, Refill};

use super::line::{Line, hours};

/// Which of these posts waits for which of the next full hours, after the first of four has gone.
async fn after_the_first_left(refill: Refill, leave: impl AsyncFnOnce(&Line, PostId)) -> Vec<(usize, usize)> {
    let line = Line::set(refill).await;
    let posts = line.fill(4).await;
    let slots = hours(4);
    leave(&line, posts[0]).await;
    // Who moved into the slot of another is told of.
    for (post, slot) in posts.iter().zip(&slots).skip(1) {
        let told = line.stage.events(post.uuid()).await.contains(&"post.moved".to_owned());
        assert_eq!(told, line.publication(*post).await.due_at != *slot);
    }
    let place = |(at, post)| {
        let number = posts.iter().position(|one| *one == post).unwrap();
        (slots.iter().position(|slot| *slot == at).unwrap(), number)
    };
    line.seats().await.into_iter().map(place).collect()
}

async fn cancelled(line: &Line, post: PostId) {
    line.posts().cancel(&line.stage.caller, post).await.unwrap();
}

async fn deleted(line: &Line, post: PostId) {
    line.posts().delete(&line.stage.caller, post).await.unwrap();
}

async fn withdrawn(line: &Line, post: PostId) {
    line.posts().leave_queues(&line.stage.caller, post).await.unwrap();
}

/// Scheduled at a time of its own instead.
async fn rescheduled(line: &Line, post: PostId) {
    let mut post = line.view(post).await.post;
    post.targets[0].time = TargetTime::Post;
    let expected = post.version;
    let (post, plan) = line.stage.scheduled(&post, TimeDelta::days(30));
    let view = line.stage.save(&post, expected, &plan).await.unwrap();
    assert!(!view.publications[0].queued);
}

/// Taken back in one transaction with others.
async fn cancelled_together(line: &Line, post: PostId) {
    let views = line.posts().cancel_together(&line.stage.caller, &[post]).await.unwrap();
    assert_eq!(views[0].publications[0].state, State::Cancelled);
}

/// Scheduled at a time of its own, in one transaction with others.
async fn rescheduled_together(line: &Line, post: PostId) {
    let mut post = line.view(post).await.post;
    post.targets[0].time = TargetTime::Post;
    let expected = post.version;
    let (post, plan) = line.stage.scheduled(&post, TimeDelta::days(30));
    let views = line.posts().save_together(&[Rescheduled { post, expected, plan }]).await.unwrap();
    assert!(!views[0].publications[0].queued);
}

#[tokio::test]
async fn what_left_its_only_queue_is_not_due_any_more() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(3).await;
    withdrawn(&line, posts[0]).await;
    cancelled(&line, posts[1]).await;
    assert_eq!(line.stage.count("posts WHERE due_at IS NULL AND NOT scheduled").await, 2);
    assert_eq!(line.stage.count("posts WHERE due_at IS NOT NULL AND scheduled").await, 1);
}

#[tokio::test]
async fn a_slot_is_refilled_by_policy_however_its_post_left() {
    let left = [(1, 1), (2, 2), (3, 3)];
    assert_eq!(after_the_first_left(Refill::Leave, cancelled).await, left);
    let up = [(0, 1), (1, 2), (2, 3)];
    assert_eq!(after_the_first_left(Refill::MoveUp, cancelled).await, up);
    assert_eq!(after_the_first_left(Refill::MoveUp, deleted).await, up);
    assert_eq!(after_the_first_left(Refill::MoveUp, withdrawn).await, up);
    assert_eq!(after_the_first_left(Refill::MoveUp, rescheduled).await, up);
    assert_eq!(after_the_first_left(Refill::MoveUp, cancelled_together).await, up);
    assert_eq!(after_the_first_left(Refill::MoveUp, rescheduled_together).await, up);
    assert_eq!(after_the_first_left(Refill::PullLast, withdrawn).await, [(0, 3), (1, 1), (2, 2)]);
}

#[tokio::test]
async fn a_post_that_left_its_only_queue_is_taken_back_and_can_be_queued_again() {
    let line = Line::set(Refill::Leave).await;
    let post = line.fill(1).await[0];
    let view = line.posts().leave_queues(&line.stage.caller, post).await.unwrap();
    assert_eq!((view.status(), view.post.scheduled), (PostStatus::Cancelled, false));
    assert_eq!(view.publications[0].cancelled, Some(CancelReason::ByCaller));
    assert_eq!(view.post.targets[0].time, TargetTime::Unplanned);
    let again = line.posts().leave_queues(&line.stage.caller, post).await;
    assert!(matches!(again, Err(PostError::NotQueued)), "{again:?}");
    let (again, plan) = super::line::queued(&line.stage, &view.post, Place::Last);
    let again = line.stage.save(&again, view.post.version, &plan).await.unwrap();
    assert_eq!((again.publications[0].state, again.publications[0].due_at), (State::Scheduled, hours(1)[0]));
}

#[tokio::test]
async fn what_is_planned_at_a_time_of_its_own_stays_when_a_post_leaves_the_queue() {
    let line = Line::set(Refill::Leave).await;
    let other = line.stage.channel().await;
    let (mut post, mut plan) = line.draft(&[line.channel, other], Place::Last).await;
    let later = hours(40)[39];
    post.targets[1].time = TargetTime::Own(scheduling::Schedule::At(later));
    plan.publications[1] = plan.publications[1].clone().moved(later, later - TimeDelta::days(1));
    let before = line.stage.save(&post, post.version - 1, &plan).await.unwrap();
    assert_eq!(before.publications.iter().map(|p| p.queued).collect::<Vec<_>>(), [true, false]);
    let after = line.posts().leave_queues(&line.stage.caller, post.id).await.unwrap();
    assert!(after.post.scheduled);
    let states: Vec<_> = after.publications.iter().map(|p| (p.state, p.due_at)).collect();
    assert_eq!(states, [(State::Cancelled, hours(1)[0]), (State::Scheduled, later)]);
}

#[tokio::test]
async fn disconnecting_a_channel_empties_its_queue() {
    let line = Line::set(Refill::MoveUp).await;
    line.fill(3).await;
    line.stage.disconnect(line.channel).await;
    assert!(line.seats().await.is_empty());
}

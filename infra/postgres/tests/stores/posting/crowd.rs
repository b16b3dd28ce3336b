//! Many at once.

use std::collections::BTreeSet;

use diesel_async::SimpleAsyncConnection;
use futures::future::join_all;
use publishing::{
    post::{PostError, store::PostStore},
    publication::State,
};
use scheduling::queue::{Place, Refill};

use super::line::{Line, hours, queued};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_who_add_at_once_get_a_slot_each_and_leave_none_out() {
    let line = Line::set(Refill::Leave).await;
    let mut posts = Vec::new();
    for _ in 0..64 {
        posts.push(line.draft(&[line.channel], Place::Last).await);
    }
    let added =
        join_all(posts.iter().map(|(post, plan)| line.stage.save(post, post.version - 1, plan))).await;
    let slots: BTreeSet<_> = added.iter().map(|view| view.as_ref().unwrap().publications[0].due_at).collect();
    assert_eq!(slots.len(), 64, "two got the same slot");
    let slots: Vec<_> = slots.into_iter().collect();
    assert_eq!(slots, hours(64), "a slot was left out");
    assert_eq!(line.seats().await.into_iter().map(|(at, _)| at).collect::<Vec<_>>(), slots);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn posts_on_several_channels_enter_and_leave_at_once_without_waiting_for_each_other_for_ever() {
    let line = Line::set(Refill::MoveUp).await;
    let (one, two) = (line.channel, line.stage.channel().await);
    let mut waiting = Vec::new();
    for n in 0..12 {
        let channels = if n % 2 == 0 { [one, two] } else { [two, one] };
        waiting.push(line.add_to(&channels, Place::Last).await.unwrap().post.id);
    }
    let mut drafts = Vec::new();
    for n in 0..12 {
        let channels = if n % 2 == 0 { [two, one] } else { [one, two] };
        drafts.push(line.draft(&channels, Place::First).await);
    }
    let leave = join_all(waiting.iter().map(|post| line.posts().cancel(&line.stage.caller, *post)));
    let enter = join_all(drafts.iter().map(|(post, plan)| line.stage.save(post, post.version - 1, plan)));
    let (left, entered) = tokio::join!(leave, enter);
    assert!(left.iter().all(Result::is_ok), "{left:?}");
    assert!(entered.iter().all(Result::is_ok), "{entered:?}");
    assert_eq!(line.seats().await.len(), 12);
    for view in left {
        assert!(view.unwrap().publications.iter().all(|p| p.state == State::Cancelled));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_post_that_is_taken_back_while_it_is_being_queued_leaves_no_gap() {
    let line = Line::set(Refill::MoveUp).await;
    for _ in 0..25 {
        // It has been in the queue before, so that its publication is there to be locked.
        let post = line.add().await.post;
        line.posts().cancel(&line.stage.caller, post).await.unwrap();
        let (post, plan) = queued(&line.stage, &line.view(post).await.post, Place::Last);
        let (next, next_plan) = line.draft(&[line.channel], Place::Last).await;
        let (added, _, behind) = tokio::join!(
            line.stage.save(&post, post.version - 1, &plan),
            line.posts().cancel(&line.stage.caller, post.id),
            line.stage.save(&next, next.version - 1, &next_plan)
        );
        assert!(matches!(added, Ok(_) | Err(PostError::Stale)), "{added:?}");
        behind.unwrap();
        let slots: Vec<_> = line.seats().await.into_iter().map(|(at, _)| at).collect();
        assert_eq!(slots, hours(slots.len()), "nobody moved up");
        for (_, post) in line.seats().await {
            line.posts().cancel(&line.stage.caller, post).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_database_itself_refuses_a_slot_that_is_taken() {
    let line = Line::set(Refill::Leave).await;
    let (one, two) = (line.add().await, line.add().await);
    let steal = format!("UPDATE publications SET due_at = '{}' WHERE id = '{}'", one.due_at, two.id.uuid());
    let refused = line.stage.pool.get().await.unwrap().batch_execute(&steal).await.unwrap_err();
    assert!(refused.to_string().contains("publications_slot"), "{refused}");
    // What ended takes no slot.
    line.stage.cancel(one.id).await.unwrap();
    line.stage.run(&steal).await;
}

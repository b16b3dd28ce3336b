//! Many posts in one transaction.

use chrono::TimeDelta;
use publishing::{
    id::PostId,
    post::{
        Composed, PostError,
        store::{PostStore, Rescheduled},
    },
    publication::State,
};

use crate::publications::stage::Stage;

fn scheduled(stage: &Stage, channel: publishing::id::ChannelId) -> Composed {
    let (mut post, plan) = stage.scheduled(&stage.draft(&[channel]), TimeDelta::hours(1));
    post.version = 1;
    Composed { post, plan: Some(plan) }
}

#[tokio::test]
async fn new_posts_read_back_as_they_were_kept() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let draft = Composed { post: stage.draft(&[channel]), plan: None };
    let all = [scheduled(&stage, channel), draft];
    assert_eq!(stage.posts.insert_all(&all, true, None).await.unwrap(), [true, true]);
    for one in &all {
        let view = stage.posts.get(&stage.caller, one.post.id).await.unwrap();
        assert_eq!((view.post.version, view.post.scheduled), (1, one.plan.is_some()));
        assert!(view.post.content == one.post.content && view.post.targets == one.post.targets);
        assert_eq!((view.post.schedule, view.post.author), (one.post.schedule, one.post.author));
        let planned = one.plan.iter().flat_map(|plan| plan.publications.iter().map(|p| (p.id, p.due_at)));
        let kept = view.publications.iter().map(|p| (p.id, p.due_at)).collect::<Vec<_>>();
        assert_eq!(kept, planned.collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn nothing_is_planned_onto_a_channel_that_was_disconnected_meanwhile() {
    let stage = Stage::set().await;
    let (live, gone) = (stage.channel().await, stage.channel().await);
    let all = [scheduled(&stage, live), scheduled(&stage, gone)];
    stage.disconnect(gone).await;
    assert_eq!(stage.posts.insert_all(&all, true, None).await.unwrap(), [true, false]);
    assert_eq!(stage.count("posts").await, 0);
    assert_eq!(stage.posts.insert_all(&all, false, None).await.unwrap(), [true, false]);
    assert_eq!((stage.count("posts").await, stage.count("publications").await), (1, 1));
}

#[tokio::test]
async fn changes_that_belong_together_stop_at_the_first_that_is_stale() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut changes = Vec::new();
    for _ in 0..3 {
        let draft = stage.draft(&[channel]);
        stage.posts.insert(&draft, None).await.unwrap();
        let (post, plan) = stage.scheduled(&draft, TimeDelta::hours(1));
        changes.push(Rescheduled { post, expected: draft.version, plan });
    }
    changes[1].expected = 7;
    let (place, error) = stage.posts.save_together(&changes).await.unwrap_err();
    assert!(place == 1 && matches!(error, PostError::Stale));
    assert_eq!(stage.count("publications").await, 0);
    changes[1].expected = 1;
    assert_eq!(stage.posts.save_together(&changes).await.unwrap().len(), 3);
    assert_eq!(stage.count("publications").await, 3);
}

#[tokio::test]
async fn posts_are_taken_back_together_or_not_at_all() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut posts = Vec::new();
    for _ in 0..2 {
        posts.push(stage.schedule(&[channel], TimeDelta::hours(1)).await.post.id);
    }
    let unknown = [posts[0], PostId::new()];
    let (place, error) = stage.posts.cancel_together(&stage.caller, &unknown).await.unwrap_err();
    assert!(place == 1 && matches!(error, PostError::NotFound));
    let neighbour = stage.neighbour().await;
    let (place, _) = stage.posts.cancel_together(&neighbour.caller, &posts).await.unwrap_err();
    assert_eq!(place, 0);
    assert_eq!(stage.count("publications WHERE state = 'scheduled'").await, 2);
    let views = stage.posts.cancel_together(&stage.caller, &posts).await.unwrap();
    assert!(views.iter().all(|view| view.publications[0].state == State::Cancelled));
}

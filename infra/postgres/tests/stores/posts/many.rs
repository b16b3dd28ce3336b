//! Many posts in one transaction.

use chrono::TimeDelta;
use publishing::{
    id::PostId,
    post::{
        Composed, Post, PostError, TargetTime,
        store::{Plan, PostStore, Rescheduled},
    },
    publication::State,
};
use scheduling::{LocalSchedule, Schedule, Tz};
use tenancy::organization::LateLimit;

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

/// A post for a time on the wall, on one channel at a time of its own, and with a limit of its own.
fn with_everything(stage: &Stage, draft: &Post) -> (Post, Plan) {
    let (mut post, mut plan) = stage.scheduled(draft, TimeDelta::days(1));
    let wall = |day: &str| {
        let local = format!("{day}T09:00:00").parse().unwrap();
        Schedule::Local(LocalSchedule { local, zone: Tz::known("Europe/Tallinn") })
    };
    post.late_limit = Some(LateLimit::from_minutes(7).unwrap());
    post.schedule = Some(wall("2030-05-02"));
    post.targets[1].time = TargetTime::Own(wall("2030-05-01"));
    for (target, planned) in post.targets.iter().zip(&mut plan.publications) {
        *planned = planned.clone().moved(post.time_on(target).unwrap(), planned.due_at);
    }
    (post, plan)
}

#[tokio::test]
async fn posts_that_are_kept_together_look_as_one_that_is_kept_alone_and_scheduled_then() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await, stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (post, plan) = with_everything(&stage, &draft);
    let alone = stage.save(&post, draft.version, &plan).await.unwrap();

    let (mut post, plan) = with_everything(&stage, &Post { id: PostId::new(), ..draft });
    post.version = 1;
    let together = [Composed { post, plan: Some(plan) }];
    assert_eq!(stage.posts.insert_all(&together, true, None).await.unwrap(), [true]);
    let id = together[0].post.id;
    let view = stage.posts.get(&stage.caller, id).await.unwrap();
    assert_eq!((view.post.schedule, view.post.late_limit), (alone.post.schedule, alone.post.late_limit));
    assert!(view.post.targets == alone.post.targets);
    for (table, apart) in [
        ("posts", "'id', 'version', 'created_at', 'updated_at'"),
        ("post_targets", "'post_id'"),
        (
            "publications",
            "'id', 'post_id', 'approval_id', 'epoch', 'plan_epoch', 'next_step_at', 'created_at', 'updated_at'",
        ),
    ] {
        let rows = stage.count(table).await;
        let alike = format!("(SELECT DISTINCT to_jsonb(x) - ARRAY[{apart}] FROM {table} x) y");
        assert_eq!(stage.count(&alike).await * 2, rows, "{table}");
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
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    let mixed = [posts[0], PostId::new(), posts[1], draft.id];
    let refused = stage.posts.cancel_together(&stage.caller, &mixed).await.unwrap_err();
    assert!(matches!(refused[..], [(1, PostError::NotFound), (3, PostError::WrongState)]), "{refused:?}");
    let neighbour = stage.neighbour().await;
    let refused = stage.posts.cancel_together(&neighbour.caller, &posts).await.unwrap_err();
    assert!(matches!(refused[..], [(0, PostError::NotFound), (1, PostError::NotFound)]), "{refused:?}");
    assert_eq!(stage.count("publications WHERE state = 'scheduled'").await, 2);
    let views = stage.posts.cancel_together(&stage.caller, &posts).await.unwrap();
    assert!(views.iter().all(|view| view.publications[0].state == State::Cancelled));
}

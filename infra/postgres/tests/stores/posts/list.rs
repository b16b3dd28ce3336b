//! Lists: newest first, within reach, filtered, page by page.

use chrono::{DateTime, TimeDelta, Utc};
use postgres::calendar::PgCalendarStore;
use publishing::{
    calendar::{CalendarStore, Selection},
    id::{ChannelId, PostId},
    post::{
        PostError, PostView, TargetTime,
        store::{PostFilter, PostStore, PublicationFilter},
    },
    publication::State,
    status::PostStatus,
};
use scheduling::Schedule;
use tenancy::{Caller, Reach, WorkspaceId};

use crate::publications::stage::{Stage, now};

fn ids(views: &[PostView]) -> Vec<PostId> {
    views.iter().map(|view| view.post.id).collect()
}

async fn posts(stage: &Stage, filter: PostFilter) -> Vec<PostId> {
    let filter = PostFilter { limit: filter.limit.max(1), ..filter };
    ids(&stage.posts.list(&stage.caller, &filter).await.unwrap())
}

/// Seven posts, oldest first.
async fn seven(stage: &Stage) -> Vec<PostId> {
    let channel = stage.channel().await;
    let mut written = vec![];
    for hours in 1..=7 {
        written.push(stage.schedule(&[channel], TimeDelta::hours(hours)).await.post.id);
    }
    written
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let stage = Stage::set().await;
    let mut expected = seven(&stage).await;
    expected.reverse();
    let (mut found, mut after) = (vec![], None);
    for size in [3, 3, 1, 0] {
        let page = posts(&stage, PostFilter { after, limit: 3, ..PostFilter::default() }).await;
        assert_eq!(page.len(), size);
        after = page.last().copied();
        found.extend(page);
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn posts_are_filtered_by_when_and_where() {
    let stage = Stage::set().await;
    let written = seven(&stage).await;
    let channel = stage.channel().await;
    let other = stage.schedule(&[channel], TimeDelta::hours(3)).await.post.id;
    let all = PostFilter { limit: 100, ..PostFilter::default() };
    let third = stage.posts.get(&stage.caller, written[2]).await.unwrap().post.schedule.unwrap().resolve();
    let fifth = stage.posts.get(&stage.caller, written[4]).await.unwrap().post.schedule.unwrap().resolve();
    let between = PostFilter { due_from: Some(third), due_before: Some(fifth), ..all.clone() };
    assert_eq!(posts(&stage, between).await, [other, written[3], written[2]]);
    assert_eq!(posts(&stage, PostFilter { channel: Some(channel), ..all.clone() }).await, [other]);
    let workspace = Some(stage.workspace);
    assert_eq!(posts(&stage, PostFilter { workspace, ..all.clone() }).await.len(), 8);
    let elsewhere = Some(WorkspaceId::new());
    assert!(posts(&stage, PostFilter { workspace: elsewhere, ..all }).await.is_empty());
}

/// A post on two channels at times of their own: one in ten days, the other in seventy.
async fn apart(stage: &Stage) -> (PostId, [ChannelId; 2], [DateTime<Utc>; 2]) {
    let channels = [stage.channel().await, stage.channel().await];
    let draft = stage.draft(&channels);
    stage.posts.insert(&draft, None).await.unwrap();
    let times = [10, 70].map(|days| now() + TimeDelta::days(days));
    let (mut post, mut plan) = stage.scheduled(&draft, TimeDelta::zero());
    post.schedule = None;
    for (n, at) in times.into_iter().enumerate() {
        post.targets[n].time = TargetTime::Own(Schedule::At(at));
        plan.publications[n] = plan.publications[n].clone().moved(at, now());
    }
    stage.save(&post, draft.version, &plan).await.unwrap();
    (post.id, channels, times)
}

#[tokio::test]
async fn a_post_is_due_whenever_one_of_its_channels_is_and_on_a_named_channel_when_that_is() {
    let stage = Stage::set().await;
    let (post, [early, late], times) = apart(&stage).await;
    let near = |at: DateTime<Utc>, channel: Option<ChannelId>| PostFilter {
        due_from: Some(at - TimeDelta::days(1)),
        due_before: Some(at + TimeDelta::days(1)),
        channel,
        limit: 100,
        ..PostFilter::default()
    };
    for (at, channel, is_found) in [
        (times[0], None, true),
        (times[1], None, true),
        (times[0], Some(early), true),
        (times[0], Some(late), false),
        (times[1], Some(early), false),
        (times[1], Some(late), true),
        (times[0] + TimeDelta::days(30), None, false),
    ] {
        let expected = if is_found { vec![post] } else { vec![] };
        assert_eq!(posts(&stage, near(at, channel)).await, expected, "{at} {channel:?}");
        let filter = near(at, channel);
        let selection = Selection {
            from: filter.due_from,
            until: filter.due_before,
            channels: channel.map(|channel| vec![channel]),
            ..Selection::of(stage.caller.organization, stage.workspace)
        };
        let exported = PgCalendarStore(stage.pool.clone()).posts(&selection, None, 10).await.unwrap();
        assert_eq!(ids(&exported), expected, "{at} {channel:?}");
    }
    let from_then_on = PostFilter { due_from: Some(times[1]), limit: 100, ..PostFilter::default() };
    assert_eq!(posts(&stage, from_then_on).await, [post]);
    let before = PostFilter { due_before: Some(times[0]), limit: 100, ..PostFilter::default() };
    assert!(posts(&stage, before).await.is_empty());
}

#[tokio::test]
async fn a_post_without_publications_is_due_at_its_own_time() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    stage.run("UPDATE posts SET due_at = '2027-03-01T09:00:00Z'").await;
    let march = PostFilter {
        due_from: Some("2027-03-01T00:00:00Z".parse().unwrap()),
        due_before: Some("2027-04-01T00:00:00Z".parse().unwrap()),
        limit: 10,
        ..PostFilter::default()
    };
    assert_eq!(posts(&stage, march.clone()).await, [draft.id]);
    assert_eq!(posts(&stage, PostFilter { channel: Some(channel), ..march.clone() }).await, [draft.id]);
    let other = Some(stage.channel().await);
    assert!(posts(&stage, PostFilter { channel: other, ..march.clone() }).await.is_empty());
    assert!(
        posts(&stage, PostFilter { due_from: march.due_before, due_before: None, ..march }).await.is_empty()
    );
}

#[tokio::test]
async fn posts_are_filtered_by_the_status_that_they_show() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut by_state = vec![];
    for state in [State::Published, State::Failed, State::Cancelled, State::Published, State::Ready] {
        let (id, _) = stage.in_state(channel, state).await;
        by_state.push(stage.post_of(id).await.id);
    }
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    for (status, expected) in [
        (PostStatus::Published, vec![by_state[3], by_state[0]]),
        (PostStatus::Failed, vec![by_state[1]]),
        (PostStatus::Cancelled, vec![by_state[2]]),
        (PostStatus::Scheduled, vec![by_state[4]]),
        (PostStatus::Draft, vec![draft.id]),
        (PostStatus::Missed, vec![]),
    ] {
        // A page shorter than what has to be read for it.
        let mut found =
            posts(&stage, PostFilter { status: Some(status), limit: 1, ..PostFilter::default() }).await;
        if let Some(last) = found.last().copied() {
            let filter =
                PostFilter { status: Some(status), after: Some(last), limit: 9, ..PostFilter::default() };
            found.extend(posts(&stage, filter).await);
        }
        assert_eq!(found, expected, "{status}");
    }
}

#[tokio::test]
async fn publications_are_filtered_and_paged() {
    let stage = Stage::set().await;
    let (channel, other) = (stage.channel().await, stage.channel().await);
    let (published, _) = stage.in_state(channel, State::Published).await;
    let (waiting, _) = stage.in_state(channel, State::Ready).await;
    let (undecided, _) = stage.in_state(other, State::Unconfirmed).await;
    stage
        .run("UPDATE publications SET needs_person = true, next_step_at = NULL WHERE state = 'unconfirmed'")
        .await;
    let all = PublicationFilter { limit: 100, ..PublicationFilter::default() };
    let post = stage.post_of(waiting).await.id;
    for (filter, expected) in [
        (all.clone(), vec![undecided, waiting, published]),
        (PublicationFilter { channel: Some(channel), ..all.clone() }, vec![waiting, published]),
        (PublicationFilter { state: Some(State::Published), ..all.clone() }, vec![published]),
        (PublicationFilter { needs_person: Some(true), ..all.clone() }, vec![undecided]),
        (PublicationFilter { needs_person: Some(false), ..all.clone() }, vec![waiting, published]),
        (PublicationFilter { post: Some(post), ..all.clone() }, vec![waiting]),
        (PublicationFilter { workspace: Some(WorkspaceId::new()), ..all.clone() }, vec![]),
        (PublicationFilter { limit: 1, ..all.clone() }, vec![undecided]),
        (PublicationFilter { after: Some(undecided), limit: 1, ..all.clone() }, vec![waiting]),
    ] {
        let found = stage.posts.publications(&stage.caller, &filter).await.unwrap();
        assert_eq!(found.iter().map(|p| p.id).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn whoever_is_out_of_reach_finds_nothing_and_changes_nothing() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Failed).await;
    let post = stage.post_of(id).await.id;
    let other_workspace = Reach::Only([WorkspaceId::new()].into_iter().collect());
    let limited = Caller { reach: other_workspace, ..stage.caller.clone() };
    for caller in [&stage.neighbour().await.caller, &limited] {
        let not_found =
            |error: Option<PostError>| assert!(matches!(error, Some(PostError::NotFound)), "{error:?}");
        let posts = PostFilter { limit: 100, ..PostFilter::default() };
        assert!(stage.posts.list(caller, &posts).await.unwrap().is_empty());
        let publications = PublicationFilter { limit: 100, ..PublicationFilter::default() };
        assert!(stage.posts.publications(caller, &publications).await.unwrap().is_empty());
        not_found(stage.posts.get(caller, post).await.err());
        not_found(stage.posts.publication(caller, id).await.err());
        not_found(stage.posts.attempts(caller, id).await.err());
        not_found(stage.posts.cancel(caller, post).await.err());
        not_found(stage.posts.delete(caller, post).await.err());
        let live = publishing::post::store::Decision::Live { id: "1_1".into(), permalink: None };
        not_found(stage.posts.resolve(caller, id, &live).await.err());
    }
    assert_eq!(stage.state(id).await, State::Failed);
}

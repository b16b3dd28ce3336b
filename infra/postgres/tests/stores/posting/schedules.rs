//! Posting schedules: whose they are, their versions, and what follows for those who wait.

use publishing::{
    post::PostError,
    posting::{QueueChange, store::PostingStore},
};
use scheduling::{ChannelSchedule, PostingSchedule, queue::Refill};
use serde_json::json;
use tenancy::WorkspaceId;

use super::line::{Line, hourly, hours};
use crate::publications::stage::Stage;

fn without_slots() -> PostingSchedule {
    serde_json::from_value(json!({ "zone": "UTC" })).unwrap()
}

#[tokio::test]
async fn a_workspace_that_never_said_anything_has_no_slots_in_its_own_zone() {
    let stage = Stage::set().await;
    let posting =
        postgres::posting::PgPostingStore::new(stage.pool.clone(), publishing::timing::Timing::default());
    stage.run("UPDATE workspaces SET time_zone = 'Asia/Kolkata'").await;
    let found = posting.workspace(&stage.caller, stage.workspace).await.unwrap();
    assert_eq!((found.schedule.zone, found.version), (zone::Tz::known("Asia/Kolkata"), 0));
    assert!(found.schedule.week.is_empty());
}

#[tokio::test]
async fn a_schedule_is_changed_by_whoever_read_its_version() {
    let line = Line::set(Refill::PullLast).await;
    let (caller, workspace) = (&line.stage.caller, line.stage.workspace);
    let found = line.posting.workspace(caller, workspace).await.unwrap();
    assert_eq!((found.version, found.refill, &found.schedule), (1, Refill::PullLast, &hourly()));
    let save =
        |expected| line.posting.save_workspace(caller, workspace, expected, &found.schedule, Refill::Leave);
    assert!(matches!(save(Some(0)).await, Err(PostError::Stale)));
    assert_eq!(save(Some(1)).await.unwrap().version, 2);
    let own = ChannelSchedule::default();
    let save = |expected| line.posting.save_channel(caller, line.channel, expected, Some(&own));
    assert_eq!(save(Some(0)).await.unwrap().version, 1);
    assert!(matches!(save(Some(0)).await, Err(PostError::Stale)));
}

#[tokio::test]
async fn a_channel_has_its_own_slots_until_it_gives_them_up() {
    let line = Line::set(Refill::Leave).await;
    let caller = &line.stage.caller;
    let own: ChannelSchedule = serde_json::from_value(json!({ "week": { "monday": ["09:30"] } })).unwrap();
    let changed = line.posting.save_channel(caller, line.channel, None, Some(&own)).await.unwrap();
    assert_eq!((changed.own.as_ref(), &changed.effective), (Some(&own), &hourly().for_channel(&own)));
    let added = line.add().await;
    assert!(changed.effective.has_slot(added.due_at));
    let ended = line.posting.save_channel(caller, line.channel, Some(1), None).await.unwrap();
    assert_eq!((ended.own, ended.effective, ended.version), (None, hourly(), 2));
}

#[tokio::test]
async fn those_who_wait_where_there_is_no_slot_any_more_get_others_in_their_order() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(3).await;
    let (first, second) = (hours(1)[0], hours(2)[1]);
    let mut schedule = hourly();
    schedule.spacing = 120.try_into().unwrap();
    line.publish(&schedule, Refill::Leave).await.unwrap();
    let seats = line.seats().await;
    assert_eq!(seats.iter().map(|(_, post)| *post).collect::<Vec<_>>(), posts);
    let slots: Vec<_> = hours(5).into_iter().step_by(2).collect();
    assert_eq!(seats.iter().map(|(at, _)| *at).collect::<Vec<_>>(), slots);
    assert!(first == slots[0] && second != slots[1]);
    // Who moved is told of, and who stayed is not.
    assert!(line.stage.events(posts[0].uuid()).await.is_empty());
    assert_eq!(line.stage.events(posts[2].uuid()).await, ["post.moved"]);
    // Posts say when they are due, too.
    let due = format!("posts WHERE due_at = '{}' AND id = '{}'", slots[2], posts[2].uuid());
    assert_eq!(line.stage.count(&due).await, 1);
}

#[tokio::test]
async fn a_schedule_that_has_no_slots_for_those_who_wait_is_refused_and_changes_nothing() {
    let line = Line::set(Refill::Leave).await;
    line.fill(1).await;
    let refused = line.publish(&without_slots(), Refill::Leave).await;
    assert!(matches!(refused, Err(PostError::QueueFull { .. })), "{refused:?}");
    let kept = line.posting.workspace(&line.stage.caller, line.stage.workspace).await.unwrap();
    assert_eq!((kept.schedule, kept.version), (hourly(), 1));
}

#[tokio::test]
async fn without_slots_nobody_can_be_added_and_the_post_stays_a_draft() {
    let line = Line::set(Refill::Leave).await;
    line.publish(&without_slots(), Refill::Leave).await.unwrap();
    let refused = line.add_to(&[line.channel], scheduling::queue::Place::Last).await;
    assert!(matches!(refused, Err(PostError::QueueFull { .. })), "{refused:?}");
    assert_eq!(line.stage.count("publications").await + line.stage.count("approvals").await, 0);
}

#[tokio::test]
async fn what_others_own_is_not_found() {
    let line = Line::set(Refill::Leave).await;
    let neighbour = line.stage.neighbour().await;
    let (posting, stranger, channel) = (&line.posting, &neighbour.caller, line.channel);
    let not_found = |error: PostError| assert!(matches!(error, PostError::NotFound), "{error:?}");
    let workspace = line.stage.workspace;
    not_found(posting.workspace(stranger, workspace).await.unwrap_err());
    not_found(posting.workspace(stranger, WorkspaceId::new()).await.unwrap_err());
    not_found(posting.save_workspace(stranger, workspace, None, &hourly(), Refill::Leave).await.unwrap_err());
    not_found(posting.channel(stranger, channel).await.unwrap_err());
    not_found(posting.save_channel(stranger, channel, None, None).await.unwrap_err());
    not_found(posting.queue(stranger, channel, 1).await.unwrap_err());
    not_found(posting.waiting(stranger, channel, None, 10).await.unwrap_err());
    not_found(posting.change(stranger, channel, &QueueChange::Pause).await.unwrap_err());
    let flow = line.posting.queue(&line.stage.caller, channel, 1).await.unwrap().queue.flow();
    assert_eq!(flow, scheduling::queue::Flow::Running);
}

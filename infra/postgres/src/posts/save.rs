//! Saving a post with the publications that its schedule makes.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{
        Array, BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid,
    },
};
use publishing::{
    approval::Approval,
    id::PostId,
    post::{
        Post, PostError, PostView,
        store::{Plan, Planned},
    },
    publication::{CancelReason, State},
    timing::Timing,
};
use scheduling::queue::Flow;
use uuid::Uuid;

use super::{
    Stop,
    approvals::approve,
    channels, read,
    row::{self, PostRow},
    seats::{Seats, take_turns},
    targets,
};
use crate::{
    error::StoreError,
    pool::Connection,
    posting::line::WAITS,
    prepared::{Bind, prepared},
    publications,
};

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|_| StoreError::corrupt("a value does not encode"))
}

pub(super) async fn insert(c: &mut Connection, post: &Post) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    // A draft may name a channel that is disconnected; it only has to wait for its channels in the order of everybody.
    channels::hold(c, post.targets.iter().map(|target| target.channel)).await?;
    prepared(
        "INSERT INTO posts (id, organization_id, workspace_id, caption, link, media, version, author_person, author_key, created_at,
            updated_at, late_minutes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind::<SqlUuid, _>(post.id.uuid())
    .bind::<SqlUuid, _>(post.organization.uuid())
    .bind::<SqlUuid, _>(post.workspace.uuid())
    .bind::<Text, _>(&post.content.caption)
    .bind::<Nullable<Text>, _>(post.content.link.as_ref().map(ToString::to_string))
    .bind::<Jsonb, _>(json(&post.content.media)?)
    .bind::<BigInt, _>(post.version)
    .bind::<SqlUuid, _>(post.author.person.uuid())
    .bind::<Nullable<SqlUuid>, _>(post.author.api_key.map(|k| k.uuid()))
    .bind::<Timestamptz, _>(post.created_at)
    .bind::<Timestamptz, _>(post.updated_at)
    .bind::<Nullable<Integer>, _>(post.late_limit.map(|limit| i32::from(limit.minutes())))
    .execute(c)
    .await?;
    targets::insert(c, post).await
}

/// Keeps a new post that is planned from the beginning, at times of its own.
pub(crate) async fn insert_planned(c: &mut Connection, post: &Post, plan: &Plan) -> Result<(), Stop> {
    // What was validated may be disconnected by now.
    if !channels::hold(c, post.targets.iter().map(|target| target.channel)).await? {
        return Err(PostError::Stale.into());
    }
    insert(c, post).await?;
    update(c, post, post.version, plan.publications.iter().map(|planned| planned.due_at).min()).await?;
    approve(c, post, &plan.approval).await?;
    for planned in &plan.publications {
        upsert(c, post, planned, &plan.approval, None).await?;
    }
    Ok(publications::wake(c).await?)
}

pub(crate) async fn save(
    c: &mut Connection,
    post: &Post,
    expected: i64,
    plan: Option<&Plan>,
    timing: &Timing,
) -> Result<PostView, Stop> {
    use diesel_async::RunQueryDsl;
    if plan.is_some() {
        take_turns(c, &[post.id.uuid()]).await?;
    }
    // What was validated may be disconnected by now. Nobody takes back what is planned after the disconnection.
    let connected = channels::hold(c, post.targets.iter().map(|target| target.channel)).await?;
    if plan.is_some() && !connected {
        return Err(PostError::Stale.into());
    }
    let mut seats = if plan.is_some() { Seats::held_or_wanted(c, post).await? } else { Seats::default() };
    // Locking the publications next makes the worker's permit and this change take turns.
    let states = lock(c, post.id, &seats.left).await?;
    seats.read(c).await?;
    let planned = plan.map(|plan| seats.assign(post, &plan.publications)).transpose()?;
    let first =
        planned.as_ref().map_or_else(|| earliest(post), |all| all.iter().map(|(p, _)| p.due_at).min());
    if update(c, post, expected, first).await? == 0 {
        return Err(PostError::Stale.into());
    }
    prepared("DELETE FROM post_targets WHERE post_id = $1")
        .bind::<SqlUuid, _>(post.id.uuid())
        .execute(c)
        .await?;
    targets::insert(c, post).await?;
    if let (Some(plan), Some(planned)) = (plan, planned) {
        // What is, or may be, public cannot be planned again; the change stops as a whole.
        if states.iter().any(|s| matches!(s, State::Publishing | State::Unconfirmed | State::Published)) {
            return Err(PostError::PublishingBegan.into());
        }
        replan(c, post, &plan.approval, &planned).await?;
        seats.refill(c, timing).await?;
        publications::wake(c).await?;
    }
    view(c, post.id).await
}

/// Writes what is planned from now on, and takes back what is not any more.
async fn replan(
    c: &mut Connection,
    post: &Post,
    approval: &Approval,
    planned: &[(Planned, Option<Flow>)],
) -> Result<(), StoreError> {
    approve(c, post, approval).await?;
    for (planned, slot) in planned {
        upsert(c, post, planned, approval, *slot).await?;
    }
    take_back(c, post.id, CancelReason::TargetRemoved, REMOVED).await
}

/// One post with its publications, inside a transaction that already knows the caller may see it.
pub(super) async fn view(c: &mut Connection, id: PostId) -> Result<PostView, Stop> {
    use diesel_async::RunQueryDsl;
    let statement = format!("SELECT {} FROM posts o WHERE o.id = $1", row::COLUMNS);
    let rows: Vec<PostRow> = prepared(statement).bind::<SqlUuid, _>(id.uuid()).load(c).await?;
    read::views(c, rows).await?.pop().ok_or(PostError::NotFound.into())
}

/// Posts with their publications, in any order, inside a transaction that already knows that it may see them.
pub(crate) async fn views_of(c: &mut Connection, ids: &[Uuid]) -> Result<Vec<PostView>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!("SELECT {} FROM posts o WHERE o.id = ANY ($1)", row::COLUMNS);
    let rows: Vec<PostRow> = prepared(statement).bind::<Array<SqlUuid>, _>(ids).load(c).await?;
    read::views(c, rows).await
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = SqlUuid)]
    post_id: Uuid,
}

/// Locks the publications of a post, with those of others that may move because it leaves queues, and says where its own stand.
pub(crate) async fn lock(c: &mut Connection, post: PostId, left: &[Uuid]) -> Result<Vec<State>, StoreError> {
    use diesel_async::RunQueryDsl;
    let of_others = format!("OR (p.channel_id = ANY ($2) AND {WAITS})");
    let statement = format!(
        "SELECT p.state, p.post_id FROM publications p WHERE p.post_id = $1 {} ORDER BY p.id FOR UPDATE",
        if left.is_empty() { "" } else { &of_others }
    );
    let query = prepared(statement).bind::<SqlUuid, _>(post.uuid());
    let rows: Vec<StateRow> = if left.is_empty() {
        query.load(c).await?
    } else {
        query.bind::<Array<SqlUuid>, _>(left).load(c).await?
    };
    let own = rows.iter().filter(|row| row.post_id == post.uuid());
    own.map(|r| r.state.parse().map_err(|_| StoreError::corrupt("publications.state"))).collect()
}

/// When a post that is not planned would go out first.
pub(super) fn earliest(post: &Post) -> Option<DateTime<Utc>> {
    let own = post.targets.iter().filter_map(|target| post.time_on(target)).min();
    own.or(post.schedule.map(|schedule| schedule.resolve()))
}

async fn update(
    c: &mut Connection,
    post: &Post,
    expected: i64,
    first: Option<DateTime<Utc>>,
) -> Result<usize, StoreError> {
    use diesel_async::RunQueryDsl;
    let local = targets::local(post.schedule);
    Ok(prepared(
        "UPDATE posts SET caption = $3, link = $4, media = $5, local_time = $6, time_zone = $7, due_at = $8, scheduled = $9,
            version = $10, updated_at = $11, late_minutes = $12, own_due_at = $13 WHERE id = $1 AND version = $2",
    )
    .bind::<SqlUuid, _>(post.id.uuid())
    .bind::<BigInt, _>(expected)
    .bind::<Text, _>(&post.content.caption)
    .bind::<Nullable<Text>, _>(post.content.link.as_ref().map(ToString::to_string))
    .bind::<Jsonb, _>(json(&post.content.media)?)
    .bind::<Nullable<Timestamp>, _>(local.map(|l| l.local))
    .bind::<Nullable<Text>, _>(local.map(|l| l.zone.name()))
    .bind::<Nullable<Timestamptz>, _>(first)
    .bind::<Bool, _>(post.scheduled)
    .bind::<BigInt, _>(post.version)
    .bind::<Timestamptz, _>(post.updated_at)
    .bind::<Nullable<Integer>, _>(post.late_limit.map(|limit| i32::from(limit.minutes())))
    .bind::<Nullable<Timestamptz>, _>(post.schedule.map(|s| s.resolve()))
    .execute(c)
    .await?)
}

/// Plans a publication, the first time or anew: a new epoch shuts out whoever still works on the old plan. In a slot of a queue
/// it has a next step while that runs.
pub(super) async fn upsert(
    c: &mut Connection,
    post: &Post,
    planned: &Planned,
    approval: &Approval,
    slot: Option<Flow>,
) -> Result<Uuid, StoreError> {
    use diesel_async::RunQueryDsl;
    let row: IdRow = prepared(
        "INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at,
            deadline_at, next_step_at, content, content_hash, approval_id, queued)
        VALUES ($1, $2, $3, $4, $5, $6, (SELECT remote_id FROM channels WHERE id = $5), $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (post_id, channel_id) DO UPDATE SET state = 'scheduled', reason = NULL, needs_person = false, taken_back = false,
            due_at = excluded.due_at, deadline_at = excluded.deadline_at, next_step_at = excluded.next_step_at,
            queued = excluded.queued, content = excluded.content, content_hash = excluded.content_hash, approval_id = excluded.approval_id,
            epoch = publications.epoch + 1, plan_epoch = publications.epoch + 1, worker = NULL, failures = 0, looks = 0,
            handles = '{}', permitted_at = NULL, first_permitted_at = NULL, updated_at = now()
        RETURNING id",
    )
    .bind::<SqlUuid, _>(planned.id.uuid())
    .bind::<SqlUuid, _>(post.organization.uuid())
    .bind::<SqlUuid, _>(post.workspace.uuid())
    .bind::<SqlUuid, _>(post.id.uuid())
    .bind::<SqlUuid, _>(planned.channel.uuid())
    .bind::<Text, _>(planned.platform.as_str())
    .bind::<Timestamptz, _>(planned.due_at)
    .bind::<Timestamptz, _>(planned.deadline_at)
    .bind::<Nullable<Timestamptz>, _>(Some(planned.next_step_at).filter(|_| slot != Some(Flow::Paused)))
    .bind::<Jsonb, _>(json(&planned.content)?)
    .bind::<Bytea, _>(&planned.content_hash.0[..])
    .bind::<SqlUuid, _>(approval.id.uuid())
    .bind::<Bool, _>(slot.is_some())
    .get_result(c)
    .await?;
    Ok(row.id)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Those of channels that the post does not name any more, or not as planned.
const REMOVED: &str =
    "NOT EXISTS (SELECT FROM post_targets t WHERE t.post_id = p.post_id AND t.channel_id = p.channel_id
    AND t.timing <> 'unplanned')";

/// Takes back the publications of a post that are not under way and fit a condition on `p`, and tells of it.
pub(super) async fn take_back(
    c: &mut Connection,
    post: PostId,
    reason: CancelReason,
    which: &str,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(format!(
        "WITH done AS (
        UPDATE publications p SET state = 'cancelled', reason = $2, next_step_at = NULL, worker = NULL, epoch = epoch + 1,
            updated_at = now()
        WHERE post_id = $1 AND state IN ('scheduled', 'preparing', 'ready') AND {which} RETURNING id, organization_id)
        INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'publication.cancelled', id FROM done"
    ))
    .bind::<SqlUuid, _>(post.uuid())
    .bind::<Text, _>(reason.as_str())
    .execute(c)
    .await?;
    Ok(())
}

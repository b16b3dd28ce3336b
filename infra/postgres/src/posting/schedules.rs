//! Posting schedules: rows, and the statements that change them.

use diesel::{
    OptionalExtension, QueryableByName, sql_query,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use publishing::{
    id::ChannelId,
    post::PostError,
    posting::{ChannelPosting, WorkspacePosting},
    timing::Timing,
};
use scheduling::{
    ChannelSchedule, PostingSchedule,
    posting::{Blackouts, Spacing},
    queue::Refill,
    week::Week,
};
use tenancy::{Caller, WorkspaceId};
use uuid::Uuid;

use super::{line, seat, taken::Need};
use crate::{
    error::StoreError,
    pool::Connection,
    posts::{Stop, reach},
};

/// What a workspace says about its schedule, if it ever did.
pub(super) struct ScheduleRow {
    pub(super) time_zone: String,
    pub(super) schedule: Option<serde_json::Value>,
    pub(super) refill: Option<String>,
}

impl ScheduleRow {
    /// The schedule. A workspace that never said anything has no slots, in its own zone.
    pub(super) fn read(self) -> Result<(PostingSchedule, Refill), StoreError> {
        let schedule = match self.schedule {
            Some(value) => serde_json::from_value(value)
                .map_err(|_| StoreError::corrupt("posting_schedules.schedule"))?,
            None => PostingSchedule {
                zone: self.time_zone.parse().map_err(|_| StoreError::corrupt("workspaces.time_zone"))?,
                week: Week::default(),
                blackouts: Blackouts::default(),
                spacing: Spacing::default(),
            },
        };
        let refill = match self.refill.as_deref() {
            None | Some("leave") => Refill::Leave,
            Some("move_up") => Refill::MoveUp,
            Some("pull_last") => Refill::PullLast,
            Some(_) => return Err(StoreError::corrupt("posting_schedules.refill")),
        };
        Ok((schedule, refill))
    }
}

/// What a channel does differently.
pub(super) fn own(value: Option<serde_json::Value>) -> Result<Option<ChannelSchedule>, StoreError> {
    let read = value.map(serde_json::from_value).transpose();
    read.map_err(|_| StoreError::corrupt("channel_queues.schedule"))
}

const fn word(refill: Refill) -> &'static str {
    match refill {
        Refill::Leave => "leave",
        Refill::MoveUp => "move_up",
        Refill::PullLast => "pull_last",
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|_| StoreError::corrupt("a schedule does not encode"))
}

#[derive(QueryableByName)]
struct WorkspaceRow {
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    schedule: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Text>)]
    refill: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    version: Option<i64>,
}

/// The schedule of a workspace within the caller's reach.
pub(super) async fn workspace(
    c: &mut Connection,
    caller: &Caller,
    id: WorkspaceId,
) -> Result<WorkspacePosting, Stop> {
    use diesel_async::RunQueryDsl;
    if !caller.reaches(id) {
        return Err(PostError::NotFound.into());
    }
    let row: Option<WorkspaceRow> = sql_query(
        "SELECT w.time_zone, s.schedule, s.refill, s.version FROM workspaces w
        LEFT JOIN posting_schedules s ON s.workspace_id = w.id WHERE w.organization_id = $1 AND w.id = $2",
    )
    .bind::<SqlUuid, _>(caller.organization.uuid())
    .bind::<SqlUuid, _>(id.uuid())
    .get_result(c)
    .await
    .optional()?;
    let row = row.ok_or(PostError::NotFound)?;
    let version = row.version.unwrap_or(0);
    let row = ScheduleRow { time_zone: row.time_zone, schedule: row.schedule, refill: row.refill };
    let (schedule, refill) = row.read()?;
    Ok(WorkspacePosting { schedule, refill, version })
}

pub(super) async fn save_workspace(
    c: &mut Connection,
    caller: &Caller,
    id: WorkspaceId,
    expected: Option<i64>,
    (schedule, refill): (&PostingSchedule, Refill),
    timing: &Timing,
) -> Result<WorkspacePosting, Stop> {
    use diesel_async::RunQueryDsl;
    // Whoever takes a slot by the present schedule holds the workspace until that is committed.
    sql_query("SELECT FROM workspaces WHERE id = $1 AND organization_id = $2 FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .execute(c)
        .await?;
    let before = workspace(c, caller, id).await?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(PostError::Stale.into());
    }
    sql_query(
        "INSERT INTO posting_schedules (workspace_id, organization_id, schedule, refill) VALUES ($1, $2, $3, $4)
        ON CONFLICT (workspace_id) DO UPDATE SET schedule = excluded.schedule, refill = excluded.refill,
            version = posting_schedules.version + 1, updated_at = now()",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<SqlUuid, _>(caller.organization.uuid())
    .bind::<Jsonb, _>(json(schedule)?)
    .bind::<Text, _>(word(refill))
    .execute(c)
    .await?;
    let queues: Vec<IdRow> = sql_query("SELECT channel_id AS id FROM channel_queues WHERE workspace_id = $1")
        .bind::<SqlUuid, _>(id.uuid())
        .load(c)
        .await?;
    settle(c, &queues.into_iter().map(|row| row.id).collect::<Vec<_>>(), timing).await?;
    workspace(c, caller, id).await
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct OwnRow {
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = Nullable<Jsonb>)]
    schedule: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<BigInt>)]
    version: Option<i64>,
}

/// The schedule of a channel within the caller's reach.
pub(super) async fn channel(
    c: &mut Connection,
    caller: &Caller,
    id: ChannelId,
) -> Result<ChannelPosting, Stop> {
    use diesel_async::RunQueryDsl;
    let row: Option<OwnRow> = sql_query(
        "SELECT h.workspace_id, q.schedule, q.version FROM channels h LEFT JOIN channel_queues q ON q.channel_id = h.id
        WHERE h.id = $1 AND h.organization_id = $2 AND ($3 IS NULL OR h.workspace_id = ANY ($3))",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<SqlUuid, _>(caller.organization.uuid())
    .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
    .get_result(c)
    .await
    .optional()?;
    let row = row.ok_or(PostError::NotFound)?;
    let whole = workspace(c, caller, WorkspaceId::from_uuid(row.workspace_id)).await?.schedule;
    let own = own(row.schedule)?;
    let effective = own.as_ref().map_or_else(|| whole.clone(), |own| whole.for_channel(own));
    Ok(ChannelPosting { own, effective, version: row.version.unwrap_or(0) })
}

pub(super) async fn save_channel(
    c: &mut Connection,
    caller: &Caller,
    id: ChannelId,
    expected: Option<i64>,
    own: Option<&ChannelSchedule>,
    timing: &Timing,
) -> Result<ChannelPosting, Stop> {
    use diesel_async::RunQueryDsl;
    channel(c, caller, id).await?;
    line::open(c, &[id.uuid()]).await?;
    line::lock(c, &[id.uuid()]).await?;
    let before = channel(c, caller, id).await?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(PostError::Stale.into());
    }
    sql_query(
        "UPDATE channel_queues SET schedule = $2, version = version + 1, updated_at = now() WHERE channel_id = $1",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Nullable<Jsonb>, _>(own.map(json).transpose()?)
    .execute(c)
    .await?;
    settle(c, &[id.uuid()], timing).await?;
    channel(c, caller, id).await
}

/// Gives other slots to those who wait where there is none any more.
async fn settle(c: &mut Connection, channels: &[Uuid], timing: &Timing) -> Result<(), Stop> {
    line::lock(c, channels).await?;
    line::lock_waiting(c, channels).await?;
    let mut posts = Vec::new();
    for mut line in line::read(c, channels, Need::Settling).await? {
        let now = line.now;
        let moved = line.queue.settle(now).map_err(PostError::from)?;
        seat::write(c, &line, &moved, timing).await?;
        posts.extend(moved.iter().map(|entry| entry.post.uuid()));
    }
    seat::due_with_the_first(c, &posts).await?;
    Ok(seat::tell(c, &posts).await?)
}

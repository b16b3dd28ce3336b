//! The queue of one channel, read from its rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Array, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, PostId, PublicationId},
    platform::Format,
    post::PostError,
};
use scheduling::{
    ChannelSchedule, PostingSchedule,
    queue::{Flow, Place, Queue, Refill, Waiting},
};
use uuid::Uuid;

use super::{
    planned,
    schedules::{self, ScheduleRow},
    taken::{self, Need},
};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// The states of a publication `p` that waits for its slot and may be moved.
pub(crate) const WAITS: &str = "p.queued AND p.state IN ('scheduled', 'preparing', 'ready')";

/// A queue with what it takes to write its changes down.
pub(crate) struct Line {
    pub(crate) channel: ChannelId,
    pub(crate) queue: Queue<PostId>,
    pub(crate) refill: Refill,
    /// The time by the clock of the database.
    pub(crate) now: DateTime<Utc>,
    seats: BTreeMap<PostId, (PublicationId, Format)>,
}

impl Line {
    /// The slot that a post holds, or one that it gets.
    pub(crate) fn seat(&mut self, post: PostId, place: Place) -> Result<DateTime<Utc>, PostError> {
        match self.queue.waiting().iter().find(|entry| entry.post == post) {
            Some(held) => Ok(held.at),
            None => Ok(self.queue.add(post, place, self.now)?),
        }
    }

    /// Takes a post out, if it waits; who moved to refill its slot.
    pub(crate) fn withdraw(&mut self, post: PostId) -> Result<Vec<Waiting<PostId>>, PostError> {
        if self.seats.remove(&post).is_some() {
            Ok(self.queue.withdraw(&post, self.refill, self.now)?)
        } else {
            Ok(Vec::new())
        }
    }

    /// The publication of a post that waits here, and what it takes to prepare it.
    pub(crate) fn publication(&self, post: PostId) -> Option<(PublicationId, Format)> {
        self.seats.get(&post).copied()
    }

    /// Everybody who waits.
    pub(crate) fn everybody(&self) -> Vec<Waiting<PostId>> {
        self.queue.waiting().to_vec()
    }
}

/// Makes sure that channels have queues.
pub(crate) async fn open(c: &mut Connection, channels: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(
        "INSERT INTO channel_queues (channel_id, organization_id, workspace_id)
        SELECT id, organization_id, workspace_id FROM channels WHERE id = ANY ($1) ORDER BY id ON CONFLICT DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .execute(c)
    .await?;
    Ok(())
}

/// Locks the queues of channels and says which there are.
pub(crate) async fn lock(c: &mut Connection, channels: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<IdRow> = prepared(
        "SELECT channel_id AS id FROM channel_queues WHERE channel_id = ANY ($1) ORDER BY channel_id FOR UPDATE",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .load(c)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Locks everybody who waits in these queues, which must be locked.
pub(crate) async fn lock_waiting(c: &mut Connection, channels: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(format!(
        "SELECT FROM publications p WHERE p.channel_id = ANY ($1) AND {WAITS} ORDER BY p.id FOR UPDATE"
    ))
    .bind::<Array<SqlUuid>, _>(channels)
    .execute(c)
    .await?;
    Ok(())
}

/// Reads the queues of channels, of those too that nobody used yet. What they are told of the channels' other posts is enough for
/// what they are needed for.
pub(crate) async fn read(c: &mut Connection, channels: &[Uuid], need: Need) -> Result<Vec<Line>, StoreError> {
    use diesel_async::RunQueryDsl;
    if channels.is_empty() {
        return Ok(Vec::new());
    }
    let settings: Vec<SettingsRow> = prepared(
        "SELECT h.id AS channel_id, q.flow, w.time_zone, s.schedule, s.refill, q.schedule AS own, clock_timestamp() AS now
        FROM channels h JOIN workspaces w ON w.id = h.workspace_id
        LEFT JOIN posting_schedules s ON s.workspace_id = h.workspace_id LEFT JOIN channel_queues q ON q.channel_id = h.id
        WHERE h.id = ANY ($1) ORDER BY h.id",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .load(c)
    .await?;
    let seats = seats(c, channels).await?;
    // What is only exchanged or given up needs no free slot.
    let now = settings.as_slice().first().map(|row| row.now).filter(|_| !matches!(need, Need::Nothing));
    let planned = match now {
        Some(now) => planned::instants(c, channels, now).await?,
        None => BTreeMap::new(),
    };
    let mut lines = Vec::with_capacity(settings.len());
    for row in settings {
        let channel = row.channel_id;
        let mut line =
            row.line(&seats.iter().filter(|seat| seat.channel_id == channel).collect::<Vec<_>>())?;
        line.queue.learn(planned.get(&channel).into_iter().flatten().copied());
        taken::tell(c, channel, &mut line.queue, need, line.now).await?;
        lines.push(line);
    }
    Ok(lines)
}

/// Everybody who waits.
async fn seats(c: &mut Connection, channels: &[Uuid]) -> Result<Vec<SeatRow>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT p.channel_id, p.post_id, p.id, p.due_at, jsonb_array_length(coalesce(p.content -> 'pictures', '[]')) AS pictures
        FROM publications p WHERE p.channel_id = ANY ($1) AND {WAITS}"
    );
    Ok(prepared(statement).bind::<Array<SqlUuid>, _>(channels).load(c).await?)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct SettingsRow {
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    flow: Option<String>,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    schedule: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Text>)]
    refill: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    own: Option<serde_json::Value>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct SeatRow {
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    post_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    pictures: i32,
}

impl SettingsRow {
    fn line(self, waiting: &[&SeatRow]) -> Result<Line, StoreError> {
        let flow = flow(self.flow.as_deref())?;
        let (channel, now) = (ChannelId::from_uuid(self.channel_id), self.now);
        let row = ScheduleRow { time_zone: self.time_zone, schedule: self.schedule, refill: self.refill };
        let (schedule, refill): (PostingSchedule, _) = row.read()?;
        let own: Option<ChannelSchedule> = schedules::own(self.own)?;
        let schedule = schedule.for_channel(&own.unwrap_or_default());
        let seats =
            waiting.iter().map(|seat| (PostId::from_uuid(seat.post_id), seat.publication())).collect();
        let waiting =
            waiting.iter().map(|seat| Waiting { at: seat.due_at, post: PostId::from_uuid(seat.post_id) });
        let queue = Queue::new(schedule, BTreeSet::new(), waiting.collect(), flow);
        Ok(Line { channel, queue, refill, now, seats })
    }
}

impl SeatRow {
    fn publication(&self) -> (PublicationId, Format) {
        (PublicationId::from_uuid(self.id), Format::of(usize::try_from(self.pictures).unwrap_or(0)))
    }
}

/// The word of a flow; a queue that nobody used runs.
pub(super) fn flow(word: Option<&str>) -> Result<Flow, StoreError> {
    match word {
        None | Some("running") => Ok(Flow::Running),
        Some("paused") => Ok(Flow::Paused),
        Some(_) => Err(StoreError::corrupt("channel_queues.flow")),
    }
}

/// How much later than now a time is, at least not at all: how long a step may still wait.
pub(super) fn begins(due_at: DateTime<Utc>, lead: std::time::Duration, now: DateTime<Utc>) -> DateTime<Utc> {
    due_at.checked_sub_signed(TimeDelta::from_std(lead).unwrap_or_default()).unwrap_or(due_at).max(now)
}

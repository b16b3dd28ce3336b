//! The store of posting schedules and queues over PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryableByName, sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::AsyncConnection;
use publishing::{
    id::{ChannelId, PostId},
    post::PostError,
    posting::{ChannelPosting, ChannelQueue, QueueChange, QueuePart, WorkspacePosting, store::PostingStore},
    publication::Publication,
    timing::Timing,
};
use scheduling::{
    ChannelSchedule, PostingSchedule,
    queue::{Flow, Refill, Waiting},
};
use tenancy::{Caller, WorkspaceId};

use super::{
    line::{self, Line, WAITS},
    schedules, seat,
    taken::Need,
};
use crate::{
    error::StoreError,
    pool::{Connection, Pool},
    posts::Stop,
    publications::row::{COLUMNS, PublicationRow},
};

/// Keeps posting schedules and queues.
#[derive(Clone)]
pub struct PgPostingStore {
    pool: Pool,
    timing: Timing,
}

impl PgPostingStore {
    /// A store over a pool. The timing says how long before its slot a post is prepared.
    pub const fn new(pool: Pool, timing: Timing) -> Self {
        Self { pool, timing }
    }
}

/// Runs the body in one transaction of its own.
macro_rules! transaction {
    ($self:ident, $connection:ident => $body:expr) => {{
        let mut connection = $self.pool.get().await.map_err(Stop::from)?;
        connection.transaction::<_, Stop, _>(async |$connection| $body).await.map_err(PostError::from)
    }};
}

#[async_trait]
impl PostingStore for PgPostingStore {
    async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<WorkspacePosting, PostError> {
        transaction!(self, c => schedules::workspace(c, caller, id).await)
    }

    async fn save_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        expected: Option<i64>,
        schedule: &PostingSchedule,
        refill: Refill,
    ) -> Result<WorkspacePosting, PostError> {
        let what = (schedule, refill);
        transaction!(self, c => schedules::save_workspace(c, caller, id, expected, what, &self.timing).await)
    }

    async fn channel(&self, caller: &Caller, id: ChannelId) -> Result<ChannelPosting, PostError> {
        transaction!(self, c => schedules::channel(c, caller, id).await)
    }

    async fn save_channel(
        &self,
        caller: &Caller,
        id: ChannelId,
        expected: Option<i64>,
        own: Option<&ChannelSchedule>,
    ) -> Result<ChannelPosting, PostError> {
        transaction!(self, c => schedules::save_channel(c, caller, id, expected, own, &self.timing).await)
    }

    async fn queue(
        &self,
        caller: &Caller,
        id: ChannelId,
        additions: usize,
    ) -> Result<ChannelQueue, PostError> {
        transaction!(self, c => {
            schedules::channel(c, caller, id).await?;
            let Line { queue, now, .. } = only(c, id, Need::Additions(additions)).await?;
            Ok(ChannelQueue { queue, now })
        })
    }

    async fn waiting(
        &self,
        caller: &Caller,
        id: ChannelId,
        after: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<QueuePart, PostError> {
        transaction!(self, c => {
            schedules::channel(c, caller, id).await?;
            part(c, id, after, limit).await
        })
    }

    async fn change(&self, caller: &Caller, id: ChannelId, change: &QueueChange) -> Result<(), PostError> {
        transaction!(self, c => {
            schedules::channel(c, caller, id).await?;
            line::open(c, &[id.uuid()]).await?;
            line::lock(c, &[id.uuid()]).await?;
            line::lock_waiting(c, &[id.uuid()]).await?;
            let need = if *change == QueueChange::Resume { Need::Settling } else { Need::Nothing };
            let mut line = only(c, id, need).await?;
            let (before, now) = (line.queue.flow(), line.now);
            let mut moved = change.apply(&mut line.queue, now)?;
            let posts = |moved: &[Waiting<PostId>]| moved.iter().map(|entry| entry.post.uuid()).collect::<Vec<_>>();
            let mut untold = Vec::new();
            if before != line.queue.flow() {
                switch(c, id, line.queue.flow()).await?;
                // Whoever gives an order says who goes where; where somebody goes when a queue is resumed, nobody said.
                untold = posts(&moved);
                // Whoever keeps the slot begins or ceases to have a next step all the same.
                moved = line.everybody();
            }
            seat::write(c, &line, &moved, &self.timing).await?;
            seat::due_with_the_first(c, &posts(&moved)).await?;
            Ok(seat::tell(c, &untold).await?)
        })
    }
}

async fn only(c: &mut Connection, id: ChannelId, need: Need) -> Result<Line, Stop> {
    Ok(line::read(c, &[id.uuid()], need).await?.pop().ok_or(PostError::NotFound)?)
}

async fn switch(c: &mut Connection, id: ChannelId, flow: Flow) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let word = match flow {
        Flow::Running => "running",
        Flow::Paused => "paused",
    };
    sql_query("UPDATE channel_queues SET flow = $2, updated_at = now() WHERE channel_id = $1")
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<Text, _>(word)
        .execute(c)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct FlowRow {
    #[diesel(sql_type = Text)]
    flow: String,
}

async fn part(
    c: &mut Connection,
    id: ChannelId,
    after: Option<DateTime<Utc>>,
    limit: usize,
) -> Result<QueuePart, Stop> {
    use diesel_async::RunQueryDsl;
    let flow: Option<FlowRow> = sql_query("SELECT flow FROM channel_queues WHERE channel_id = $1")
        .bind::<SqlUuid, _>(id.uuid())
        .get_result(c)
        .await
        .optional()?;
    let statement = format!(
        "SELECT {COLUMNS} FROM publications p WHERE p.channel_id = $1 AND {WAITS} AND ($2 IS NULL OR p.due_at > $2)
        ORDER BY p.due_at LIMIT $3"
    );
    let rows: Vec<PublicationRow> = sql_query(statement)
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<Nullable<Timestamptz>, _>(after)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(c)
        .await?;
    Ok(QueuePart {
        flow: line::flow(flow.as_ref().map(|row| row.flow.as_str()))?,
        waiting: rows.into_iter().map(Publication::try_from).collect::<Result<_, _>>()?,
    })
}

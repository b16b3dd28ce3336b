//! Posts that wait for a time on the wall, and moving them when that time means another instant.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Double, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::AsyncConnection;
use publishing::{
    clocks::{ClockStore, ClocksUnavailable, Move, Timed},
    id::{ChannelId, PostId},
    platform::Format,
    timing::Timing,
};
use scheduling::LocalSchedule;
use tenancy::WorkspaceId;
use uuid::Uuid;

use super::save;
use crate::{
    error::StoreError,
    pool::{Connection, Pool},
    posting::{self, seat},
    publications,
};

/// Of posts after `$1`, at most `$2` times and the others of the last post. A publication that was tried again at a time of its own
/// does not keep to the post's, and one in a queue keeps to its slot.
const TIMED: &str = "
(SELECT o.id, o.workspace_id, NULL::uuid AS channel_id, o.local_time, o.time_zone, o.own_due_at AS due_at FROM posts o
    WHERE o.scheduled AND o.local_time IS NOT NULL AND ($1 IS NULL OR o.id > $1) AND EXISTS (
        SELECT FROM publications p JOIN post_targets t ON t.post_id = p.post_id AND t.channel_id = p.channel_id
        WHERE p.post_id = o.id AND t.timing = 'post' AND p.due_at = o.own_due_at AND NOT p.queued
            AND p.state IN ('scheduled', 'preparing', 'ready'))
    ORDER BY o.id LIMIT $2)
UNION ALL
(SELECT o.id, o.workspace_id, t.channel_id, t.local_time, t.time_zone, t.due_at FROM posts o JOIN post_targets t ON t.post_id = o.id
    WHERE o.scheduled AND t.timing = 'own' AND t.local_time IS NOT NULL AND ($1 IS NULL OR o.id > $1) AND EXISTS (
        SELECT FROM publications p WHERE p.post_id = t.post_id AND p.channel_id = t.channel_id AND p.due_at = t.due_at
            AND NOT p.queued AND p.state IN ('scheduled', 'preparing', 'ready'))
    ORDER BY o.id FETCH FIRST $2 ROWS WITH TIES)
ORDER BY id FETCH FIRST $2 ROWS WITH TIES";

/// Whether a publication `p` that may still be planned anew keeps to the time of post `$1` that is the instant `$2`, or to that of its
/// channel `$3` if there is one.
const KEEPS: &str = "p.post_id = $1 AND p.due_at = $2 AND NOT p.queued AND p.state IN ('scheduled', 'preparing', 'ready') AND EXISTS (
    SELECT FROM post_targets t WHERE t.post_id = p.post_id AND t.channel_id = p.channel_id
        AND CASE WHEN $3::uuid IS NULL THEN t.timing = 'post' ELSE t.timing = 'own' AND t.channel_id = $3 END)";

/// Plans publications for the instant `$4`, as scheduling them anew does: what was prepared is made again, and whoever works on them
/// is shut out. `$5` and `$6` are the leads of texts and of pictures.
const MOVE: &str = "
UPDATE publications p SET state = 'scheduled', due_at = $4, deadline_at = $4 + (deadline_at - due_at),
    next_step_at = greatest(now(), $4 - CASE WHEN content ? 'pictures' THEN $6 ELSE $5 END * interval '1 millisecond'),
    epoch = epoch + 1, plan_epoch = epoch + 1, worker = NULL, handles = '{}', updated_at = now()
WHERE ";

/// Only where the time still is what was read.
const MOVE_POST: &str = "
UPDATE posts o SET own_due_at = $4
WHERE o.id = $1 AND o.scheduled AND o.own_due_at = $2 AND o.local_time = $5 AND o.time_zone = $6 AND $3::uuid IS NULL";

/// The same for the time of one channel.
const MOVE_TARGET: &str = "
UPDATE post_targets x SET due_at = $4 FROM posts o
WHERE x.post_id = $1 AND x.channel_id = $3 AND x.due_at = $2 AND x.local_time = $5 AND x.time_zone = $6 AND x.timing = 'own'
    AND o.id = x.post_id AND o.scheduled";

/// The version grows: whoever edits the post should know. That of an occurrence of a series was not changed by hand so.
const TELL: &str = "
WITH moved AS (UPDATE posts SET version = version + 1, updated_at = now() WHERE id = $1 RETURNING id, organization_id),
known AS (UPDATE series_occurrences s SET post_version = o.version + 1 FROM posts o
    WHERE o.id = $1 AND s.post_id = o.id AND s.post_version = o.version)
INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'post.moved', id FROM moved";

#[derive(QueryableByName)]
struct TimedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    channel_id: Option<Uuid>,
    #[diesel(sql_type = Timestamp)]
    local_time: NaiveDateTime,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
}

impl From<TimedRow> for Timed {
    fn from(row: TimedRow) -> Self {
        let post = PostId::from_uuid(row.id);
        let zone = row.time_zone.parse();
        if zone.is_err() {
            tracing::warn!(%post, "a post waits for a time in a zone that is unknown here; it keeps its instant");
        }
        Self {
            post,
            channel: row.channel_id.map(ChannelId::from_uuid),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            schedule: zone.ok().map(|zone| LocalSchedule { local: row.local_time, zone }),
            recorded: row.due_at,
        }
    }
}

/// Reads and moves posts by the time on the wall.
#[derive(Clone)]
pub struct PgClockStore {
    pool: Pool,
}

impl PgClockStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

fn unavailable(error: &StoreError) -> ClocksUnavailable {
    tracing::warn!(%error, "posts cannot be held against the clocks of their zones");
    ClocksUnavailable
}

/// Publications first and in the order of their ids, then the post, as whoever changes a post does.
async fn move_post(c: &mut Connection, change: &Move, timing: &Timing) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    save::lock(c, change.post, &[]).await?;
    if !move_time(c, change).await? {
        return Ok(false);
    }
    let lead = |format| timing.lead(format).as_secs_f64() * 1e3;
    sql_query(format!("{MOVE}{KEEPS}"))
        .bind::<SqlUuid, _>(change.post.uuid())
        .bind::<Timestamptz, _>(change.from)
        .bind::<Nullable<SqlUuid>, _>(change.channel.map(|channel| channel.uuid()))
        .bind::<Timestamptz, _>(change.to)
        .bind::<Double, _>(lead(Format::Text))
        .bind::<Double, _>(lead(Format::Photo))
        .execute(c)
        .await?;
    sql_query(TELL).bind::<SqlUuid, _>(change.post.uuid()).execute(c).await?;
    seat::due_with_the_first(c, &[change.post.uuid()]).await?;
    publications::wake(c).await?;
    Ok(true)
}

/// Moves the time of a post or of one of its channels, if a publication keeps to it that may be moved.
async fn move_time(c: &mut Connection, change: &Move) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let time = if change.channel.is_some() { MOVE_TARGET } else { MOVE_POST };
    let moved = sql_query(format!("{time} AND EXISTS (SELECT FROM publications p WHERE {KEEPS})"))
        .bind::<SqlUuid, _>(change.post.uuid())
        .bind::<Timestamptz, _>(change.from)
        .bind::<Nullable<SqlUuid>, _>(change.channel.map(|channel| channel.uuid()))
        .bind::<Timestamptz, _>(change.to)
        .bind::<Timestamp, _>(change.schedule.local)
        .bind::<Text, _>(change.schedule.zone.name())
        .execute(c)
        .await?;
    Ok(moved == 1)
}

#[async_trait]
impl ClockStore for PgClockStore {
    async fn timed(&self, after: Option<PostId>, limit: usize) -> Result<Vec<Timed>, ClocksUnavailable> {
        use diesel_async::RunQueryDsl;
        let ask = async {
            let rows: Vec<TimedRow> = sql_query(TIMED)
                .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.uuid()))
                .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
                .load(&mut self.pool.get().await?)
                .await?;
            Ok(rows.into_iter().map(Timed::from).collect())
        };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn move_post(&self, change: &Move, timing: &Timing) -> Result<bool, ClocksUnavailable> {
        let write = async {
            let mut connection = self.pool.get().await?;
            connection.transaction::<_, StoreError, _>(async |c| move_post(c, change, timing).await).await
        };
        write.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn queue(&self, after: Option<ChannelId>) -> Result<Option<ChannelId>, ClocksUnavailable> {
        let ask = async { posting::clocks::next(&mut *self.pool.get().await?, after).await };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn slots(
        &self,
        channel: ChannelId,
        settle: Option<&Timing>,
    ) -> Result<Vec<Move>, ClocksUnavailable> {
        let work = async {
            let mut connection = self.pool.get().await?;
            let settled = connection.transaction::<_, StoreError, _>(async |c| match settle {
                Some(timing) => posting::clocks::settle(c, channel, timing).await,
                None => posting::clocks::differences(c, channel).await,
            });
            settled.await
        };
        work.await.map_err(|error: StoreError| unavailable(&error))
    }
}

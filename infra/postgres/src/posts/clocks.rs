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
    id::PostId,
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
    publications,
};

/// Posts after `$1`, at most `$2`. A publication that was tried again at a time of its own does not keep to the post's.
const TIMED: &str = "
SELECT o.id, o.workspace_id, o.local_time, o.time_zone, o.due_at FROM posts o
WHERE o.scheduled AND o.local_time IS NOT NULL AND ($1 IS NULL OR o.id > $1) AND EXISTS (
    SELECT FROM publications p WHERE p.post_id = o.id AND p.due_at = o.due_at AND p.state IN ('scheduled', 'preparing', 'ready'))
ORDER BY o.id LIMIT $2";

/// Plans the publications of post `$1` that keep to the instant `$2` for the instant `$3`, as scheduling them anew does: what was
/// prepared is made again, and whoever works on them is shut out. `$4` and `$5` are the leads of texts and of pictures.
const MOVE: &str = "
UPDATE publications SET state = 'scheduled', due_at = $3, deadline_at = $3 + (deadline_at - due_at),
    next_step_at = greatest(now(), $3 - CASE WHEN content ? 'pictures' THEN $5 ELSE $4 END * interval '1 millisecond'),
    epoch = epoch + 1, plan_epoch = epoch + 1, worker = NULL, handles = '{}', updated_at = now()
WHERE post_id = $1 AND due_at = $2 AND state IN ('scheduled', 'preparing', 'ready')";

/// Only where the post still is what was read. The version grows: whoever edits it should know.
const MOVE_POST: &str = "
UPDATE posts SET due_at = $3, version = version + 1, updated_at = now()
WHERE id = $1 AND due_at = $2 AND scheduled AND local_time = $4 AND time_zone = $5";

#[derive(QueryableByName)]
struct TimedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
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
    let id = change.post.uuid();
    let movable = save::lock(c, change.post).await?.iter().any(|state| state.can_be_taken_back());
    let moved = movable
        && sql_query(MOVE_POST)
            .bind::<SqlUuid, _>(id)
            .bind::<Timestamptz, _>(change.from)
            .bind::<Timestamptz, _>(change.to)
            .bind::<Timestamp, _>(change.schedule.local)
            .bind::<Text, _>(change.schedule.zone.name())
            .execute(c)
            .await?
            == 1;
    if !moved {
        return Ok(false);
    }
    let lead = |format| timing.lead(format).as_secs_f64() * 1e3;
    sql_query(MOVE)
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(change.from)
        .bind::<Timestamptz, _>(change.to)
        .bind::<Double, _>(lead(Format::Text))
        .bind::<Double, _>(lead(Format::Photo))
        .execute(c)
        .await?;
    sql_query(
        "INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'post.moved', id FROM posts WHERE id = $1",
    )
    .bind::<SqlUuid, _>(id)
    .execute(c)
    .await?;
    publications::wake(c).await?;
    Ok(true)
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
}

//! Backlogs for which a platform's quota may not suffice.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::AsyncConnection;
use publishing::{
    backlog::{BacklogStore, BacklogUnavailable, Lane},
    id::PublicationId,
    platform::Platform,
    queue::Claim,
};
use scheduling::backlog::{Late, Recovery};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::{Connection, Pool},
};

/// Pages and accounts of the platforms `$1` on which something late is due for a worker; `$2` are the milliseconds that are not late
/// yet. In an ordinary minute there are few rows to look at, and most of them are on time.
const LANES: &str = "
SELECT DISTINCT p.platform, p.remote_id FROM publications p
WHERE p.state IN ('scheduled', 'ready') AND p.next_step_at <= now() AND p.platform = ANY ($1)
    AND p.due_at < now() - $2 * interval '1 millisecond'";

/// What is late, planned, or was published within a day, on the account `$2` of the platform `$1`. Nobody may be later than a week.
const LANE: &str = "
SELECT p.id, p.epoch, p.due_at, p.deadline_at, coalesce(p.published_at, p.permitted_at, p.due_at) AS spent_at,
    p.state IN ('scheduled', 'preparing', 'ready') AS waits, p.state <> 'preparing' AS free,
    p.due_at < now() - $3 * interval '1 millisecond' AS late
FROM channels h JOIN calendar_entries e ON e.channel_id = h.id JOIN publications p ON p.id = e.publication_id
WHERE h.platform = $1 AND h.remote_id = $2 AND e.due_at > now() - interval '8 days' AND e.due_at < now() + interval '1 day'
    AND p.state NOT IN ('failed', 'missed', 'cancelled')
    AND (p.state IN ('scheduled', 'preparing', 'ready') AND p.next_step_at IS NOT NULL
        OR coalesce(p.published_at, p.permitted_at) > now() - interval '1 day')
ORDER BY p.due_at";

/// Rows in the order of their ids, as everybody locks them; what a worker is just taking is the worker's.
const MISS: &str = "
WITH held AS MATERIALIZED (
    SELECT q.id FROM unnest($1, $2) AS x (id, epoch) JOIN publications q ON q.id = x.id
    WHERE CASE WHEN q.epoch = x.epoch THEN q.state IN ('scheduled', 'ready') ELSE false END ORDER BY q.id FOR UPDATE OF q SKIP LOCKED
), missed AS (
    UPDATE publications p SET state = 'missed', next_step_at = NULL, worker = NULL, epoch = p.epoch + 1, updated_at = now()
    FROM held WHERE p.id = held.id RETURNING p.id, p.organization_id
)
INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'publication.missed', id FROM missed";

const PUT_OFF: &str = "
WITH held AS MATERIALIZED (
    SELECT q.id, x.at FROM unnest($1, $2, $3) AS x (id, epoch, at) JOIN publications q ON q.id = x.id
    WHERE CASE WHEN q.epoch = x.epoch THEN q.state IN ('scheduled', 'ready') ELSE false END ORDER BY q.id FOR UPDATE OF q SKIP LOCKED
)
UPDATE publications p SET next_step_at = held.at, updated_at = now() FROM held WHERE p.id = held.id";

#[derive(QueryableByName)]
struct LaneRow {
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    remote_id: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    deadline_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    spent_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    waits: bool,
    #[diesel(sql_type = Bool)]
    free: bool,
    #[diesel(sql_type = Bool)]
    late: bool,
}

/// Reads and settles backlogs.
#[derive(Clone)]
pub struct PgBacklogStore {
    pool: Pool,
}

impl PgBacklogStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

fn punctual() -> i64 {
    i64::try_from(scheduling::missed::PUNCTUAL_WITHIN.as_millis()).unwrap_or(i64::MAX)
}

async fn lane(c: &mut Connection, row: LaneRow) -> Result<Lane, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<Row> = sql_query(LANE)
        .bind::<Text, _>(&row.platform)
        .bind::<Text, _>(&row.remote_id)
        .bind::<BigInt, _>(punctual())
        .load(c)
        .await?;
    let platform = row.platform.parse().map_err(|_| StoreError::corrupt("publications.platform"))?;
    let mut lane = Lane { platform, late: vec![], promised: BTreeSet::new(), spent: vec![] };
    for row in rows {
        match row {
            Row { waits: true, late: true, free: true, .. } => lane.late.push(Late {
                post: Claim { publication: PublicationId::from_uuid(row.id), epoch: row.epoch },
                due: row.due_at,
                last_chance: row.deadline_at,
            }),
            Row { waits: true, late: false, .. } => {
                lane.promised.insert(row.due_at);
            }
            // Public, or about to be: a worker has it.
            Row { .. } => lane.spent.push(row.spent_at),
        }
    }
    Ok(lane)
}

async fn settle(c: &mut Connection, recovery: &Recovery<Claim>) -> Result<u64, StoreError> {
    use diesel_async::RunQueryDsl;
    let ids = |claims: &[Claim]| claims.iter().map(|one| one.publication.uuid()).collect::<Vec<_>>();
    let epochs = |claims: &[Claim]| claims.iter().map(|one| one.epoch).collect::<Vec<_>>();
    let missed = sql_query(MISS)
        .bind::<Array<SqlUuid>, _>(ids(&recovery.missed))
        .bind::<Array<BigInt>, _>(epochs(&recovery.missed))
        .execute(c)
        .await?;
    let (kept, instants): (Vec<Claim>, Vec<DateTime<Utc>>) = recovery.publish.iter().copied().unzip();
    let put_off = sql_query(PUT_OFF)
        .bind::<Array<SqlUuid>, _>(ids(&kept))
        .bind::<Array<BigInt>, _>(epochs(&kept))
        .bind::<Array<Timestamptz>, _>(instants)
        .execute(c)
        .await?;
    Ok((missed + put_off) as u64)
}

fn unavailable(error: &StoreError) -> BacklogUnavailable {
    tracing::warn!(%error, "backlogs cannot be settled");
    BacklogUnavailable
}

#[async_trait]
impl BacklogStore for PgBacklogStore {
    async fn lanes(&self, platforms: &[Platform]) -> Result<Vec<Lane>, BacklogUnavailable> {
        use diesel_async::RunQueryDsl;
        let platforms: Vec<_> = platforms.iter().map(|platform| platform.as_str()).collect();
        let ask = async {
            let mut connection = self.pool.get().await?;
            let rows: Vec<LaneRow> = sql_query(LANES)
                .bind::<Array<Text>, _>(&platforms)
                .bind::<BigInt, _>(punctual())
                .load(&mut connection)
                .await?;
            let mut lanes = Vec::with_capacity(rows.len());
            for row in rows {
                lanes.push(lane(&mut connection, row).await?);
            }
            Ok(lanes)
        };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn settle(&self, recovery: &Recovery<Claim>) -> Result<u64, BacklogUnavailable> {
        let write = async {
            let mut connection = self.pool.get().await?;
            connection.transaction::<_, StoreError, _>(async |c| settle(c, recovery).await).await
        };
        write.await.map_err(|error: StoreError| unavailable(&error))
    }
}

//! What needs no preparation becomes ready by itself, many at once.

use std::time::Duration;

use diesel::{
    sql_query,
    sql_types::{BigInt, Double},
};

use super::{claim::PREPARES, queue::wake};
use crate::{error::StoreError, pool::Connection};

/// Most rows in one transaction.
const BATCH: i64 = 2_000;

/// Makes publications ready whose preparation is due and would do nothing; says how many. The permit comes within the lead of
/// `$2` milliseconds. It is spread over the first nine tenths of it, in proportion to how much an organization has in the batch:
/// somebody's single post is permitted before another's bulk.
pub(super) async fn make_ready(c: &mut Connection, lead: Duration) -> Result<usize, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "WITH due AS (
            SELECT q.id, q.organization_id, q.due_at FROM publications q
            WHERE q.state = 'scheduled' AND NOT ({PREPARES}) AND q.next_step_at <= now()
            ORDER BY q.next_step_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), placed AS (
            SELECT id, (row_number() OVER (PARTITION BY organization_id ORDER BY due_at, id) - 1) * 0.9 * $2 / $1 AS spread FROM due
        )
        UPDATE publications p SET state = 'ready', updated_at = now(),
            next_step_at = greatest(now(), p.due_at - ($2 - x.spread) * interval '1 millisecond')
        FROM placed x WHERE p.id = x.id"
    );
    let made = sql_query(statement)
        .bind::<BigInt, _>(BATCH)
        .bind::<Double, _>(lead.as_secs_f64() * 1e3)
        .execute(c)
        .await?;
    if made > 0 {
        wake(c).await?;
    }
    Ok(made)
}

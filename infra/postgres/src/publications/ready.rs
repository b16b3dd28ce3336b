//! What needs no preparation becomes ready by itself, many at once.

use std::time::Duration;

use diesel::sql_types::{BigInt, Double};

use super::{claim::PREPARES, queue::wake};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// Most rows in one transaction.
const BATCH: i64 = 2_000;

/// How long after the beginning of the permit lead a row `q` is permitted: spread over the first nine tenths of it, in proportion to
/// how much of a batch of this size belongs to the same group. So somebody's single post is permitted before another's bulk.
pub(super) fn spread(group: &str, id: &str, batch: &str, lead: &str) -> String {
    format!(
        "least((row_number() OVER (PARTITION BY {group} ORDER BY q.due_at, {id}) - 1) / {batch}, 1) * 0.9 * {lead}"
    )
}

/// Makes publications ready whose preparation is due and would do nothing; says how many. The permit comes within the lead of
/// `$2` milliseconds.
pub(super) async fn make_ready(c: &mut Connection, lead: Duration) -> Result<usize, StoreError> {
    use diesel_async::RunQueryDsl;
    let spread = spread("q.organization_id", "q.id", "$1::float8", "$2");
    let statement = format!(
        "WITH due AS (
            SELECT q.id, q.organization_id, q.due_at FROM publications q
            WHERE q.state = 'scheduled' AND NOT ({PREPARES}) AND q.next_step_at <= now()
            ORDER BY q.next_step_at LIMIT $1 FOR UPDATE SKIP LOCKED
        ), placed AS (
            SELECT q.id, {spread} AS spread FROM due q
        )
        UPDATE publications p SET state = 'ready', updated_at = now(),
            next_step_at = greatest(now(), p.due_at - ($2 - x.spread) * interval '1 millisecond')
        FROM placed x WHERE p.id = x.id"
    );
    let made = prepared(statement)
        .bind::<BigInt, _>(BATCH)
        .bind::<Double, _>(lead.as_secs_f64() * 1e3)
        .execute(c)
        .await?;
    if made > 0 {
        wake(c).await?;
    }
    Ok(made)
}

//! Series of which a channel is disconnected.

use diesel::{
    sql_query,
    sql_types::{Array, Uuid as SqlUuid},
};
use uuid::Uuid;

use crate::{error::StoreError, pool::Connection};

/// How series are locked that are to pause.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Locking {
    /// Waits for whoever changes them or makes their posts. They hold channels after the series, so this comes before any channel.
    Waits,
    /// Leaves out those that somebody else has locked: whoever waits for a channel that is locked here finds it disconnected.
    Passes,
}

/// Pauses the active series that name one of these channels, and tells of it.
pub(crate) async fn pause(
    c: &mut Connection,
    owner: Uuid,
    channels: &[Uuid],
    locking: Locking,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let lock = match locking {
        Locking::Waits => "FOR UPDATE",
        Locking::Passes => "FOR UPDATE SKIP LOCKED",
    };
    sql_query(format!(
        "WITH affected AS (
            SELECT s.id FROM series s WHERE s.organization_id = $1 AND s.state = 'active' AND EXISTS (
                SELECT FROM jsonb_array_elements(s.targets) t WHERE (t ->> 'channel')::uuid = ANY ($2))
            ORDER BY s.id {lock}
        ), paused AS (
            UPDATE series s SET state = 'paused', reason = 'channel_not_connected', next_at = NULL, claimed_until = NULL,
                version = version + 1, updated_at = now()
            FROM affected a WHERE s.id = a.id RETURNING s.id, s.organization_id)
        INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'series.paused', id FROM paused"
    ))
    .bind::<SqlUuid, _>(owner)
    .bind::<Array<SqlUuid>, _>(channels)
    .execute(c)
    .await?;
    Ok(())
}

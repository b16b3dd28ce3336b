//! Series of which a channel is disconnected.

use diesel::{
    sql_query,
    sql_types::{Array, Uuid as SqlUuid},
};
use uuid::Uuid;

use super::row::CHANNELS;
use crate::{error::StoreError, pool::Connection};

/// When series are paused, seen from the disconnection of their channels.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    /// Before a channel is locked. Waits for whoever changes the series or makes their posts: they hold channels after the series.
    Before,
    /// With the channels locked, for series that came to name them before that. Whoever has a series locked now is passed over,
    /// because it may wait for a channel.
    Within,
    /// When the disconnection is committed, for those that were passed over. Waits again: nobody waits for us.
    After,
}

/// Pauses the active series that name one of these channels, and tells of it.
pub(crate) async fn pause(
    c: &mut Connection,
    owner: Uuid,
    channels: &[Uuid],
    moment: Moment,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let (counts, lock) = match moment {
        Moment::Before => ("true", "FOR UPDATE OF s"),
        Moment::Within => ("true", "FOR UPDATE OF s SKIP LOCKED"),
        // Somebody may have connected one of them again.
        Moment::After => ("h.state = 'disconnected'", "FOR UPDATE OF s"),
    };
    sql_query(format!(
        "WITH affected AS (
            SELECT s.id FROM series s WHERE s.organization_id = $1 AND s.state = 'active'
                AND EXISTS (SELECT FROM {CHANNELS} WHERE h.id = ANY ($2) AND {counts})
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

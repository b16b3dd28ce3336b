//! What must not stay.

use chrono::{DateTime, Utc};
use diesel::{ExpressionMethods, QueryDsl, delete, sql_query, sql_types::Timestamptz};
use diesel_async::AsyncConnection as _;

use crate::{
    error::StoreError,
    pool::Connection,
    schema::connections::pending_selections::{self as pending_rows, dsl as p},
};

/// Destroys what logins kept that ran out.
pub(super) async fn expired_selections(c: &mut Connection, now: DateTime<Utc>) -> Result<u64, StoreError> {
    use diesel_async::RunQueryDsl;
    Ok(delete(pending_rows::table.filter(p::expires_at.le(now))).execute(c).await? as u64)
}

/// Deletes logins that ended long ago, and with them the connections that never came about.
pub(super) async fn unfinished(c: &mut Connection, before: DateTime<Utc>) -> Result<u64, StoreError> {
    use diesel_async::RunQueryDsl;
    c.transaction(async |c| {
        let dead = sql_query(
            "DELETE FROM connections c USING connection_attempts a \
             WHERE a.connection_id = c.id AND a.expires_at <= $1 AND c.state = 'new'",
        );
        let gone = dead.bind::<Timestamptz, _>(before).execute(c).await?;
        let old = sql_query("DELETE FROM connection_attempts WHERE expires_at <= $1");
        old.bind::<Timestamptz, _>(before).execute(c).await?;
        Ok(gone as u64)
    })
    .await
}

/// Destroys keys whose token nobody may use: the channel or connection is not connected, or there is no token at all.
/// Tokens go with their keys.
pub(super) async fn orphan_tokens(c: &mut Connection) -> Result<u64, StoreError> {
    use diesel_async::RunQueryDsl;
    let orphans = sql_query(
        "DELETE FROM connection_keys k
         WHERE NOT EXISTS (SELECT FROM connection_tokens t JOIN connections c ON c.id = t.connection_id
                 WHERE t.key_id = k.id AND c.state = 'connected')
             AND NOT EXISTS (SELECT FROM channel_tokens t JOIN channels c ON c.id = t.channel_id
                 JOIN connections n ON n.id = t.connection_id
                 WHERE t.key_id = k.id AND c.state = 'connected' AND n.state <> 'disconnected')",
    );
    Ok(orphans.execute(c).await? as u64)
}

//! What must not stay.

use diesel::sql_query;

use crate::{error::StoreError, pool::Connection};

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

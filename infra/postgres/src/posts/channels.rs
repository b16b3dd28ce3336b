//! Channels that a post is planned onto, held against being disconnected meanwhile.
//!
//! A disconnection locks its channels and then takes their publications back. Whoever plans takes the same way, or the two wait
//! for each other: channels first, in the order of ids, then publications. `FOR KEY SHARE` is what the foreign keys to a channel
//! take anyway; only the `FOR UPDATE` of a disconnection stands in its way.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName,
    sql_types::{Array, Text, Uuid as SqlUuid},
};
use publishing::{connection::ChannelState, id::ChannelId};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Text)]
    state: String,
}

const HOLD: &str = "SELECT state FROM channels WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE";

/// Holds channels until the transaction ends, after whatever disconnection is under way. Says whether all of them are still
/// there and none is disconnected.
pub(crate) async fn hold(
    c: &mut Connection,
    channels: impl Iterator<Item = ChannelId>,
) -> Result<bool, StoreError> {
    are_held(c, HOLD, channels.map(|channel| channel.uuid()).collect()).await
}

/// Holds channels as [`hold`] does, and says which of them are not there, or disconnected.
pub(crate) async fn hold_all(c: &mut Connection, channels: &BTreeSet<ChannelId>) -> Result<Held, StoreError> {
    use diesel_async::RunQueryDsl;
    let ids: Vec<Uuid> = channels.iter().map(ChannelId::uuid).collect();
    let rows: Vec<HeldRow> =
        prepared("SELECT id, state FROM channels WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE")
            .bind::<Array<SqlUuid>, _>(&ids)
            .load(c)
            .await?;
    let gone = ChannelState::Disconnected.as_str();
    let there: BTreeSet<ChannelId> = rows.iter().map(|row| ChannelId::from_uuid(row.id)).collect();
    let connected =
        rows.iter().filter(|row| row.state != gone).map(|row| ChannelId::from_uuid(row.id)).collect();
    Ok(Held { there, connected })
}

/// Channels that are held.
pub(crate) struct Held {
    /// Those that exist.
    pub(crate) there: BTreeSet<ChannelId>,
    /// Those that are not disconnected.
    pub(crate) connected: BTreeSet<ChannelId>,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
}

/// Holds channels of several posts until the transaction ends, each named any number of times.
pub(crate) async fn hold_each(c: &mut Connection, channels: &[ChannelId]) -> Result<(), StoreError> {
    are_held(c, HOLD, channels.iter().map(ChannelId::uuid).collect()).await.map(|_| ())
}

/// Holds a channel in a transaction that has locked publications already, where waiting for a disconnection might be waiting for
/// one that waits for them: a channel that is being disconnected counts as disconnected.
pub(super) async fn hold_at_once(c: &mut Connection, channel: ChannelId) -> Result<bool, StoreError> {
    are_held(c, &format!("{HOLD} SKIP LOCKED"), vec![channel.uuid()]).await
}

async fn are_held(c: &mut Connection, statement: &str, ids: Vec<Uuid>) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<StateRow> = prepared(statement).bind::<Array<SqlUuid>, _>(&ids).load(c).await?;
    let gone = ChannelState::Disconnected.as_str();
    Ok(rows.len() == ids.len() && rows.iter().all(|row| row.state != gone))
}

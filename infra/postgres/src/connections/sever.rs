//! Disconnecting: tokens and keys are deleted in the transaction that says so, and publications follow.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, delete,
    dsl::{exists, now},
    select, sql_query,
    sql_types::{Array, Text, Uuid as SqlUuid},
    update,
};
use diesel_async::AsyncConnection as _;
use publishing::{
    connection::{ChannelState, RemoteRevoke, SealedGrant, SealedSelection, Severed, Standing},
    id::{ChannelId, ConnectionId},
};
use tenancy::{
    OrganizationId,
    sealing::{Sealed, WrappedKey},
};
use uuid::Uuid;

use super::keys;
use crate::{
    error::StoreError,
    pool::Connection,
    schema::connections::{
        channel_tokens,
        channels::{self, dsl as ch},
        connection_attempts as attempts, connection_keys, connection_tokens,
        connections::{self, dsl as k},
        consents, pending_selections as pending_rows,
    },
    series::disconnected::{Moment, pause},
};

/// What was not sent is taken back. What may have been sent waits for a person, because nobody can look without a token; it keeps
/// its epoch, so that the worker whose call is under way may still say what came of it. Rows are locked in the order of ids, as
/// everybody who locks several does, and after their channels: whoever plans onto a channel holds it first.
const TAKE_BACK: &str = "WITH affected AS (
    SELECT q.id, q.state FROM calendar_entries e JOIN publications q ON q.id = e.publication_id WHERE e.channel_id = ANY ($1)
        AND q.state IN ('scheduled', 'preparing', 'ready', 'publishing', 'unconfirmed')
    ORDER BY q.id FOR UPDATE OF q
), done AS (
    UPDATE publications p SET
        state = CASE WHEN a.state IN ('publishing', 'unconfirmed') THEN 'unconfirmed' ELSE 'cancelled' END,
        needs_person = a.state IN ('publishing', 'unconfirmed'),
        reason = 'channel_disconnected', next_step_at = NULL, worker = NULL,
        epoch = p.epoch + (a.state NOT IN ('publishing', 'unconfirmed'))::int, updated_at = now()
    FROM affected a WHERE p.id = a.id RETURNING p.id, p.organization_id, p.needs_person
)
INSERT INTO events (organization_id, kind, subject_id)
SELECT organization_id, CASE WHEN needs_person THEN 'publication.needs_person' ELSE 'publication.cancelled' END, id FROM done";

/// Disconnects a connection in any state.
pub(super) async fn connection(
    c: &mut Connection,
    owner: OrganizationId,
    id: ConnectionId,
) -> Result<Option<Severed>, StoreError> {
    let ended = c.transaction::<_, StoreError, _>(async |c| {
        use diesel_async::RunQueryDsl;
        let Some(severed) = lock_and_copy(c, owner.uuid(), id.uuid()).await? else { return Ok(None) };
        let of_it = channels::table.filter(ch::connection_id.eq(id.uuid())).select(ch::id).order(ch::id);
        // The connection is locked: it gets no other channels.
        let its_channels: Vec<Uuid> = of_it.load(c).await?;
        pause(c, owner.uuid(), &its_channels, Moment::Before).await?;
        let its_channels: Vec<Uuid> = of_it.for_update().load(c).await?;
        end_channels(c, owner.uuid(), &its_channels).await?;
        end_connection(c, owner.uuid(), id.uuid()).await?;
        Ok(Some((severed, its_channels)))
    });
    let Some((severed, its_channels)) = ended.await? else { return Ok(None) };
    pause_the_rest(c, owner, &its_channels).await;
    Ok(Some(severed))
}

/// Disconnects a channel, and its connection with the last one.
pub(super) async fn channel(
    c: &mut Connection,
    owner: OrganizationId,
    id: ChannelId,
) -> Result<Option<Option<Severed>>, StoreError> {
    let ended = c.transaction::<_, StoreError, _>(async |c| {
        use diesel_async::RunQueryDsl;
        let of_owner = channels::table.find(id.uuid()).filter(ch::organization_id.eq(owner.uuid()));
        let through = of_owner.select(ch::connection_id).first::<Option<Uuid>>(c).await.optional()?;
        let Some(through) = through else { return Ok(None) };
        let Some(through) = through else { return Ok(Some(None)) };
        // The connection is locked before its channels, as everywhere. An update alone would not wait for whoever plans.
        let severed = lock_and_copy(c, owner.uuid(), through).await?;
        pause(c, owner.uuid(), &[id.uuid()], Moment::Before).await?;
        channels::table.find(id.uuid()).select(ch::id).for_update().first::<Uuid>(c).await?;
        end_channels(c, owner.uuid(), &[id.uuid()]).await?;
        let others = select(exists(channels::table.filter(ch::connection_id.eq(through))));
        if others.get_result::<bool>(c).await? {
            return Ok(Some(None));
        }
        end_connection(c, owner.uuid(), through).await?;
        Ok(Some(severed))
    });
    let severed = ended.await?;
    pause_the_rest(c, owner, &[id.uuid()]).await;
    Ok(severed)
}

/// Pauses the series that were passed over. The disconnection holds already: where this fails, they pause when their next post is due
/// to be made.
async fn pause_the_rest(c: &mut Connection, owner: OrganizationId, channels: &[Uuid]) {
    if let Err(error) = pause(c, owner.uuid(), channels, Moment::After).await {
        tracing::warn!(%error, "series of a disconnected channel may pause late");
    }
}

/// Locks a connection and copies what one courtesy call needs.
async fn lock_and_copy(c: &mut Connection, owner: Uuid, id: Uuid) -> Result<Option<Severed>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row =
        connections::table.find(id).filter(k::organization_id.eq(owner)).select(k::provider).for_update();
    let Some(provider) = row.first::<String>(c).await.optional()? else { return Ok(None) };
    let key = keys::organization_key(c, owner).await?;
    Ok(Some(Severed {
        connection: ConnectionId::from_uuid(id),
        organization: OrganizationId::from_uuid(owner),
        provider: provider.parse().map_err(|_| StoreError::corrupt("connections.provider"))?,
        grant: copy_grant(c, &key, id).await?,
        pending: copy_pending(c, &key, id).await?,
    }))
}

async fn copy_grant(
    c: &mut Connection,
    key: &WrappedKey,
    id: Uuid,
) -> Result<Option<SealedGrant>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row = connection_tokens::table
        .inner_join(connection_keys::table)
        .filter(connection_tokens::connection_id.eq(id))
        .select((connection_keys::id, connection_keys::wrapped, connection_tokens::sealed))
        .first::<(Uuid, Vec<u8>, Vec<u8>)>(c)
        .await
        .optional()?;
    Ok(row.map(|(data, wrapped, sealed)| SealedGrant {
        chain: keys::chain(key, data, wrapped),
        sealed: Sealed(sealed),
    }))
}

/// What the connection's login keeps, if anything.
pub(super) async fn copy_pending(
    c: &mut Connection,
    key: &WrappedKey,
    id: Uuid,
) -> Result<Option<SealedSelection>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row = pending_rows::table
        .inner_join(attempts::table.on(attempts::id.eq(pending_rows::attempt_id)))
        .filter(attempts::connection_id.eq(id))
        .select((attempts::id, pending_rows::key_id, pending_rows::wrapped, pending_rows::sealed))
        .first::<(Uuid, Uuid, Vec<u8>, Vec<u8>)>(c)
        .await
        .optional()?;
    Ok(row.map(|(attempt, data, wrapped, sealed)| SealedSelection {
        attempt,
        chain: keys::chain(key, data, wrapped),
        sealed: Sealed(sealed),
    }))
}

/// Marks channels disconnected, destroys their tokens, takes back their publications and pauses their series.
async fn end_channels(c: &mut Connection, owner: Uuid, ids: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    if ids.is_empty() {
        return Ok(());
    }
    destroy_channel_keys(c, ids).await?;
    update(channels::table.filter(ch::id.eq_any(ids)))
        .set((
            ch::state.eq(ChannelState::Disconnected.as_str()),
            ch::connection_id.eq(None::<Uuid>),
            ch::problem.eq(None::<String>),
            ch::updated_at.eq(now),
        ))
        .execute(c)
        .await?;
    // Series that came to name the channels before those were locked.
    pause(c, owner, ids, Moment::Within).await?;
    sql_query(TAKE_BACK).bind::<Array<SqlUuid>, _>(ids).execute(c).await?;
    tell(c, owner, "channel.disconnected", ids).await
}

/// Marks a connection disconnected and destroys its tokens, keys and logins. Its channels must have gone before.
pub(super) async fn end_connection(c: &mut Connection, owner: Uuid, id: Uuid) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    delete(connection_keys::table.filter(connection_keys::connection_id.eq(id))).execute(c).await?;
    delete(attempts::table.filter(attempts::connection_id.eq(id))).execute(c).await?;
    update(connections::table.filter(k::id.eq(id).and(k::organization_id.eq(owner))))
        .set((
            k::state.eq(Standing::Disconnected.as_str()),
            k::next_check_at.eq(None::<chrono::DateTime<chrono::Utc>>),
            k::updated_at.eq(now),
        ))
        .execute(c)
        .await?;
    close_consents(c, id).await
}

/// Deletes the keys of channels' tokens; the tokens go with them.
pub(super) async fn destroy_channel_keys(c: &mut Connection, ids: &[Uuid]) -> Result<usize, StoreError> {
    use diesel_async::RunQueryDsl;
    let theirs =
        channel_tokens::table.filter(channel_tokens::channel_id.eq_any(ids)).select(channel_tokens::key_id);
    Ok(delete(connection_keys::table.filter(connection_keys::id.eq_any(theirs))).execute(c).await?)
}

/// Closes the open consent.
pub(super) async fn close_consents(c: &mut Connection, id: Uuid) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let open = consents::connection_id.eq(id).and(consents::closed_at.is_null());
    update(consents::table.filter(open)).set(consents::closed_at.eq(now)).execute(c).await?;
    Ok(())
}

/// Writes one event for each subject.
pub(super) async fn tell(
    c: &mut Connection,
    owner: Uuid,
    kind: &'static str,
    subjects: &[Uuid],
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query("INSERT INTO events (organization_id, kind, subject_id) SELECT $1, $2, unnest($3)")
        .bind::<SqlUuid, _>(owner)
        .bind::<Text, _>(kind)
        .bind::<Array<SqlUuid>, _>(subjects)
        .execute(c)
        .await?;
    Ok(())
}

/// Keeps what came of the revocation on the platform, unless the connection lives again.
pub(super) async fn record_revoke(
    c: &mut Connection,
    id: ConnectionId,
    outcome: RemoteRevoke,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let ended = connections::table.find(id.uuid()).filter(k::state.ne(Standing::Connected.as_str()));
    update(ended).set(k::remote_revoke.eq(outcome.as_str())).execute(c).await?;
    Ok(())
}

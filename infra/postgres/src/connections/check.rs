//! Checks: which tokens are due, and what the platform said about them.

use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, delete,
    dsl::now,
    insert_into, sql_query,
    sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid},
    update,
};
use diesel_async::AsyncConnection as _;
use publishing::{
    connection::{ChannelState, CheckResult, Renewal, SealedGrant, Standing, StoredGrant},
    id::{ChannelId, ConnectionId},
};
use tenancy::{
    OrganizationId,
    sealing::{Sealed, WrappedKey},
};
use uuid::Uuid;

use super::{keys, sever};
use crate::{
    error::StoreError,
    pool::Connection,
    schema::connections::{
        channel_tokens::{self, dsl as ct},
        channels::{self, dsl as ch},
        connection_keys,
        connection_tokens::{self, dsl as t},
        connections::{self, dsl as k},
    },
};

/// A claim lasts ten minutes: a worker that dies gives the check back after that.
const CLAIM: &str = "WITH due AS (
    SELECT id FROM connections WHERE next_check_at <= now() ORDER BY next_check_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE connections c SET next_check_at = now() + interval '10 minutes' FROM due WHERE c.id = due.id RETURNING c.id";

/// A permission that came back takes only its own complaint away.
const RECORD_CHANNELS: &str = "UPDATE channels SET granted = $3, missing = $4, updated_at = now(),
    problem = CASE WHEN problem = 'permission_missing' THEN NULL ELSE problem END
WHERE connection_id = $1 AND platform = $2 AND state = 'connected' AND (granted, missing) IS DISTINCT FROM ($3, $4)";

#[derive(diesel::QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Claims connections that are due.
pub(super) async fn claim(c: &mut Connection, limit: u32) -> Result<Vec<ConnectionId>, StoreError> {
    use diesel_async::RunQueryDsl;
    let due: Vec<Due> = sql_query(CLAIM).bind::<BigInt, _>(i64::from(limit)).load(c).await?;
    Ok(due.into_iter().map(|d| ConnectionId::from_uuid(d.id)).collect())
}

/// A connection's tokens, as one consistent picture.
pub(super) async fn grant(c: &mut Connection, id: ConnectionId) -> Result<Option<StoredGrant>, StoreError> {
    c.build_transaction()
        .repeatable_read()
        .read_only()
        .run(async |c| {
            use diesel_async::RunQueryDsl;
            let row = connection_tokens::table
                .inner_join(connections::table)
                .inner_join(connection_keys::table)
                .filter(t::connection_id.eq(id.uuid()))
                .select((
                    (k::organization_id, k::provider, k::granted, k::expires_at),
                    (t::sealed, t::issued_at),
                    (connection_keys::id, connection_keys::wrapped),
                ))
                .first::<(Facts, (Vec<u8>, DateTime<Utc>), (Uuid, Vec<u8>))>(c)
                .await
                .optional()?;
            let Some(((owner, provider, granted, expires_at), (sealed, issued_at), (key, wrapped))) = row
            else {
                return Ok(None);
            };
            let organization = keys::organization_key(c, owner).await?;
            Ok(Some(StoredGrant {
                organization: OrganizationId::from_uuid(owner),
                provider: provider.parse().map_err(|_| StoreError::corrupt("connections.provider"))?,
                grant: SealedGrant {
                    chain: keys::chain(&organization, key, wrapped),
                    sealed: Sealed(sealed),
                },
                key,
                issued_at,
                granted,
                expires_at,
                channels: channel_grants(c, &organization, id.uuid()).await?,
            }))
        })
        .await
}

type Facts = (Uuid, String, Vec<String>, Option<DateTime<Utc>>);

async fn channel_grants(
    c: &mut Connection,
    organization: &WrappedKey,
    id: Uuid,
) -> Result<Vec<(ChannelId, Uuid, SealedGrant)>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows = channel_tokens::table
        .inner_join(connection_keys::table)
        .filter(ct::connection_id.eq(id))
        .select((ct::channel_id, connection_keys::id, connection_keys::wrapped, ct::sealed))
        .load::<(Uuid, Uuid, Vec<u8>, Vec<u8>)>(c)
        .await?;
    let grant = |(channel, key, wrapped, sealed): (Uuid, Uuid, Vec<u8>, Vec<u8>)| {
        let grant = SealedGrant { chain: keys::chain(organization, key, wrapped), sealed: Sealed(sealed) };
        (ChannelId::from_uuid(channel), key, grant)
    };
    Ok(rows.into_iter().map(grant).collect())
}

/// Locks the connection and says whether its token still is the one under `key`.
async fn lock_if_current(
    c: &mut Connection,
    id: ConnectionId,
    key: Uuid,
) -> Result<Option<Uuid>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row = connections::table.find(id.uuid()).select(k::organization_id).for_update();
    let Some(owner) = row.first::<Uuid>(c).await.optional()? else { return Ok(None) };
    let current =
        connection_tokens::table.find(id.uuid()).select(t::key_id).first::<Uuid>(c).await.optional()?;
    Ok((current == Some(key)).then_some(owner))
}

/// Keeps what a check found.
pub(super) async fn record(c: &mut Connection, result: &CheckResult) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        if lock_if_current(c, result.connection, result.key).await?.is_none() {
            return Ok(false);
        }
        let id = result.connection.uuid();
        update(connections::table.find(id))
            .set((
                k::granted.eq(&result.granted),
                // A platform that names no end leaves the one that is known.
                result.expires_at.map(|at| k::expires_at.eq(at)),
                result.data_access_expires_at.map(|at| k::data_access_expires_at.eq(at)),
                k::next_check_at.eq(result.next_check_at),
                k::updated_at.eq(now),
            ))
            .execute(c)
            .await?;
        for (platform, missing) in &result.missing {
            sql_query(RECORD_CHANNELS)
                .bind::<SqlUuid, _>(id)
                .bind::<Text, _>(platform.as_str())
                .bind::<Array<Text>, _>(&result.granted)
                .bind::<Array<Text>, _>(missing)
                .execute(c)
                .await?;
        }
        Ok(true)
    })
    .await
}

/// Checks again later.
pub(super) async fn postpone(
    c: &mut Connection,
    id: ConnectionId,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let live = connections::table.find(id.uuid()).filter(k::state.eq(Standing::Connected.as_str()));
    update(live).set(k::next_check_at.eq(until)).execute(c).await?;
    Ok(())
}

/// Replaces the person's token; the old one goes with its key.
pub(super) async fn renew(c: &mut Connection, renewal: &Renewal) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let id = renewal.connection.uuid();
        let Some(owner) = lock_if_current(c, renewal.connection, renewal.key).await? else {
            return Ok(false);
        };
        delete(connection_keys::table.find(renewal.key)).execute(c).await?;
        keys::insert(c, owner, id, &renewal.token).await?;
        let row = (
            t::connection_id.eq(id),
            t::key_id.eq(renewal.token.key.id),
            t::sealed.eq(&renewal.token.sealed.0),
            t::issued_at.eq(renewal.issued_at),
        );
        insert_into(connection_tokens::table).values(row).execute(c).await?;
        let known = (k::expires_at.eq(renewal.expires_at), k::updated_at.eq(now));
        update(connections::table.find(id)).set(known).execute(c).await?;
        Ok(true)
    })
    .await
}

/// Destroys every token of a connection that the platform does not accept any more.
pub(super) async fn bury_connection(
    c: &mut Connection,
    id: ConnectionId,
    key: Uuid,
) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let Some(owner) = lock_if_current(c, id, key).await? else { return Ok(false) };
        let id = id.uuid();
        delete(connection_keys::table.filter(connection_keys::connection_id.eq(id))).execute(c).await?;
        update(connections::table.find(id))
            .set((
                k::state.eq(Standing::NeedsReauth.as_str()),
                k::next_check_at.eq(None::<DateTime<Utc>>),
                k::updated_at.eq(now),
            ))
            .execute(c)
            .await?;
        let lost = update(channels::table.filter(ch::connection_id.eq(id)))
            .set((
                ch::state.eq(ChannelState::NeedsReauth.as_str()),
                ch::problem.eq("unauthorized"),
                ch::updated_at.eq(now),
            ))
            .returning(ch::id)
            .get_results::<Uuid>(c)
            .await?;
        sever::tell(c, owner, "connection.needs_reauth", &[id]).await?;
        sever::tell(c, owner, "channel.needs_reauth", &lost).await?;
        sever::close_consents(c, id).await?;
        Ok(true)
    })
    .await
}

/// Destroys a channel's token that the platform does not accept any more, and has the connection checked at once.
pub(super) async fn bury_channel(
    c: &mut Connection,
    id: ChannelId,
    key: Option<Uuid>,
) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let id = id.uuid();
        let row = channels::table.find(id).select((ch::organization_id, ch::connection_id));
        let through = row.first::<(Uuid, Option<Uuid>)>(c).await.optional()?;
        let Some((owner, Some(through))) = through else { return Ok(false) };
        // The connection is locked before its channels, as everywhere.
        connections::table.find(through).select(k::id).for_update().first::<Uuid>(c).await?;
        let refused = sql_query(
            "DELETE FROM connection_keys WHERE id = (SELECT key_id FROM channel_tokens WHERE channel_id = $1 \
             AND ($2 IS NULL OR key_id = $2))",
        );
        if refused.bind::<SqlUuid, _>(id).bind::<Nullable<SqlUuid>, _>(key).execute(c).await? == 0 {
            return Ok(false);
        }
        update(channels::table.find(id))
            .set((
                ch::state.eq(ChannelState::NeedsReauth.as_str()),
                ch::problem.eq("unauthorized"),
                ch::updated_at.eq(now),
            ))
            .execute(c)
            .await?;
        let live = k::id.eq(through).and(k::state.eq(Standing::Connected.as_str()));
        update(connections::table.filter(live)).set(k::next_check_at.eq(now)).execute(c).await?;
        sever::tell(c, owner, "channel.needs_reauth", &[id]).await?;
        Ok(true)
    })
    .await
}

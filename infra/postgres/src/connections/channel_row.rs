//! A channel, as a row.

use chrono::{DateTime, Utc};
use diesel::{
    ExpressionMethods, QueryDsl, QueryableByName,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    connection::{Channel, ChannelFilter, ChannelState, KnownChannel},
    id::{ChannelId, ConnectionId},
};
use tenancy::{Caller, OrganizationId, WorkspaceId};
use uuid::Uuid;

use super::reach;
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
    schema::connections::channels::{self, dsl as c},
};

/// Parameters: `$1` organization, `$2` id, `$3` reach, `$4` workspace, `$5` platform, `$6` state, `$7` connection, `$8` the
/// one before, `$9` limit. A parameter that is NULL does not filter.
const SELECT: &str = "
SELECT c.id, c.organization_id, c.workspace_id, c.connection_id, c.platform, c.remote_id, c.name, c.username, c.picture_url,
    c.state, c.problem, c.granted, c.missing, t.expires_at, k.data_access_expires_at, c.created_at,
    EXISTS (SELECT FROM channels o WHERE o.organization_id = c.organization_id AND o.platform = c.platform
        AND o.remote_id = c.remote_id AND o.id <> c.id AND o.state <> 'disconnected') AS shared
FROM channels c
LEFT JOIN channel_tokens t ON t.channel_id = c.id
LEFT JOIN connections k ON k.id = c.connection_id
WHERE c.organization_id = $1 AND ($2 IS NULL OR c.id = $2) AND ($3 IS NULL OR c.workspace_id = ANY ($3))
    AND ($4 IS NULL OR c.workspace_id = $4) AND ($5 IS NULL OR c.platform = $5) AND ($6 IS NULL OR c.state = $6)
    AND ($7 IS NULL OR c.connection_id = $7) AND ($8 IS NULL OR c.id < $8)
ORDER BY c.id DESC LIMIT $9";

#[derive(QueryableByName)]
struct ChannelRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    connection_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    remote_id: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    username: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    picture_url: Option<String>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    granted: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    missing: Vec<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    data_access_expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    shared: bool,
}

impl TryFrom<ChannelRow> for Channel {
    type Error = StoreError;

    fn try_from(row: ChannelRow) -> Result<Self, StoreError> {
        let state = row.state.parse::<ChannelState>();
        let problem = row.problem.map(|code| code.parse()).transpose();
        Ok(Self {
            id: ChannelId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            connection: row.connection_id.map(ConnectionId::from_uuid),
            platform: row.platform.parse().map_err(|_| StoreError::corrupt("channels.platform"))?,
            remote_id: row.remote_id,
            name: row.name,
            username: row.username,
            picture_url: row.picture_url.and_then(|url| url.parse().ok()),
            state: state.map_err(|_| StoreError::corrupt("channels.state"))?,
            problem: problem.map_err(|_| StoreError::corrupt("channels.problem"))?,
            granted: row.granted,
            missing: row.missing,
            expires_at: row.expires_at,
            data_access_expires_at: row.data_access_expires_at,
            shared: row.shared,
            created_at: row.created_at,
        })
    }
}

async fn find(
    connection: &mut Connection,
    owner: OrganizationId,
    id: Option<ChannelId>,
    reach: Option<Vec<Uuid>>,
    filter: &ChannelFilter,
) -> Result<Vec<Channel>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<ChannelRow> = prepared(SELECT)
        .bind::<SqlUuid, _>(owner.uuid())
        .bind::<Nullable<SqlUuid>, _>(id.map(|id| id.uuid()))
        .bind::<Nullable<Array<SqlUuid>>, _>(reach)
        .bind::<Nullable<SqlUuid>, _>(filter.workspace.map(|w| w.uuid()))
        .bind::<Nullable<Text>, _>(filter.platform.map(publishing::platform::Platform::as_str))
        .bind::<Nullable<Text>, _>(filter.state.map(ChannelState::as_str))
        .bind::<Nullable<SqlUuid>, _>(filter.connection.map(|k| k.uuid()))
        .bind::<Nullable<SqlUuid>, _>(filter.after.map(|id| id.uuid()))
        .bind::<BigInt, _>(i64::try_from(filter.limit).unwrap_or(i64::MAX))
        .load(connection)
        .await?;
    rows.into_iter().map(Channel::try_from).collect()
}

/// One channel of the organization.
pub(crate) async fn one(
    connection: &mut Connection,
    owner: OrganizationId,
    id: ChannelId,
) -> Result<Option<Channel>, StoreError> {
    let only = ChannelFilter { limit: 1, ..ChannelFilter::default() };
    Ok(find(connection, owner, Some(id), None, &only).await?.pop())
}

/// Channels within the caller's reach, newest first.
pub(super) async fn list(
    connection: &mut Connection,
    caller: &Caller,
    filter: &ChannelFilter,
) -> Result<Vec<Channel>, StoreError> {
    find(connection, caller.organization, None, reach(caller), filter).await
}

/// The channels of a workspace, disconnected ones included.
pub(super) async fn known(
    connection: &mut Connection,
    owner: OrganizationId,
    workspace: WorkspaceId,
) -> Result<Vec<KnownChannel>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows = channels::table
        .filter(c::organization_id.eq(owner.uuid()))
        .filter(c::workspace_id.eq(workspace.uuid()))
        .select((c::id, c::platform, c::remote_id, c::connection_id))
        .load::<(Uuid, String, String, Option<Uuid>)>(connection)
        .await?;
    let known = |(id, platform, remote_id, connection): (Uuid, String, String, Option<Uuid>)| {
        Ok(KnownChannel {
            id: ChannelId::from_uuid(id),
            platform: platform.parse().map_err(|_| StoreError::corrupt("channels.platform"))?,
            remote_id,
            connection: connection.map(ConnectionId::from_uuid),
        })
    };
    rows.into_iter().map(known).collect()
}

//! A connection with its login, as rows.

use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper, pg::Pg,
};
use publishing::{
    connection::{Attempt, Beginner, Connection as Domain, ConnectionFilter, Stage},
    id::ConnectionId,
};
use tenancy::{Caller, OrganizationId, WorkspaceId};
use uuid::Uuid;

use super::reach;
use crate::{
    error::StoreError,
    pool::Connection,
    schema::connections::{
        connection_attempts,
        connections::{self, dsl as k},
    },
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = connections, check_for_backend(Pg))]
struct ConnectionRow {
    id: Uuid,
    organization_id: Uuid,
    workspace_id: Uuid,
    provider: String,
    state: String,
    granted: Vec<String>,
    declined: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    data_access_expires_at: Option<DateTime<Utc>>,
    remote_revoke: Option<String>,
    created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = connection_attempts, check_for_backend(Pg))]
struct AttemptRow {
    id: Uuid,
    begun_by_kind: String,
    begun_by: Uuid,
    stage: String,
    failure: Option<String>,
    return_url: Option<String>,
    expires_at: DateTime<Utc>,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let begun_by = beginner(&row.begun_by_kind, row.begun_by)?;
        let stage = match (row.stage.as_str(), row.failure) {
            ("awaiting_person", None) => Stage::AwaitingPerson,
            ("exchanging", None) => Stage::Exchanging,
            ("awaiting_confirmation", None) => Stage::AwaitingConfirmation,
            ("awaiting_completion", None) => Stage::AwaitingCompletion,
            ("awaiting_selection", None) => Stage::AwaitingSelection,
            ("failed", Some(failure)) => Stage::Failed(
                failure.parse().map_err(|_| StoreError::corrupt("connection_attempts.failure"))?,
            ),
            _ => return Err(StoreError::corrupt("connection_attempts.stage")),
        };
        let return_url = row.return_url.and_then(|url| url.parse().ok());
        Ok(Self { id: row.id, stage, begun_by, expires_at: row.expires_at, return_url })
    }
}

pub(super) fn beginner(kind: &str, id: Uuid) -> Result<Beginner, StoreError> {
    match kind {
        "session" => Ok(Beginner::Session(id)),
        "api_key" => Ok(Beginner::ApiKey(id)),
        _ => Err(StoreError::corrupt("connection_attempts.begun_by_kind")),
    }
}

fn domain((row, attempt): (ConnectionRow, Option<AttemptRow>)) -> Result<Domain, StoreError> {
    Ok(Domain {
        id: ConnectionId::from_uuid(row.id),
        organization: OrganizationId::from_uuid(row.organization_id),
        workspace: WorkspaceId::from_uuid(row.workspace_id),
        provider: row.provider.parse().map_err(|_| StoreError::corrupt("connections.provider"))?,
        standing: row.state.parse().map_err(|_| StoreError::corrupt("connections.state"))?,
        attempt: attempt.map(Attempt::try_from).transpose()?,
        granted: row.granted,
        declined: row.declined,
        expires_at: row.expires_at,
        data_access_expires_at: row.data_access_expires_at,
        remote_revoke: row.remote_revoke.and_then(|word| word.parse().ok()),
        created_at: row.created_at,
    })
}

/// One connection of the organization.
pub(super) async fn one(
    c: &mut Connection,
    owner: OrganizationId,
    id: ConnectionId,
) -> Result<Option<Domain>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row = connections::table
        .left_join(connection_attempts::table.on(connection_attempts::connection_id.eq(k::id)))
        .filter(k::id.eq(id.uuid()).and(k::organization_id.eq(owner.uuid())))
        .select((ConnectionRow::as_select(), Option::<AttemptRow>::as_select()))
        .first(c)
        .await
        .optional()?;
    row.map(domain).transpose()
}

/// Connections within the caller's reach, newest first.
pub(super) async fn list(
    c: &mut Connection,
    caller: &Caller,
    filter: &ConnectionFilter,
) -> Result<Vec<Domain>, StoreError> {
    use diesel_async::RunQueryDsl;
    let mut query = connections::table
        .left_join(connection_attempts::table.on(connection_attempts::connection_id.eq(k::id)))
        .filter(k::organization_id.eq(caller.organization.uuid()))
        .select((ConnectionRow::as_select(), Option::<AttemptRow>::as_select()))
        .order(k::id.desc())
        .limit(i64::try_from(filter.limit).unwrap_or(i64::MAX))
        .into_boxed();
    if let Some(workspaces) = reach(caller) {
        query = query.filter(k::workspace_id.eq_any(workspaces));
    }
    if let Some(workspace) = filter.workspace {
        query = query.filter(k::workspace_id.eq(workspace.uuid()));
    }
    if let Some(before) = filter.after {
        query = query.filter(k::id.lt(before.uuid()));
    }
    let rows = query.load::<(ConnectionRow, Option<AttemptRow>)>(c).await?;
    rows.into_iter().map(domain).collect()
}

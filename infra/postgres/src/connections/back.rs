//! Logins, as seen by the browser of the person: back from the platform, and the page that asks for their word.

use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, delete, insert_into, update,
};
use diesel_async::AsyncConnection as _;
use publishing::{
    connection::{
        CodeHash, Confirmed, Declined, Failure, Gate, PendingSelection, Returned, Severed, Stage, Stale,
    },
    id::ConnectionId,
};
use tenancy::OrganizationId;
use uuid::Uuid;

use super::{keys, row, sever};
use crate::{
    error::StoreError,
    pool::Connection,
    schema::{
        connections::{
            connection_attempts::{self as attempts, dsl as a},
            connections::{self, dsl as k},
            pending_selections::{self as pending_rows, dsl as p},
        },
        tenancy::{organizations, workspaces},
    },
};

/// The attempt, its connection, its organization, who began and where the browser goes.
type Opened = (Uuid, Uuid, Uuid, String, Uuid, Option<String>);

/// Why a code opens nothing, by the stage of the login it belongs to and the stage it would have opened.
fn stale(found: Option<&str>, opens: Stage) -> Stale {
    match found {
        None => Stale::Unknown,
        Some(stage) if stage == opens.as_str() => Stale::Expired,
        Some(_) => Stale::Used,
    }
}

/// Uses up a `state`: whoever gets the row back is the only one who does.
pub(super) async fn consume_state(
    c: &mut Connection,
    state: CodeHash,
    now: DateTime<Utc>,
) -> Result<Result<Returned, Stale>, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let (opens, named) = (Stage::AwaitingPerson, a::state_hash.eq(state.0.as_slice()));
        let fresh = named.and(a::stage.eq(opens.as_str())).and(a::expires_at.gt(now));
        let used = update(attempts::table.filter(fresh))
            .set(a::stage.eq(Stage::Exchanging.as_str()))
            .returning((
                a::id,
                a::connection_id,
                a::organization_id,
                a::begun_by_kind,
                a::begun_by,
                a::return_url,
            ))
            .get_result::<Opened>(c)
            .await
            .optional()?;
        if let Some(opened) = used {
            return returned(c, opened).await.map(Ok);
        }
        let found = attempts::table.filter(named).select(a::stage).first::<String>(c).await.optional()?;
        Ok(Err(stale(found.as_deref(), opens)))
    })
    .await
}

/// The login with what its person is told about it.
async fn returned(
    c: &mut Connection,
    (attempt, connection, owner, kind, by, return_url): Opened,
) -> Result<Returned, StoreError> {
    use diesel_async::RunQueryDsl;
    let row = connections::table.find(connection).select((k::provider, k::workspace_id));
    let (provider, workspace) = row.first::<(String, Uuid)>(c).await?;
    let organization_name = organizations::table.find(owner).select(organizations::name).first(c).await?;
    let workspace_name = workspaces::table.find(workspace).select(workspaces::name).first(c).await?;
    Ok(Returned {
        attempt,
        connection: ConnectionId::from_uuid(connection),
        organization: OrganizationId::from_uuid(owner),
        organization_name,
        workspace_name,
        provider: provider.parse().map_err(|_| StoreError::corrupt("connections.provider"))?,
        begun_by: row::beginner(&kind, by)?,
        return_url: return_url.and_then(|url| url.parse().ok()),
    })
}

/// Ends a login; what it kept is destroyed.
pub(super) async fn fail(c: &mut Connection, attempt: Uuid, failure: Failure) -> Result<(), StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        update(attempts::table.find(attempt))
            .set((
                a::stage.eq("failed"),
                a::failure.eq(failure.as_str()),
                a::completion_hash.eq(None::<Vec<u8>>),
            ))
            .execute(c)
            .await?;
        delete(pending_rows::table.find(attempt)).execute(c).await?;
        Ok(())
    })
    .await
}

/// Keeps what the grant reaches, if the login still waits for it.
pub(super) async fn save_pending(
    c: &mut Connection,
    attempt: Uuid,
    pending: &PendingSelection,
) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let (stage, confirmation, completion) = match &pending.gate {
            Gate::Confirmation(nonce) => (Stage::AwaitingConfirmation, Some(nonce.0.as_slice()), None),
            Gate::Completion(code) => (Stage::AwaitingCompletion, None, Some(code.0.as_slice())),
        };
        let waiting = attempts::table.find(attempt).filter(a::stage.eq(Stage::Exchanging.as_str()));
        let owner = update(waiting)
            .set((
                a::stage.eq(stage.as_str()),
                a::confirmation_hash.eq(confirmation),
                a::completion_hash.eq(completion),
                a::expires_at.eq(pending.expires_at),
            ))
            .returning(a::organization_id)
            .get_result::<Uuid>(c)
            .await
            .optional()?;
        let Some(owner) = owner else { return Ok(false) };
        let row = (
            p::attempt_id.eq(attempt),
            p::organization_id.eq(owner),
            p::person_lookup.eq(pending.person.as_slice()),
            p::key_id.eq(pending.secret.key.id),
            p::wrapped.eq(&pending.secret.key.bytes),
            p::sealed.eq(&pending.secret.sealed.0),
            p::expires_at.eq(pending.expires_at),
        );
        insert_into(pending_rows::table).values(row).execute(c).await?;
        Ok(true)
    })
    .await
}

/// Uses up the nonce of the page that asks the person: the login waits for its completion code.
pub(super) async fn confirm(
    c: &mut Connection,
    nonce: CodeHash,
    completion: CodeHash,
    now: DateTime<Utc>,
) -> Result<Result<Confirmed, Stale>, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let (opens, named) = (Stage::AwaitingConfirmation, a::confirmation_hash.eq(nonce.0.as_slice()));
        let fresh = named.and(a::stage.eq(opens.as_str())).and(a::expires_at.gt(now));
        let used = update(attempts::table.filter(fresh))
            .set((
                a::stage.eq(Stage::AwaitingCompletion.as_str()),
                a::completion_hash.eq(completion.0.as_slice()),
            ))
            .returning((a::connection_id, a::return_url))
            .get_result::<(Uuid, Option<String>)>(c)
            .await
            .optional()?;
        let Some((connection, return_url)) = used else {
            let found = attempts::table.filter(named).select(a::stage).first::<String>(c).await.optional()?;
            return Ok(Err(stale(found.as_deref(), opens)));
        };
        let return_url = return_url.and_then(|url| url.parse().ok());
        Ok(Ok(Confirmed { connection: ConnectionId::from_uuid(connection), return_url }))
    })
    .await
}

/// Uses up the nonce of the page that asks the person: the login ends, and what it kept is copied out for one courtesy call
/// and destroyed.
pub(super) async fn decline(
    c: &mut Connection,
    nonce: CodeHash,
) -> Result<Result<Declined, Stale>, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let (opens, named) = (Stage::AwaitingConfirmation, a::confirmation_hash.eq(nonce.0.as_slice()));
        let ended = update(attempts::table.filter(named).filter(a::stage.eq(opens.as_str())))
            .set((a::stage.eq("failed"), a::failure.eq(Failure::Declined.as_str())))
            .returning((a::id, a::connection_id, a::organization_id, a::return_url))
            .get_result::<(Uuid, Uuid, Uuid, Option<String>)>(c)
            .await
            .optional()?;
        let Some((attempt, connection, owner, return_url)) = ended else {
            let found = attempts::table.filter(named).select(a::stage).first::<String>(c).await.optional()?;
            return Ok(Err(stale(found.as_deref(), opens)));
        };
        let severed = copy(c, owner, connection).await?;
        delete(pending_rows::table.find(attempt)).execute(c).await?;
        Ok(Ok(Declined { severed, return_url: return_url.and_then(|url| url.parse().ok()) }))
    })
    .await
}

/// What a login kept. The connection's own token, if it has one, goes on working.
async fn copy(c: &mut Connection, owner: Uuid, connection: Uuid) -> Result<Severed, StoreError> {
    use diesel_async::RunQueryDsl;
    let provider: String = connections::table.find(connection).select(k::provider).first(c).await?;
    let key = keys::organization_key(c, owner).await?;
    Ok(Severed {
        connection: ConnectionId::from_uuid(connection),
        organization: OrganizationId::from_uuid(owner),
        provider: provider.parse().map_err(|_| StoreError::corrupt("connections.provider"))?,
        grant: None,
        pending: sever::copy_pending(c, &key, connection).await?,
    })
}

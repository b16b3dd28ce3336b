//! Logins, as seen by whoever began: one row per connection, from the beginning to the choice.

use chrono::{DateTime, Utc};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, delete,
    dsl::{exists, now as database_now},
    insert_into, select, update,
};
use diesel_async::AsyncConnection as _;
use publishing::{
    connection::{Beginner, CodeHash, NewAttempt, NewConnection, Provider, SealedSelection, Stage, Standing},
    id::ConnectionId,
};
use tenancy::{OrganizationId, sealing::Sealed};
use uuid::Uuid;

use super::keys;
use crate::{
    error::StoreError,
    idempotency,
    pool::Connection,
    schema::{
        connections::{
            connection_attempts::{self as attempts, dsl as a},
            connections::{self, dsl as k},
            pending_selections::{self as pending_rows, dsl as p},
        },
        tenancy::workspaces,
    },
};

/// Saves a new connection with its login. `false` if the organization has no such workspace.
pub(super) async fn begin(
    c: &mut Connection,
    new: &NewConnection,
    attempt: &NewAttempt,
) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let (owner, workspace) = (new.organization.uuid(), new.workspace.uuid());
        let of_owner = workspaces::organization_id.eq(owner).and(workspaces::id.eq(workspace));
        if !select(exists(workspaces::table.filter(of_owner))).get_result::<bool>(c).await? {
            return Ok(false);
        }
        let row = (
            k::id.eq(new.id.uuid()),
            k::organization_id.eq(owner),
            k::workspace_id.eq(workspace),
            k::provider.eq(new.provider.as_str()),
        );
        insert_into(connections::table).values(row).execute(c).await?;
        insert_attempt(c, owner, new.id.uuid(), attempt).await?;
        idempotency::made(c, new.fence, new.id.uuid()).await?;
        Ok(true)
    })
    .await
}

/// Replaces a connection's login; what the old one kept goes with it.
pub(super) async fn begin_again(
    c: &mut Connection,
    owner: OrganizationId,
    id: ConnectionId,
    attempt: &NewAttempt,
) -> Result<bool, StoreError> {
    c.transaction(async |c| {
        use diesel_async::RunQueryDsl;
        let row = connections::table.find(id.uuid()).filter(k::organization_id.eq(owner.uuid()));
        // A connection that never came about counts as left alone from here on; see the retention sweep.
        if update(row).set(k::updated_at.eq(database_now)).execute(c).await? == 0 {
            return Ok(false);
        }
        delete(attempts::table.filter(a::connection_id.eq(id.uuid()))).execute(c).await?;
        insert_attempt(c, owner.uuid(), id.uuid(), attempt).await?;
        Ok(true)
    })
    .await
}

async fn insert_attempt(
    c: &mut Connection,
    owner: Uuid,
    connection: Uuid,
    attempt: &NewAttempt,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let row = (
        a::id.eq(attempt.id),
        a::organization_id.eq(owner),
        a::connection_id.eq(connection),
        a::begun_by_kind.eq(attempt.begun_by.kind()),
        a::begun_by.eq(attempt.begun_by.id()),
        a::state_hash.eq(attempt.state.0.as_slice()),
        a::return_url.eq(attempt.return_url.as_ref().map(ToString::to_string)),
        a::expires_at.eq(attempt.expires_at),
    );
    insert_into(attempts::table).values(row).execute(c).await?;
    Ok(())
}

/// Uses up a completion code.
pub(super) async fn complete(
    c: &mut Connection,
    attempt: Uuid,
    by: Beginner,
    code: CodeHash,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let waiting = attempts::table
        .find(attempt)
        .filter(a::begun_by_kind.eq(by.kind()).and(a::begun_by.eq(by.id())))
        .filter(a::completion_hash.eq(code.0.as_slice()).and(a::expires_at.gt(now)));
    let done = update(waiting)
        .set((a::stage.eq(Stage::AwaitingSelection.as_str()), a::completion_hash.eq(None::<Vec<u8>>)))
        .execute(c)
        .await?;
    Ok(done == 1)
}

/// What a login keeps, while it has not run out.
pub(super) async fn pending(
    c: &mut Connection,
    attempt: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<SealedSelection>, StoreError> {
    use diesel_async::RunQueryDsl;
    let kept = pending_rows::table.find(attempt).filter(p::expires_at.gt(now));
    let row = kept
        .select((p::organization_id, p::key_id, p::wrapped, p::sealed))
        .first::<(Uuid, Uuid, Vec<u8>, Vec<u8>)>(c)
        .await
        .optional()?;
    let Some((owner, key, wrapped, sealed)) = row else { return Ok(None) };
    let organization = keys::organization_key(c, owner).await?;
    Ok(Some(SealedSelection {
        attempt,
        chain: keys::chain(&organization, key, wrapped),
        sealed: Sealed(sealed),
    }))
}

/// Whether a live connection or login of any organization rests on this person's grant, or the platform may still be
/// asked to take it back while one begins.
pub(super) async fn person_in_use(
    c: &mut Connection,
    provider: Provider,
    person: [u8; 32],
) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let live = connections::table
        .filter(k::person_lookup.eq(person.as_slice()).and(k::provider.eq(provider.as_str())))
        .filter(k::state.eq(Standing::Connected.as_str()));
    // The index of a person is made of provider and id, so this cannot mean another provider's person.
    let waiting = pending_rows::table
        .filter(p::person_lookup.eq(person.as_slice()).and(p::expires_at.gt(database_now)));
    Ok(select(exists(live).or(exists(waiting))).get_result(c).await?)
}

//! Connections and channels. The ports are cut by use; one store over one pool implements them all.

mod back;
mod channel_row;
mod check;
mod connect;
mod keys;
mod login;
mod row;
mod sever;
mod sweep;

pub(crate) use channel_row::one as channel;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use publishing::{
    connection::{
        Beginner, Channel, ChannelFilter, ChannelStore, CheckResult, CheckStore, CodeHash, Confirmed,
        Connection, ConnectionFilter, ConnectionStore, Declined, Failure, KnownChannel, NewAttempt,
        NewConnection, PendingSelection, Provider, RemoteRevoke, Renewal, Returned, SealedSelection,
        Selection, Severed, Stale, StoredGrant, SweepStore,
    },
    id::{ChannelId, ConnectionId},
};
use tenancy::{Caller, OrganizationId, Reach, StoreError, WorkspaceId, sealing::WrappedKey};
use uuid::Uuid;

use diesel_async::pooled_connection::deadpool;

use crate::pool::Pool;

/// How often a disconnect is tried.
const TRIES: usize = 3;

type Result<T> = std::result::Result<T, StoreError>;

/// Connections, their logins and tokens, and channels.
#[derive(Clone)]
pub struct PgConnectionStore {
    pool: Pool,
}

impl PgConnectionStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn lease(
        &self,
    ) -> std::result::Result<deadpool::Object<crate::pool::Connection>, crate::error::StoreError> {
        Ok(self.pool.get().await?)
    }
}

/// Tries again when a lock was lost to a worker: disconnecting must succeed while publications are on their way.
async fn insist<T, F>(mut act: impl FnMut() -> F) -> std::result::Result<T, crate::error::StoreError>
where
    F: Future<Output = std::result::Result<T, crate::error::StoreError>>,
{
    for _ in 1..TRIES {
        match act().await {
            Err(crate::error::StoreError::Unavailable(_)) => {}
            done => return done,
        }
    }
    act().await
}

/// The workspaces a list is limited to; `None` where the caller reaches all.
fn reach(caller: &Caller) -> Option<Vec<Uuid>> {
    match &caller.reach {
        Reach::All => None,
        Reach::Only(workspaces) => Some(workspaces.iter().map(WorkspaceId::uuid).collect()),
    }
}

#[async_trait]
impl ConnectionStore for PgConnectionStore {
    async fn begin(&self, connection: &NewConnection, attempt: &NewAttempt) -> Result<bool> {
        Ok(login::begin(&mut *self.lease().await?, connection, attempt).await?)
    }

    async fn begin_again(
        &self,
        owner: OrganizationId,
        id: ConnectionId,
        attempt: &NewAttempt,
    ) -> Result<bool> {
        Ok(login::begin_again(&mut *self.lease().await?, owner, id, attempt).await?)
    }

    async fn connection(&self, owner: OrganizationId, id: ConnectionId) -> Result<Option<Connection>> {
        Ok(row::one(&mut *self.lease().await?, owner, id).await?)
    }

    async fn connections(&self, caller: &Caller, filter: &ConnectionFilter) -> Result<Vec<Connection>> {
        Ok(row::list(&mut *self.lease().await?, caller, filter).await?)
    }

    async fn consume_state(
        &self,
        state: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<Returned, Stale>> {
        Ok(back::consume_state(&mut *self.lease().await?, state, now).await?)
    }

    async fn fail(&self, attempt: Uuid, failure: Failure) -> Result<()> {
        Ok(back::fail(&mut *self.lease().await?, attempt, failure).await?)
    }

    async fn save_pending(&self, attempt: Uuid, pending: &PendingSelection) -> Result<bool> {
        Ok(back::save_pending(&mut *self.lease().await?, attempt, pending).await?)
    }

    async fn confirm(
        &self,
        nonce: CodeHash,
        completion: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<Confirmed, Stale>> {
        Ok(back::confirm(&mut *self.lease().await?, nonce, completion, now).await?)
    }

    async fn decline(&self, nonce: CodeHash) -> Result<std::result::Result<Declined, Stale>> {
        Ok(back::decline(&mut *self.lease().await?, nonce).await?)
    }

    async fn complete(
        &self,
        attempt: Uuid,
        by: Beginner,
        code: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        Ok(login::complete(&mut *self.lease().await?, attempt, by, code, now).await?)
    }

    async fn pending(&self, attempt: Uuid, now: DateTime<Utc>) -> Result<Option<SealedSelection>> {
        Ok(login::pending(&mut *self.lease().await?, attempt, now).await?)
    }

    async fn organization_key(&self, owner: OrganizationId) -> Result<WrappedKey> {
        Ok(keys::organization_key(&mut *self.lease().await?, owner.uuid()).await?)
    }

    async fn known_channels(
        &self,
        owner: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<Vec<KnownChannel>> {
        Ok(channel_row::known(&mut *self.lease().await?, owner, workspace).await?)
    }

    async fn connect(&self, selection: &Selection) -> Result<()> {
        Ok(connect::connect(&mut *self.lease().await?, selection).await?)
    }

    async fn disconnect(&self, owner: OrganizationId, id: ConnectionId) -> Result<Option<Severed>> {
        let sever = || async { sever::connection(&mut *self.lease().await?, owner, id).await };
        Ok(insist(sever).await?)
    }

    async fn disconnect_channel(
        &self,
        owner: OrganizationId,
        id: ChannelId,
    ) -> Result<Option<Option<Severed>>> {
        let sever = || async { sever::channel(&mut *self.lease().await?, owner, id).await };
        Ok(insist(sever).await?)
    }

    async fn person_in_use(&self, provider: Provider, person: [u8; 32]) -> Result<bool> {
        Ok(login::person_in_use(&mut *self.lease().await?, provider, person).await?)
    }

    async fn record_revoke(&self, id: ConnectionId, outcome: RemoteRevoke) -> Result<()> {
        Ok(sever::record_revoke(&mut *self.lease().await?, id, outcome).await?)
    }
}

#[async_trait]
impl ChannelStore for PgConnectionStore {
    async fn channel(&self, owner: OrganizationId, id: ChannelId) -> Result<Option<Channel>> {
        Ok(channel_row::one(&mut *self.lease().await?, owner, id).await?)
    }

    async fn channels(&self, caller: &Caller, filter: &ChannelFilter) -> Result<Vec<Channel>> {
        Ok(channel_row::list(&mut *self.lease().await?, caller, filter).await?)
    }
}

#[async_trait]
impl CheckStore for PgConnectionStore {
    async fn claim_checks(&self, limit: u32) -> Result<Vec<ConnectionId>> {
        Ok(check::claim(&mut *self.lease().await?, limit).await?)
    }

    async fn grant(&self, id: ConnectionId) -> Result<Option<StoredGrant>> {
        Ok(check::grant(&mut *self.lease().await?, id).await?)
    }

    async fn record_check(&self, result: &CheckResult) -> Result<bool> {
        Ok(check::record(&mut *self.lease().await?, result).await?)
    }

    async fn postpone_check(&self, id: ConnectionId, until: DateTime<Utc>) -> Result<()> {
        Ok(check::postpone(&mut *self.lease().await?, id, until).await?)
    }

    async fn renew(&self, renewal: &Renewal) -> Result<bool> {
        Ok(check::renew(&mut *self.lease().await?, renewal).await?)
    }

    async fn mark_connection_unauthorized(&self, id: ConnectionId, key: Uuid) -> Result<bool> {
        Ok(check::bury_connection(&mut *self.lease().await?, id, key).await?)
    }

    async fn mark_channel_unauthorized(&self, id: ChannelId, key: Option<Uuid>) -> Result<bool> {
        Ok(check::bury_channel(&mut *self.lease().await?, id, key).await?)
    }
}

#[async_trait]
impl SweepStore for PgConnectionStore {
    async fn destroy_orphan_tokens(&self) -> Result<u64> {
        Ok(sweep::orphan_tokens(&mut *self.lease().await?).await?)
    }
}

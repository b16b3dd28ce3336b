//! The ports to the rows of this topic. Each method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tenancy::{Caller, OrganizationId, StoreError, WorkspaceId, sealing::WrappedKey};
use uuid::Uuid;

use super::{
    attempt::Beginner,
    channel::Channel,
    code::CodeHash,
    error::Stale,
    failure::Failure,
    provider::Provider,
    read::{ChannelFilter, ConnectionFilter},
    standing::{Connection, RemoteRevoke},
    stored::{
        CheckResult, Confirmed, Declined, KnownChannel, NewAttempt, NewConnection, PendingSelection, Renewal,
        Returned, SealedSelection, Selection, Severed, StoredGrant,
    },
};
use crate::id::{ChannelId, ConnectionId};

/// Logins and connections.
#[async_trait]
pub trait ConnectionStore: Send + Sync {
    /// Saves a new connection with its login. `false` if the organization has no such workspace;
    /// [`StoreError::Conflict`] if the idempotency key behind the fence is lost.
    async fn begin(&self, connection: &NewConnection, attempt: &NewAttempt) -> Result<bool, StoreError>;
    /// Replaces the connection's login and destroys what the old one held. `false` if there is no such connection.
    async fn begin_again(
        &self,
        owner: OrganizationId,
        id: ConnectionId,
        attempt: &NewAttempt,
    ) -> Result<bool, StoreError>;
    /// One connection of the organization.
    async fn connection(
        &self,
        owner: OrganizationId,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError>;
    /// Connections within the caller's reach, newest first.
    async fn connections(
        &self,
        caller: &Caller,
        filter: &ConnectionFilter,
    ) -> Result<Vec<Connection>, StoreError>;
    /// Uses up the `state`: the login it opens, once, while it has not run out.
    async fn consume_state(
        &self,
        state: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<Result<Returned, Stale>, StoreError>;
    /// Ends a login.
    async fn fail(&self, attempt: Uuid, failure: Failure) -> Result<(), StoreError>;
    /// Keeps what the grant reaches. `false` if the login was replaced or disconnected meanwhile.
    async fn save_pending(&self, attempt: Uuid, pending: &PendingSelection) -> Result<bool, StoreError>;
    /// Uses up the nonce of the page that asks the person, who says yes: from now on the login waits for `completion`.
    async fn confirm(
        &self,
        nonce: CodeHash,
        completion: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<Result<Confirmed, Stale>, StoreError>;
    /// Uses up the nonce of the page that asks the person, who says no: ends the login as [`Failure::Declined`] and
    /// destroys what it kept, at any time. What was removed is handed back once.
    async fn decline(&self, nonce: CodeHash) -> Result<Result<Declined, Stale>, StoreError>;
    /// Uses up the completion code. `false` if this login does not wait for this code of this beginner.
    async fn complete(
        &self,
        attempt: Uuid,
        by: Beginner,
        code: CodeHash,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
    /// What the login keeps, while it has not run out.
    async fn pending(&self, attempt: Uuid, now: DateTime<Utc>)
    -> Result<Option<SealedSelection>, StoreError>;
    /// The organization's key.
    async fn organization_key(&self, owner: OrganizationId) -> Result<WrappedKey, StoreError>;
    /// The channels of the workspace, disconnected ones included.
    async fn known_channels(
        &self,
        owner: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<Vec<KnownChannel>, StoreError>;
    /// Connects what was chosen and destroys the rest: pending rows, old tokens, and connections left without channels.
    /// [`StoreError::Conflict`] if the login was replaced, a channel appeared meanwhile, or the idempotency key behind the fence
    /// is lost.
    async fn connect(&self, selection: &Selection) -> Result<(), StoreError>;
    /// Disconnects in any state. Tokens and keys are gone when this returns; what was removed is handed back once.
    async fn disconnect(
        &self,
        owner: OrganizationId,
        id: ConnectionId,
    ) -> Result<Option<Severed>, StoreError>;
    /// Disconnects one channel, and its connection with the last one. `Some(None)` if the connection goes on.
    async fn disconnect_channel(
        &self,
        owner: OrganizationId,
        id: ChannelId,
    ) -> Result<Option<Option<Severed>>, StoreError>;
    /// Whether a live connection or login of any organization rests on this person's grant.
    async fn person_in_use(&self, provider: Provider, person: [u8; 32]) -> Result<bool, StoreError>;
    /// Keeps what came of the revocation on the platform.
    async fn record_revoke(&self, id: ConnectionId, outcome: RemoteRevoke) -> Result<(), StoreError>;
}

/// Channels, as read.
#[async_trait]
pub trait ChannelStore: Send + Sync {
    /// One channel of the organization.
    async fn channel(&self, owner: OrganizationId, id: ChannelId) -> Result<Option<Channel>, StoreError>;
    /// Channels within the caller's reach, newest first.
    async fn channels(&self, caller: &Caller, filter: &ChannelFilter) -> Result<Vec<Channel>, StoreError>;
}

/// Tokens, as checked.
#[async_trait]
pub trait CheckStore: Send + Sync {
    /// Connections due for a check, claimed for ten minutes; at most `limit`.
    async fn claim_checks(&self, limit: u32) -> Result<Vec<ConnectionId>, StoreError>;
    /// The connection's tokens; `None` if it has none.
    async fn grant(&self, id: ConnectionId) -> Result<Option<StoredGrant>, StoreError>;
    /// Keeps what a check found. `false` if the token was replaced meanwhile.
    async fn record_check(&self, result: &CheckResult) -> Result<bool, StoreError>;
    /// Checks again later.
    async fn postpone_check(&self, id: ConnectionId, until: DateTime<Utc>) -> Result<(), StoreError>;
    /// Replaces the person's token and destroys the old one with its key. `false` if it was replaced meanwhile.
    async fn renew(&self, renewal: &Renewal) -> Result<bool, StoreError>;
    /// Destroys every token of the connection and marks it and its channels. `false` if the token was replaced meanwhile.
    async fn mark_connection_unauthorized(&self, id: ConnectionId, key: Uuid) -> Result<bool, StoreError>;
    /// Destroys the channel's token, marks the channel and has its connection checked at once. `false` if the token is
    /// gone already or was replaced; without `key` whatever token there is counts.
    async fn mark_channel_unauthorized(&self, id: ChannelId, key: Option<Uuid>) -> Result<bool, StoreError>;
}

/// What must not stay, and did. The timetable calls this; what ends by its age is the retention table's.
#[async_trait]
pub trait SweepStore: Send + Sync {
    /// Destroys tokens and keys whose channel or connection does not use them. More than none is an alarm.
    async fn destroy_orphan_tokens(&self) -> Result<u64, StoreError>;
}

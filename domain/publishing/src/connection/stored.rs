//! What goes to the stores of this topic and comes back from them.

use chrono::{DateTime, Utc};
use tenancy::{
    OrganizationId, WorkspaceId,
    idempotency::Fence,
    sealing::{KeyChain, Sealed, WrappedKey},
};
use url::Url;
use uuid::Uuid;

use super::{attempt::Beginner, code::CodeHash, consent::Consent, provider::Provider};
use crate::{
    id::{ChannelId, ConnectionId},
    platform::Platform,
};

/// A connection that does not exist yet.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Its id.
    pub id: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Whose login.
    pub provider: Provider,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A login that begins.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// Its row.
    pub id: Uuid,
    /// Who begins it.
    pub begun_by: Beginner,
    /// The hash of the OAuth `state`.
    pub state: CodeHash,
    /// Where the browser goes afterwards.
    pub return_url: Option<Url>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

/// The login whose person just came back.
#[derive(Debug, Clone)]
pub struct Returned {
    /// The login.
    pub attempt: Uuid,
    /// Its connection.
    pub connection: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Its name, as the person is told it.
    pub organization_name: String,
    /// The name of the workspace the channels will belong to.
    pub workspace_name: String,
    /// Whose login.
    pub provider: Provider,
    /// Who began it.
    pub begun_by: Beginner,
    /// Where the browser goes in the end.
    pub return_url: Option<Url>,
}

/// What a login with a pending selection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The person's word; the hash of the nonce of the page that asks for it.
    Confirmation(CodeHash),
    /// The completion code; its hash.
    Completion(CodeHash),
}

/// A login whose person said yes.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// Its connection.
    pub connection: ConnectionId,
    /// Where the browser goes now.
    pub return_url: Option<Url>,
}

/// A login whose person said no.
#[derive(Debug, Clone)]
pub struct Declined {
    /// What was removed.
    pub severed: Severed,
    /// Where the person came from.
    pub return_url: Option<Url>,
}

/// A secret under a key of its own.
#[derive(Debug, Clone)]
pub struct SealedToken {
    /// The key that seals it, wrapped by the organization's.
    pub key: WrappedKey,
    /// The secret.
    pub sealed: Sealed,
}

/// Everything a grant reaches, until somebody chooses.
#[derive(Debug, Clone)]
pub struct PendingSelection {
    /// Blind index of the person on the platform.
    pub person: [u8; 32],
    /// The grant and its candidates.
    pub secret: SealedToken,
    /// What has to come first.
    pub gate: Gate,
    /// When all of it is destroyed.
    pub expires_at: DateTime<Utc>,
}

/// A pending selection as it is stored.
#[derive(Debug, Clone)]
pub struct SealedSelection {
    /// The login it belongs to.
    pub attempt: Uuid,
    /// The keys that open it.
    pub chain: KeyChain,
    /// The grant and its candidates.
    pub sealed: Sealed,
}

/// A person's token as it is stored.
#[derive(Debug, Clone)]
pub struct SealedGrant {
    /// The keys that open it.
    pub chain: KeyChain,
    /// The token.
    pub sealed: Sealed,
}

/// A channel of this workspace that was connected before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChannel {
    /// Its id.
    pub id: ChannelId,
    /// The platform.
    pub platform: Platform,
    /// The id there.
    pub remote_id: String,
    /// The connection it publishes through now; `None` once disconnected.
    pub connection: Option<ConnectionId>,
}

/// A channel about to be connected.
#[derive(Debug, Clone)]
pub struct ChosenChannel {
    /// Its id: the known one, or a new one.
    pub id: ChannelId,
    /// The platform.
    pub platform: Platform,
    /// The id there.
    pub remote_id: String,
    /// The name there.
    pub name: String,
    /// The handle there.
    pub username: Option<String>,
    /// The picture there.
    pub picture_url: Option<Url>,
    /// Scopes publication needs and the grant lacks.
    pub missing: Vec<String>,
    /// The token to publish with.
    pub token: SealedToken,
    /// When that token ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The choice of channels: what becomes of a login.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The login; the choice is void if another one began meanwhile.
    pub attempt: Uuid,
    /// The connection.
    pub connection: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Blind index of the person on the platform.
    pub person: [u8; 32],
    /// The person's token.
    pub token: SealedToken,
    /// When it was obtained.
    pub issued_at: DateTime<Utc>,
    /// When that token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When data access ends.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// Scopes granted.
    pub granted: Vec<String>,
    /// Scopes declined.
    pub declined: Vec<String>,
    /// What to connect.
    pub channels: Vec<ChosenChannel>,
    /// The consent given with it.
    pub consent: Consent,
    /// When to ask the platform about the grant.
    pub next_check_at: DateTime<Utc>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// What a disconnect or a person's no removed, for one courtesy call.
#[derive(Debug, Clone)]
pub struct Severed {
    /// The connection.
    pub connection: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Whose login.
    pub provider: Provider,
    /// The person's token, if there was one.
    pub grant: Option<SealedGrant>,
    /// The pending selection, if there was one.
    pub pending: Option<SealedSelection>,
}

/// A person's token about to be checked.
#[derive(Debug, Clone)]
pub struct StoredGrant {
    /// The tenant.
    pub organization: OrganizationId,
    /// Whose login.
    pub provider: Provider,
    /// The token.
    pub grant: SealedGrant,
    /// The row of the key that seals it: a newer token has another.
    pub key: Uuid,
    /// When it was obtained.
    pub issued_at: DateTime<Utc>,
    /// Scopes it carried when it was last checked.
    pub granted: Vec<String>,
    /// When it ends, as far as known.
    pub expires_at: Option<DateTime<Utc>>,
    /// The channels that publish through this connection, with their tokens and the rows of their keys.
    pub channels: Vec<(ChannelId, Uuid, SealedGrant)>,
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The connection.
    pub connection: ConnectionId,
    /// The key of the token that was checked; nothing is written if there is a newer one.
    pub key: Uuid,
    /// Scopes it carries now.
    pub granted: Vec<String>,
    /// What publication lacks, by platform.
    pub missing: Vec<(Platform, Vec<String>)>,
    /// When the token ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When data access ends.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// When to check again.
    pub next_check_at: DateTime<Utc>,
}

/// A person's token, extended.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The connection.
    pub connection: ConnectionId,
    /// The key of the token that was extended; nothing is written if there is a newer one.
    pub key: Uuid,
    /// The new token.
    pub token: SealedToken,
    /// When it was obtained.
    pub issued_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

//! Where sessions are kept.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    OrganizationId, PersonId, Role, SessionId, StoreError,
    digest::SecretHash,
    sealing::{Sealed, WrappedKey},
};

/// A session to be stored.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The identifier.
    pub id: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// For which organization.
    pub organization: OrganizationId,
    /// The hash of the first refresh token.
    pub refresh: SecretHash,
    /// The client's user agent, sealed under the person's key.
    pub user_agent: Option<Sealed>,
    /// The client's address, sealed under the person's key.
    pub address: Option<Sealed>,
    /// When.
    pub at: DateTime<Utc>,
    /// When the refresh token expires.
    pub idle_expires_at: DateTime<Utc>,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session that is alive: neither ended nor expired, and its person is still a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSession {
    /// The session.
    pub session: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// For which organization.
    pub organization: OrganizationId,
    /// The person's role there, as of now.
    pub role: Role,
}

/// A session after its refresh token was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewedSession {
    /// The session.
    pub live: LiveSession,
    /// When the new refresh token expires.
    pub idle_expires_at: DateTime<Utc>,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// A session as its owner sees it, at rest.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// The session.
    pub id: SessionId,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if nobody refreshes it.
    pub idle_expires_at: DateTime<Utc>,
    /// The client's user agent.
    pub user_agent: Option<Sealed>,
    /// The client's address.
    pub address: Option<Sealed>,
}

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its client signed out.
    SignedOut,
    /// Its owner revoked it from another session.
    Revoked,
    /// A refresh token was presented twice: somebody has a copy.
    ReusedToken,
}

impl EndReason {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::ReusedToken => "reused_token",
        }
    }
}

/// Keeps sessions. Each method is one transaction.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a session and its first refresh token. `None` if the person is no longer a member.
    async fn open(&self, session: &NewSession) -> Result<Option<Role>, StoreError>;

    /// Exchanges a refresh token, as [`super::judge_renewal`] decides on the locked row: marks `presented` as used, stores
    /// `next` and moves the idle expiry. A used token ends its session. `None`: the token is unknown, used, or the session
    /// is not alive.
    async fn renew(
        &self,
        presented: SecretHash,
        next: SecretHash,
        now: DateTime<Utc>,
        idle: TimeDelta,
    ) -> Result<Option<RenewedSession>, StoreError>;

    /// The session, if it is alive. Every request with an access token asks this, which is why revoking works at once.
    async fn live(&self, session: SessionId, now: DateTime<Utc>) -> Result<Option<LiveSession>, StoreError>;

    /// A person's live sessions, the newest first, and the person's key. `None`: no such person.
    async fn list(
        &self,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> Result<Option<(WrappedKey, Vec<StoredSession>)>, StoreError>;

    /// Ends a person's session; `false` if the person has no such live session.
    async fn end(
        &self,
        person: PersonId,
        session: SessionId,
        reason: EndReason,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

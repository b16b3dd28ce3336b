//! Sessions of signed-in people: a short-lived access token, and a refresh token that changes with every use.

mod access;
mod end;
mod list;
mod refresh;
mod sign_in;
mod store;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

pub use access::{AccessClaims, InvalidToken, SignError, TokenSigner};
pub use list::SessionView;
pub use refresh::{RefreshState, Renewal, judge_renewal};
pub use sign_in::SignIn;
pub use store::{EndReason, LiveSession, NewSession, RenewedSession, SessionStore, StoredSession};

use crate::{
    Clock, OrganizationId, PersonId, Role, SessionId,
    account::{AccountStore, PasswordHasher},
    random::Random,
    sealing::Vault,
    throttle::ThrottleStore,
};

/// The columns that hold what is sealed about a session's device; part of the associated data.
pub(crate) const USER_AGENT_COLUMN: &str = "sessions.user_agent_sealed";
pub(crate) const ADDRESS_COLUMN: &str = "sessions.address_sealed";

/// What a refresh token begins with, so that scanners recognise one that leaked.
pub(crate) const REFRESH_PREFIX: &str = "pstr_";

/// How long tokens live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// An access token.
    pub access: TimeDelta,
    /// A refresh token, and with it a session that nobody uses.
    pub idle: TimeDelta,
    /// A session, however much it is used.
    pub absolute: TimeDelta,
}

impl Default for SessionPolicy {
    /// 10 minutes, 30 days, 90 days.
    fn default() -> Self {
        Self { access: TimeDelta::minutes(10), idle: TimeDelta::days(30), absolute: TimeDelta::days(90) }
    }
}

/// What a client gets when it signs in or refreshes. `Debug` shows no token.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The session.
    pub session: SessionId,
    /// Who signed in.
    pub person: PersonId,
    /// The organization the session is for.
    pub organization: OrganizationId,
    /// The person's role there.
    pub role: Role,
    /// The access token: a bearer token.
    pub access: SecretString,
    /// When the access token expires.
    pub access_expires_at: DateTime<Utc>,
    /// The refresh token: good for one use.
    pub refresh: SecretString,
    /// When the refresh token expires.
    pub refresh_expires_at: DateTime<Utc>,
}

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    /// Where sessions are kept.
    pub store: Arc<dyn SessionStore>,
    /// Where accounts are kept.
    pub accounts: Arc<dyn AccountStore>,
    /// Slows down whoever guesses.
    pub throttles: Arc<dyn ThrottleStore>,
    /// Compares passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Seals what is kept of the device.
    pub vault: Arc<dyn Vault>,
    /// Draws tokens and identifiers.
    pub random: Arc<dyn Random>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How long tokens live.
    pub policy: SessionPolicy,
}

impl Sessions {
    /// The tokens for a session that is alive, around a refresh token that the store knows already.
    fn issue(
        &self,
        renewed: &RenewedSession,
        refresh: SecretString,
        now: DateTime<Utc>,
    ) -> Result<Tokens, SignError> {
        let live = renewed.live;
        let access_expires_at = (now + self.policy.access).min(renewed.expires_at);
        let claims = AccessClaims {
            session: live.session,
            person: live.person,
            organization: live.organization,
            issued_at: now,
            expires_at: access_expires_at,
        };
        Ok(Tokens {
            session: live.session,
            person: live.person,
            organization: live.organization,
            role: live.role,
            access: self.signer.sign(&claims)?,
            access_expires_at,
            refresh,
            refresh_expires_at: renewed.idle_expires_at,
        })
    }
}

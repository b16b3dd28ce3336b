//! Access tokens: what they say, and the port that signs them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::{OrganizationId, PersonId, SessionId};

/// What an access token says. It is proof of nothing but which session it is for: whether that lives, the store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessClaims {
    /// The session (`sid`).
    pub session: SessionId,
    /// The person (`sub`).
    pub person: PersonId,
    /// The organization (`org`).
    pub organization: OrganizationId,
    /// Issued at, to the second (`iat`).
    pub issued_at: DateTime<Utc>,
    /// Expires at, to the second (`exp`).
    pub expires_at: DateTime<Utc>,
}

/// The text is not a token of ours that is valid now. One error for all reasons: a guesser learns nothing.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the token is not valid")]
pub struct InvalidToken;

/// No token could be made.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("no access token could be signed")]
pub struct SignError;

/// Signs access tokens and checks them.
pub trait TokenSigner: Send + Sync {
    /// Signs with the newest key.
    fn sign(&self, claims: &AccessClaims) -> Result<SecretString, SignError>;

    /// Checks form, algorithm, key, signature, issuer, audience and time.
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, InvalidToken>;
}

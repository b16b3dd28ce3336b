//! Idempotency keys: what a repeated request is answered.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::OrganizationId;

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_hours(24);

/// How long a key stays taken by a request whose end nobody recorded, because its process died or failed.
pub const LEASE: Duration = Duration::from_mins(1);

/// A request that claims a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The tenant.
    pub organization: OrganizationId,
    /// The person or API key: keys of different callers never meet.
    pub actor: Uuid,
    /// The operation, as the document calls it.
    pub operation: String,
    /// SHA-256 of the key: callers may write anything into it.
    pub key: [u8; 32],
    /// SHA-256 of the body.
    pub body: [u8; 32],
    /// Tells this claim from a later one that took the key over; the later one wins.
    pub fence: Uuid,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// To be given again.
    Answer(Box<Recorded>),
    /// It held a secret; only the place of what was created is known.
    ShownOnce {
        /// The value of `Location`.
        location: Option<String>,
    },
}

/// The parts of an answer that are given again.
#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, `Location` and `ETag`, where the answer has them.
    pub headers: Vec<(String, String)>,
    /// The body. It may hold personal data: stores seal it.
    pub body: String,
}

/// Without the body, which no log shall hold.
impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorded").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The key was free and is this request's now.
    First,
    /// The key is taken by a request with the same body that was answered.
    Before(Kept),
    /// The key is taken by a request with another body.
    AnotherBody,
    /// The key is taken by a request that was not answered yet.
    InFlight,
}

/// The store cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("idempotency keys cannot be checked at the moment")]
pub struct Unavailable;

/// Keeps the keys. Each method is one transaction.
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Takes the key, or says who has it. Keys older than [`KEPT`] and abandoned ones older than [`LEASE`] count as free.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable>;
    /// Keeps the answer, if the claim still holds the key.
    async fn keep(&self, claim: &Claim, answer: &Kept) -> Result<(), Unavailable>;
    /// Frees the key, if the claim still holds it.
    async fn release(&self, claim: &Claim) -> Result<(), Unavailable>;
}

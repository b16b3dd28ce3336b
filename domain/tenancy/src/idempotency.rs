//! Idempotency keys: what a repeated request is answered, and how nothing is made twice under one key.
//!
//! A request that holds a key carries a [`Fence`]. Whatever it makes is made in one transaction that also writes the id of what
//! was made beside the key, and that fails if the key has gone to another request meanwhile. So there is no moment at which
//! something is made and the key does not know it.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::OrganizationId;

/// How long a key is remembered once something was made under it.
pub const KEPT: Duration = Duration::from_hours(24);

/// How long a key stays taken by a request that made nothing yet and has not renewed its claim: its process died, or stands
/// still. Another one may then take the key over; the first can no longer make anything.
pub const LEASE: Duration = Duration::from_secs(30);

/// Tells one claim of a key from a later one that took the key over; only the last one makes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence(pub Uuid);

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
    /// SHA-256 of what was asked: the path and the body.
    pub body: [u8; 32],
    /// This claim's own.
    pub fence: Fence,
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
    /// The key is taken by a request that asked for the same and was answered.
    Before(Box<Recorded>),
    /// The key is taken by a request that asked for the same and made this; its answer is not kept, because it was lost or
    /// because it held a secret.
    Made(Uuid),
    /// The key is taken by a request that asked for something else.
    AnotherBody,
    /// The key is taken by a request that has made nothing yet.
    InFlight,
}

/// The store cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("idempotency keys cannot be checked at the moment")]
pub struct Unavailable;

/// Keeps the keys. Each method is one transaction.
///
/// What is made under a key is written down by the store that makes it, in its own transaction: see [`Fence`].
#[async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Takes the key, or says who has it. Keys older than [`KEPT`] and abandoned ones older than [`LEASE`] count as free.
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable>;
    /// Holds the key for another [`LEASE`]. `false` if the claim holds it no longer, or has made something.
    async fn renew(&self, claim: &Claim) -> Result<bool, Unavailable>;
    /// Keeps the answer, if something was made under this claim.
    async fn keep(&self, claim: &Claim, answer: &Recorded) -> Result<(), Unavailable>;
    /// Frees the key if nothing was made under it. `false` if another request has it.
    async fn release(&self, claim: &Claim) -> Result<bool, Unavailable>;
}

//! Addresses from which platforms fetch media.

use chrono::{DateTime, Utc};
use url::Url;
use uuid::Uuid;

use crate::id::MediaId;

/// Makes public addresses that are signed and short-lived.
pub trait MediaLinks: Send + Sync {
    /// An address of `asset` that stops working at `expires`. `purpose` says for whom it was made, such as a publication.
    fn link(&self, asset: MediaId, purpose: Uuid, expires: DateTime<Utc>) -> Url;
}

/// What a token grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The asset that may be read.
    pub asset: MediaId,
    /// For whom it was made.
    pub purpose: Uuid,
    /// Until when; the reader of the token compares it with the clock.
    pub expires: DateTime<Utc>,
}

/// Reads the tokens of the addresses that [`MediaLinks`] makes.
pub trait MediaGrants: Send + Sync {
    /// What the token grants; `None` where it was not made here or was changed.
    fn read(&self, token: &str) -> Option<Grant>;
}

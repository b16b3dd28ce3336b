//! Sealing: how secrets and personal data are kept at rest.
//!
//! A data key (one per connection, person or purpose) seals values; it is itself wrapped by the key of its organization,
//! which is wrapped by the deployment's key ring (a person's data key is wrapped by the ring directly). Deleting a wrapped key
//! makes everything sealed under it unreadable, in backups too. The port does no I/O: stores keep the wrapped keys in rows of
//! their own and hand them over.

use secrecy::SecretSlice;
use uuid::Uuid;

/// A key at rest: encrypted under its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Its row; part of the associated data, so that wrapped keys cannot be exchanged.
    pub id: Uuid,
    /// The ring key that wraps it; `None` where the parent is another wrapped key.
    pub ring_version: Option<i32>,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// The keys from the ring down to the one that seals: first the outermost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChain {
    /// Ring, then this key.
    Root(WrappedKey),
    /// Ring, then the organization's key, then this data key.
    Organization {
        /// Wrapped by the ring.
        organization: WrappedKey,
        /// Wrapped by the organization's key.
        data: WrappedKey,
    },
}

/// Where a sealed value lives. It is bound into the ciphertext: a value moved to another row, column or tenant does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The organization or the person the row belongs to.
    pub owner: Uuid,
    /// The row.
    pub row: Uuid,
    /// `table.column`.
    pub column: &'static str,
}

/// A value at rest: a format version, a nonce, the ciphertext and its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// Why a value did not open.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The key ring has no such version; the operator must add it.
    #[error("the key ring lacks version {0}")]
    UnknownRingVersion(i32),
    /// The ciphertext, its key or its place are not what was sealed.
    #[error("a sealed value does not open: it was changed, moved, or its key is another")]
    DoesNotOpen,
}

/// Seals and opens.
pub trait Vault: Send + Sync {
    /// Makes a key and wraps it with the ring's newest key.
    fn new_root_key(&self) -> Result<WrappedKey, SealError>;
    /// Makes a data key and wraps it with an organization's key.
    fn new_data_key(&self, organization: &WrappedKey) -> Result<WrappedKey, SealError>;
    /// Seals a value for its place.
    fn seal(&self, chain: &KeyChain, place: Place, plain: &[u8]) -> Result<Sealed, SealError>;
    /// Opens what was sealed for exactly this place.
    fn open(&self, chain: &KeyChain, place: Place, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError>;
    /// Wraps a ring-wrapped key again with the newest ring key; the key inside stays the same.
    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, SealError>;
    /// The newest ring version, the one `rewrap` wraps with.
    fn newest_ring_version(&self) -> i32;
    /// A keyed hash for looking up sealed values by equality (a blind index). `purpose` separates uses.
    fn lookup(&self, purpose: &'static str, value: &[u8]) -> [u8; 32];
}

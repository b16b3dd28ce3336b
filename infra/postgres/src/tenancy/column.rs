//! Values that several stores keep in the same way.

use ::tenancy::{
    Role,
    sealing::{Sealed, WrappedKey},
};

use uuid::Uuid;

use crate::error::StoreError;

/// Reads a role.
pub(crate) fn role(text: &str) -> Result<Role, StoreError> {
    [Role::Owner, Role::Member]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or(StoreError::corrupt("memberships.role"))
}

/// Reads a key that the ring wraps.
pub(super) fn root_key((id, ring_version, bytes): (Uuid, i32, Vec<u8>)) -> WrappedKey {
    WrappedKey { id, ring_version: Some(ring_version), bytes }
}

/// The ring version of a key that must have one.
pub(super) fn ring_version(key: &WrappedKey) -> Result<i32, StoreError> {
    key.ring_version.ok_or(StoreError::corrupt("a root key without a ring version"))
}

/// The bytes of a sealed value that may be absent.
pub(super) fn bytes(sealed: Option<&Sealed>) -> Option<&[u8]> {
    sealed.map(|sealed| sealed.0.as_slice())
}

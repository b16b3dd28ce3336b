//! Wrapping keys again when the key ring has a newer one. What they seal stays as it is, so readers notice nothing.

use async_trait::async_trait;

use crate::{
    Refusal, StoreError,
    sealing::{Vault, WrappedKey},
};

/// How many keys are wrapped again at once.
const BATCH: u16 = 200;

/// Keeps keys that the ring wraps: of organizations and of persons. One implementation per kind.
#[async_trait]
pub trait RootKeyStore: Send + Sync {
    /// Keys that an older ring version wraps.
    async fn older_than(&self, ring_version: i32, limit: u16) -> Result<Vec<WrappedKey>, StoreError>;

    /// Puts the new wrapping in the place of each old one, unless that has changed since; `(old, new)`.
    async fn replace(&self, pairs: &[(WrappedKey, WrappedKey)]) -> Result<(), StoreError>;
}

/// Wraps every key with the newest ring key and returns how many there were. May run any number of times, beside traffic,
/// and continues where it was interrupted.
pub async fn rewrap_all(vault: &dyn Vault, keys: &dyn RootKeyStore) -> Result<u64, Refusal> {
    let newest = vault.newest_ring_version();
    let mut count = 0;
    loop {
        let old = keys.older_than(newest, BATCH).await?;
        if old.is_empty() {
            return Ok(count);
        }
        let pairs = old
            .into_iter()
            .map(|key| Ok((key.clone(), vault.rewrap(&key)?)))
            .collect::<Result<Vec<_>, Refusal>>()?;
        keys.replace(&pairs).await?;
        count += pairs.len() as u64;
    }
}

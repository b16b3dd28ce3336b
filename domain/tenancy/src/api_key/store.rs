//! Where API keys are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{ApiKey, Origin};
use crate::{
    ApiKeyId, OrganizationId, Role, StoreError, digest::SecretHash, id, idempotency::Fence, page::Page,
};

/// A key to be stored.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The key.
    pub key: ApiKey,
    /// The hash of its text.
    pub hash: SecretHash,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A key that was found by its text.
#[derive(Debug, Clone)]
pub struct FoundApiKey {
    /// The key; it may have ended.
    pub key: ApiKey,
    /// The role of whoever granted it, as of now.
    pub grantor: Role,
}

/// Keeps API keys. Each method is one transaction.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Stores a key. `false`, and nothing stored, if a workspace it names is not the organization's or the grantor is not a
    /// member. [`StoreError::Conflict`], and nothing stored, if the key behind the fence is lost.
    async fn insert(&self, key: &NewApiKey) -> Result<bool, StoreError>;

    /// The key with this identifier and hash.
    async fn find(&self, id: ApiKeyId, hash: SecretHash) -> Result<Option<FoundApiKey>, StoreError>;

    /// Notes that a key was used.
    async fn touch(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), StoreError>;

    /// An organization's keys in order of creation, ended ones included.
    async fn list(
        &self,
        organization: OrganizationId,
        page: Page<id::ApiKey>,
    ) -> Result<Vec<ApiKey>, StoreError>;

    /// Revokes a key; `false` if the organization has no such key. Revoking again changes nothing.
    async fn revoke(
        &self,
        organization: OrganizationId,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Whether any live key may be used from this origin: what a preflight, which carries no key, can be told.
    async fn knows_origin(&self, origin: &Origin, now: DateTime<Utc>) -> Result<bool, StoreError>;
}

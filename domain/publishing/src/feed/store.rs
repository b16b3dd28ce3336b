//! The port to where feeds are kept. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tenancy::{Caller, OrganizationId, Page, WorkspaceId, digest::SecretHash, idempotency::Fence};

use super::Feed;
use crate::{
    id::{self, FeedId},
    post::PostError,
};

/// Keeps feeds.
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// Keeps a new feed. [`PostError::Superseded`], and nothing kept, if the key behind the fence is lost.
    async fn insert(&self, feed: &Feed, hash: SecretHash, fence: Option<Fence>) -> Result<(), PostError>;
    /// The feeds of a workspace, in order of creation.
    async fn list(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Feed>,
    ) -> Result<Vec<Feed>, PostError>;
    /// Deletes a feed that the caller reaches; says whether there was one.
    async fn delete(&self, caller: &Caller, id: FeedId) -> Result<bool, PostError>;
    /// The feed whose secret has this hash, while whoever made it is a member and the key that they used works.
    async fn find(&self, hash: SecretHash, now: DateTime<Utc>) -> Result<Option<Feed>, PostError>;
}

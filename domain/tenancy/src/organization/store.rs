//! Where organizations and workspaces are kept.

use async_trait::async_trait;

use super::{Organization, Workspace};
use crate::{
    OrganizationId, Reach, StoreError, WorkspaceId, id, idempotency::Fence, page::Page, sealing::WrappedKey,
};

/// Keeps organizations and workspaces. Each method is one transaction; each names the organization, and what belongs to another
/// does not exist.
#[async_trait]
pub trait OrganizationStore: Send + Sync {
    /// The organization.
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError>;

    /// Saves a changed organization; `false` if its version is no longer `read`.
    async fn save_organization(&self, organization: &Organization, read: i64) -> Result<bool, StoreError>;

    /// The organization's key, which wraps the data keys of its connections and media.
    async fn key(&self, id: OrganizationId) -> Result<Option<WrappedKey>, StoreError>;

    /// Stores a new workspace. [`StoreError::Conflict`], and nothing stored, if the key behind the fence is lost.
    async fn insert_workspace(&self, workspace: &Workspace, fence: Option<Fence>) -> Result<(), StoreError>;

    /// Workspaces within reach, in order of creation.
    async fn workspaces(
        &self,
        organization: OrganizationId,
        reach: &Reach,
        page: Page<id::Workspace>,
    ) -> Result<Vec<Workspace>, StoreError>;

    /// One workspace.
    async fn workspace(
        &self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, StoreError>;

    /// Saves a changed workspace; `false` if its version is no longer `read`.
    async fn save_workspace(&self, workspace: &Workspace, read: i64) -> Result<bool, StoreError>;
}

//! What is known about media, as a port. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tenancy::{
    OrganizationId, Page, StoreError, WorkspaceId,
    idempotency::Fence,
    sealing::{KeyChain, Sealed, WrappedKey},
};
use uuid::Uuid;

use super::{Digest, MediaAsset, storage::ObjectName};
use crate::id::{self, MediaId};

/// The column content keys are sealed for; the row is the object.
pub const CONTENT_KEY_COLUMN: &str = "media_objects.content_key_sealed";

/// The keys of an organization, as far as media need them.
#[derive(Debug, Clone)]
pub struct MediaKeys {
    /// The organization's key.
    pub organization: WrappedKey,
    /// The key that seals content keys; `None` before the first upload.
    pub data: Option<WrappedKey>,
}

/// Bytes in the storage.
#[derive(Debug, Clone)]
pub struct MediaObject {
    /// Its row.
    pub id: Uuid,
    /// The tenant.
    pub organization: OrganizationId,
    /// Its name in the storage.
    pub name: ObjectName,
    /// Of its bytes.
    pub digest: Digest,
    /// How many they are.
    pub bytes: u64,
    /// The key it is encrypted with, sealed for [`CONTENT_KEY_COLUMN`].
    pub content_key: Sealed,
}

/// An asset with everything that reading its bytes takes.
#[derive(Debug, Clone)]
pub struct Readable {
    /// The asset.
    pub asset: MediaAsset,
    /// Its bytes.
    pub object: MediaObject,
    /// What opens the object's content key.
    pub chain: KeyChain,
}

/// An asset that was asked to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The asset: the new one, or the one that had the same bytes.
    pub asset: MediaAsset,
    /// Whether it is new.
    pub is_new: bool,
}

/// What came of a deletion.
#[derive(Debug, Clone)]
pub enum Deletion {
    /// There is no such asset.
    NotFound,
    /// A publication that has not ended uses it. Nothing changed.
    InUse,
    /// It is gone; other assets share its bytes.
    Done,
    /// It is gone, and nobody needs these bytes any more: delete the object, then [`MediaStore::forget`] it.
    DoneWith(MediaObject),
}

/// Keeps what is known about media. Methods that name an organization see nothing of any other.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Whether the organization has this workspace.
    async fn has_workspace(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<bool, StoreError>;
    /// The organization's keys; `None` where there is no such organization.
    async fn keys(&self, organization: OrganizationId) -> Result<Option<MediaKeys>, StoreError>;
    /// Saves the organization's media key unless there is one, and answers with the one that is in force.
    async fn save_key(
        &self,
        organization: OrganizationId,
        key: &WrappedKey,
    ) -> Result<WrappedKey, StoreError>;
    /// Keeps the asset if its bytes are known already: an asset of the workspace with the same digest is answered instead, or
    /// an object of the organization is shared. An asset that is answered keeps its alternative text; one without takes the
    /// text that is given. `None` where the bytes are new. [`StoreError::Conflict`], and nothing kept, if the
    /// key behind the fence is lost.
    async fn keep_known(&self, asset: &MediaAsset, fence: Option<Fence>) -> Result<Option<Kept>, StoreError>;
    /// Writes down that an object is about to be put.
    async fn announce(&self, object: &MediaObject) -> Result<(), StoreError>;
    /// Keeps the asset on an object that was announced and put. If somebody else was faster with the same bytes, theirs is used and
    /// the object is marked for deletion. [`StoreError::Conflict`] as for [`MediaStore::keep_known`].
    async fn keep(&self, asset: &MediaAsset, object: Uuid, fence: Option<Fence>) -> Result<Kept, StoreError>;
    /// One asset.
    async fn get(&self, organization: OrganizationId, id: MediaId) -> Result<Option<MediaAsset>, StoreError>;
    /// Those of the ids that are assets of the workspace, in no particular order.
    async fn assets(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        ids: &[MediaId],
    ) -> Result<Vec<MediaAsset>, StoreError>;
    /// The assets of a workspace, newest first.
    async fn list(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Media>,
    ) -> Result<Vec<MediaAsset>, StoreError>;
    /// Changes the alternative text. `None` where there is no such asset.
    async fn describe(
        &self,
        organization: OrganizationId,
        id: MediaId,
        alt_text: Option<&str>,
    ) -> Result<Option<MediaAsset>, StoreError>;
    /// What reading an asset takes, of whatever organization: the caller has shown a right to it by other means.
    async fn readable(&self, id: MediaId) -> Result<Option<Readable>, StoreError>;
    /// Deletes an asset.
    async fn delete(&self, organization: OrganizationId, id: MediaId) -> Result<Deletion, StoreError>;
    /// Objects that nobody needs: marked for deletion, or announced or without an asset since before `since`.
    async fn abandoned(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<MediaObject>, StoreError>;
    /// Marks an object for deletion if no asset needs it, and says whether it is to be deleted.
    async fn doom(&self, object: Uuid) -> Result<bool, StoreError>;
    /// Forgets an object that is no longer in the storage.
    async fn forget(&self, object: Uuid) -> Result<(), StoreError>;
}

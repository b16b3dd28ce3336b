//! The library: finding, describing and deleting assets.

use tenancy::{Caller, Page, Scope, WorkspaceId};

use super::{Media, MediaAsset, MediaError, store::Deletion, upload::acceptable_alt_text};
use crate::id::{self, MediaId};

impl Media {
    /// One asset.
    pub async fn get(&self, caller: &Caller, id: MediaId) -> Result<MediaAsset, MediaError> {
        caller.may(Scope::MediaRead)?;
        self.reachable(caller, id).await
    }

    /// An asset that this caller uploaded, as it is now.
    pub async fn uploaded(&self, caller: &Caller, id: MediaId) -> Result<MediaAsset, MediaError> {
        caller.may(Scope::MediaWrite)?;
        self.reachable(caller, id).await
    }

    /// The assets of a workspace, newest first.
    pub async fn list(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        page: Page<id::Media>,
    ) -> Result<Vec<MediaAsset>, MediaError> {
        caller.may(Scope::MediaRead)?;
        if !caller.reaches(workspace) {
            return Err(MediaError::NotFound);
        }
        Ok(self.store.list(caller.organization, workspace, page).await?)
    }

    /// Changes the alternative text; posts that were approved keep theirs.
    pub async fn describe(
        &self,
        caller: &Caller,
        id: MediaId,
        alt_text: Option<&str>,
    ) -> Result<MediaAsset, MediaError> {
        caller.may(Scope::MediaWrite)?;
        acceptable_alt_text(alt_text)?;
        self.reachable(caller, id).await?;
        self.store.describe(caller.organization, id, alt_text).await?.ok_or(MediaError::NotFound)
    }

    /// Deletes an asset, and its bytes if no other asset shares them. Refused while a publication needs it.
    pub async fn delete(&self, caller: &Caller, id: MediaId) -> Result<(), MediaError> {
        caller.may(Scope::MediaWrite)?;
        self.reachable(caller, id).await?;
        match self.store.delete(caller.organization, id).await? {
            Deletion::NotFound => Err(MediaError::NotFound),
            Deletion::InUse => Err(MediaError::InUse),
            Deletion::Done => Ok(()),
            Deletion::DoneWith(object) => {
                // What fails here is done by the sweep; for the caller the asset is gone either way.
                self.discard(&object).await;
                Ok(())
            }
        }
    }

    async fn reachable(&self, caller: &Caller, id: MediaId) -> Result<MediaAsset, MediaError> {
        let found = self.store.get(caller.organization, id).await?;
        found.filter(|asset| caller.reaches(asset.workspace)).ok_or(MediaError::NotFound)
    }
}

//! Uploading: from the request's body, or from an address.

use futures::{StreamExt, TryStreamExt};
use tenancy::{
    Caller, OrganizationId, Scope, WorkspaceId,
    idempotency::Fence,
    sealing::{KeyChain, Place},
};
use url::Url;
use uuid::Uuid;

use super::{
    MAX_ALT_TEXT, Media, MediaAsset, MediaError, MediaRefusal,
    inspector::{Declared, Incoming, Inspected},
    storage::ObjectName,
    store::{CONTENT_KEY_COLUMN, Kept, MediaObject},
};
use crate::id::MediaId;

/// Longest file name that is kept, in characters.
const MAX_FILENAME: usize = 255;

/// What the caller says about a file.
#[derive(Clone)]
pub struct NewMedia {
    /// Where it belongs.
    pub workspace: WorkspaceId,
    /// For people who cannot see it.
    pub alt_text: Option<String>,
    /// What its file is called.
    pub filename: Option<String>,
    /// The media type it is declared to have.
    pub content_type: Option<String>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// What came of an upload.
pub type Uploaded = Kept;

impl Media {
    /// Takes a file in. The same bytes in the same workspace give the asset that is there; if that has no alternative text it
    /// takes the new one.
    pub async fn upload(
        &self,
        caller: &Caller,
        new: NewMedia,
        incoming: Incoming,
    ) -> Result<Uploaded, MediaError> {
        self.acceptable(caller, &new).await?;
        let declared = Declared { content_type: new.content_type.clone(), filename: new.filename.clone() };
        let inspected = self.inspector.inspect(&declared, incoming).await?;
        self.keep(caller, new, inspected).await
    }

    /// Fetches a file. The address is judged before and while it is asked; its last part is no file name, since it often is
    /// the name of a program.
    pub async fn upload_from(
        &self,
        caller: &Caller,
        new: NewMedia,
        url: &Url,
    ) -> Result<Uploaded, MediaError> {
        self.acceptable(caller, &new).await?;
        let fetched = self.remote.fetch(url, self.inspector.largest()).await.map_err(MediaRefusal::from)?;
        let declared = Declared { content_type: fetched.content_type, filename: None };
        let incoming = fetched.body.map_err(Into::into).boxed();
        let inspected = self.inspector.inspect(&declared, incoming).await?;
        self.keep(caller, new, inspected).await
    }

    /// What can be said before any byte is read.
    async fn acceptable(&self, caller: &Caller, new: &NewMedia) -> Result<(), MediaError> {
        caller.may(Scope::MediaWrite)?;
        let is_there = self.store.has_workspace(caller.organization, new.workspace);
        if !caller.reaches(new.workspace) || !is_there.await? {
            return Err(MediaError::NotFound);
        }
        Ok(acceptable_alt_text(new.alt_text.as_deref())?)
    }

    async fn keep(
        &self,
        caller: &Caller,
        new: NewMedia,
        inspected: Inspected,
    ) -> Result<Uploaded, MediaError> {
        let asset = MediaAsset {
            id: MediaId::new(),
            organization: caller.organization,
            workspace: new.workspace,
            digest: inspected.digest,
            kind: inspected.kind,
            width: inspected.width,
            height: inspected.height,
            duration: inspected.duration,
            bytes: inspected.bytes,
            alt_text: new.alt_text,
            filename: new.filename.as_deref().and_then(plain_name),
            created_at: self.clock.now(),
        };
        if let Some(kept) = self.store.keep_known(&asset, new.fence).await? {
            return Ok(kept);
        }
        let object = self.put(&asset, &inspected).await?;
        let kept = self.store.keep(&asset, object.id, new.fence).await;
        // If somebody else was faster with the same bytes, or has the idempotency key now, nobody needs these.
        self.discard_if_unneeded(&object).await;
        Ok(kept?)
    }

    /// Puts the bytes under a name and a key of their own. The row comes first: a crash leaves no object that nobody knows.
    async fn put(&self, asset: &MediaAsset, inspected: &Inspected) -> Result<MediaObject, MediaError> {
        let (id, key) = (Uuid::new_v4(), self.storage.new_key());
        let chain = self.chain(asset.organization).await?;
        let place = Place { owner: asset.organization.uuid(), row: id, column: CONTENT_KEY_COLUMN };
        let prefix = self.vault.lookup("media prefix", asset.organization.uuid().as_bytes());
        let object = MediaObject {
            id,
            organization: asset.organization,
            name: ObjectName::new(prefix, id),
            digest: asset.digest,
            bytes: asset.bytes,
            content_key: self.vault.seal(&chain, place, key.expose())?,
        };
        self.store.announce(&object).await?;
        let put = self.storage.put(&object.name, &key, inspected.spooled.read()?, asset.bytes).await;
        if let Err(error) = put {
            self.discard_if_unneeded(&object).await;
            return Err(error.into());
        }
        Ok(object)
    }

    /// The organization's key chain for media, made at the first upload.
    async fn chain(&self, organization: OrganizationId) -> Result<KeyChain, MediaError> {
        let keys = self.store.keys(organization).await?.ok_or(MediaError::NotFound)?;
        let data = if let Some(data) = keys.data {
            data
        } else {
            let fresh = self.vault.new_data_key(&keys.organization)?;
            self.store.save_key(organization, &fresh).await?
        };
        Ok(KeyChain::Organization { organization: keys.organization, data })
    }
}

/// Judges an alternative text.
pub(super) fn acceptable_alt_text(text: Option<&str>) -> Result<(), MediaRefusal> {
    let text = text.unwrap_or_default();
    if text.contains('\0') {
        return Err(MediaRefusal::AltTextNotText);
    }
    if text.chars().count() > MAX_ALT_TEXT {
        return Err(MediaRefusal::AltTextTooLong { limit: MAX_ALT_TEXT });
    }
    Ok(())
}

/// The last part of a path, without control characters; `None` where nothing is left.
fn plain_name(filename: &str) -> Option<String> {
    let last = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(MAX_FILENAME).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_loses_its_path_and_its_control_characters() {
        assert_eq!(plain_name("C:\\photos\\cat.jpg").as_deref(), Some("cat.jpg"));
        assert_eq!(plain_name("../../etc/pass\0wd\n").as_deref(), Some("passwd"));
        assert_eq!(plain_name("a/").as_deref(), None);
        assert_eq!(plain_name(&"é".repeat(400)).map(|name| name.chars().count()), Some(MAX_FILENAME));
    }

    #[test]
    fn an_alternative_text_is_counted_in_characters() {
        assert_eq!(acceptable_alt_text(Some(&"é".repeat(MAX_ALT_TEXT))), Ok(()));
        let long = "é".repeat(MAX_ALT_TEXT + 1);
        assert_eq!(
            acceptable_alt_text(Some(&long)),
            Err(MediaRefusal::AltTextTooLong { limit: MAX_ALT_TEXT })
        );
        assert_eq!(acceptable_alt_text(Some("a\0")), Err(MediaRefusal::AltTextNotText));
    }
}

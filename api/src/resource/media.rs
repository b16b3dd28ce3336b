//! Media: pictures and videos, uploaded or fetched.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    types::{MaybeUndefined, ParseFromJSON},
};
use publishing::{
    id::{self, MediaId},
    media::{
        self, MediaError, NewMedia,
        inspector::{Declared, Incoming},
        links::MediaLinks,
    },
};
use tenancy::id::Workspace;
use url::Url;

use super::{Chapter, media_form::MediaForm};
use crate::{
    answer::{Created, Done, Found},
    problem::{Answer, Code, Problem},
    request::{
        Access, After, Cursors, Limit, Once, Page,
        permissions::{ReadMedia, WriteMedia},
    },
    strict::{MergePatch, StrictJson},
    value::{Id, Instant, Link},
};

/// How long the address in an answer works.
const SHOWN_FOR: TimeDelta = TimeDelta::minutes(15);

/// A picture or a video of a workspace. Positions, serial numbers and owners were taken out of its file.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct MediaAsset {
    /// The identifier.
    id: Id<id::Media>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// What it is, judged by its content.
    content_type: String,
    /// Size in bytes.
    bytes: u64,
    /// Width in pixels, as people see it.
    width: u32,
    /// Height in pixels, as people see it.
    height: u32,
    /// How long it plays, in milliseconds; videos only.
    duration_ms: Option<u64>,
    /// SHA-256 of the bytes that are stored and published, in hexadecimal.
    digest: String,
    /// For people who cannot see it.
    alt_text: Option<String>,
    /// What its file was called.
    filename: Option<String>,
    /// Where it can be seen without a token, for a quarter of an hour.
    url: String,
    /// When it was uploaded.
    created_at: Instant,
}

/// A file to be fetched.
#[derive(Object)]
struct MediaImport {
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// Where it is: `http` or `https`, on the public internet.
    url: Link,
    /// For people who cannot see it.
    #[oai(validator(max_length = 1000))]
    alt_text: Option<String>,
    /// What to call it.
    #[oai(validator(max_length = 255))]
    filename: Option<String>,
}

/// What changes about an asset.
#[derive(Object)]
struct MediaPatch {
    /// Another alternative text; `null` removes it.
    #[oai(validator(max_length = 1000), nullable)]
    alt_text: MaybeUndefined<String>,
}

/// An asset with the address at which it can be seen.
struct Shown(media::MediaAsset, Url);

impl From<Shown> for MediaAsset {
    fn from(Shown(asset, url): Shown) -> Self {
        Self {
            id: asset.id.into(),
            workspace_id: asset.workspace.into(),
            content_type: asset.kind.content_type().to_owned(),
            bytes: asset.bytes,
            width: asset.width,
            height: asset.height,
            duration_ms: asset
                .duration
                .map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
            digest: asset.digest.to_string(),
            alt_text: asset.alt_text,
            filename: asset.filename,
            url: url.into(),
            created_at: asset.created_at.into(),
        }
    }
}

/// Media.
pub struct MediaResource {
    /// The use cases.
    pub media: Arc<media::Media>,
    /// Makes the addresses in answers.
    pub links: Arc<dyn MediaLinks>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

impl MediaResource {
    fn show(&self, asset: media::MediaAsset, now: DateTime<Utc>) -> Shown {
        let url = self.links.link(asset.id, asset.workspace.uuid(), now + SHOWN_FOR);
        Shown(asset, url)
    }

    fn created(&self, asset: media::MediaAsset) -> Created<MediaAsset> {
        let shown = self.show(asset, self.media.clock.now());
        Created::at(format!("/v1/media/{}", shown.0.id), shown.into())
    }

    /// Refuses a repeated upload whose file is not the one with this digest. Files are compared as they are stored.
    async fn same_file(&self, new: NewMedia, file: Incoming, digest: &str) -> Result<(), Problem> {
        let declared = Declared { content_type: new.content_type, filename: new.filename };
        match self.media.inspector.inspect(&declared, file).await.map_err(MediaError::from) {
            Ok(inspected) if inspected.digest.to_string() == digest => Ok(()),
            // What is not acceptable is not what was accepted.
            Ok(_) | Err(MediaError::Refused(_)) => Err(Problem::of(Code::IdempotencyMismatch)),
            Err(error) => Err(error.into()),
        }
    }

    /// The same for an upload that was answered.
    async fn same_as_answered(
        &self,
        new: NewMedia,
        file: Incoming,
        first: &str,
    ) -> Answer<Created<MediaAsset>> {
        let asset = MediaAsset::parse_from_json_string(first)
            .map_err(|_| Problem::internal("a kept answer is not an asset"))?;
        self.same_file(new, file, &asset.digest).await?;
        Ok(Created::at(format!("/v1/media/{}", asset.id), asset))
    }
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl MediaResource {
    /// List media
    ///
    /// Those of one workspace, newest first.
    #[oai(path = "/media", method = "get", operation_id = "listMedia")]
    async fn list(
        &self,
        caller: Access<ReadMedia>,
        /// The workspace.
        workspace_id: Query<Id<Workspace>>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<MediaAsset>>> {
        let list = self.cursors.list("media", caller.organization, limit.0);
        let (workspace, part) = (workspace_id.0.0, list.part(after.0.as_deref())?);
        // As for a workspace that does not exist: there is nothing in it.
        let rows = if caller.reaches(workspace) {
            self.media.list(&caller, workspace, part).await?
        } else {
            Vec::new()
        };
        let now = self.media.clock.now();
        let rows = rows.into_iter().map(|asset| self.show(asset, now)).collect();
        Ok(Found::plain(list.page(rows, |one: &Shown| one.0.id)?))
    }

    /// Upload a picture or a video
    ///
    /// The content decides what it is; a media type or an extension that contradicts it is refused. The same bytes in the same
    /// workspace are the same asset: uploading them again answers with the one that is there, which keeps its alternative text; if
    /// it has none, it takes the one that is sent. With an `Idempotency-Key` a repeated upload has to bring the same file again,
    /// with the same name and the same other parts; otherwise it is refused with `idempotency_mismatch`.
    #[oai(path = "/media", method = "post", operation_id = "uploadMedia")]
    async fn upload(
        &self,
        caller: Access<WriteMedia>,
        idempotency_key: Once,
        form: MediaForm,
    ) -> Answer<Created<MediaAsset>> {
        let MediaForm { new, file, first } = form;
        let asset = match (first, idempotency_key) {
            (Some(first), _) => return self.same_as_answered(new, file, &first.0).await,
            (None, Once::Made(id)) => {
                let asset = self.media.uploaded(&caller, MediaId::from_uuid(id)).await?;
                self.same_file(new, file, &asset.digest.to_string()).await?;
                asset
            }
            (None, Once::Make(fence)) => {
                self.media.upload(&caller, NewMedia { fence, ..new }, file).await?.asset
            }
        };
        Ok(self.created(asset))
    }

    /// Fetch a picture or a video
    ///
    /// From a public address, which is asked once and must answer within two minutes.
    #[oai(path = "/media/import", method = "post", operation_id = "importMedia")]
    async fn import(
        &self,
        caller: Access<WriteMedia>,
        idempotency_key: Once,
        body: StrictJson<MediaImport>,
    ) -> Answer<Created<MediaAsset>> {
        let StrictJson(body) = body;
        let asset = match idempotency_key {
            Once::Made(id) => self.media.uploaded(&caller, MediaId::from_uuid(id)).await?,
            Once::Make(fence) => {
                let (workspace, alt_text) = (body.workspace_id.0, body.alt_text);
                let (filename, content_type) = (body.filename, None);
                let new = NewMedia { workspace, alt_text, filename, content_type, fence };
                self.media.upload_from(&caller, new, &body.url.0).await?.asset
            }
        };
        Ok(self.created(asset))
    }

    /// Get an asset
    #[oai(path = "/media/:id", method = "get", operation_id = "getMedia")]
    async fn get(&self, caller: Access<ReadMedia>, id: Path<Id<id::Media>>) -> Answer<Found<MediaAsset>> {
        let asset = self.media.get(&caller, id.0.0).await?;
        Ok(Found::plain(self.show(asset, self.media.clock.now()).into()))
    }

    /// Change the alternative text
    ///
    /// Posts that were scheduled keep the text they were scheduled with.
    #[oai(path = "/media/:id", method = "patch", operation_id = "updateMedia")]
    async fn update(
        &self,
        caller: Access<WriteMedia>,
        id: Path<Id<id::Media>>,
        body: MergePatch<MediaPatch>,
    ) -> Answer<Found<MediaAsset>> {
        let MergePatch(body) = body;
        let asset = match body.alt_text {
            MaybeUndefined::Undefined => self.media.get(&caller, id.0.0).await?,
            MaybeUndefined::Null => self.media.describe(&caller, id.0.0, None).await?,
            MaybeUndefined::Value(text) => self.media.describe(&caller, id.0.0, Some(&text)).await?,
        };
        Ok(Found::plain(self.show(asset, self.media.clock.now()).into()))
    }

    /// Delete an asset
    ///
    /// Its bytes go with it unless another asset has the same. Refused while a publication that has not ended needs it.
    #[oai(path = "/media/:id", method = "delete", operation_id = "deleteMedia")]
    async fn delete(&self, caller: Access<WriteMedia>, id: Path<Id<id::Media>>) -> Answer<Done> {
        self.media.delete(&caller, id.0.0).await?;
        Ok(Done)
    }
}

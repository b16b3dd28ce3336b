//! Assets and objects as rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use publishing::{
    id::MediaId,
    media::{Digest, MediaAsset, store::MediaObject},
};
use tenancy::{OrganizationId, WorkspaceId, sealing::Sealed};
use uuid::Uuid;

use crate::{
    error::StoreError,
    schema::media::{media_assets, media_objects},
};

/// An asset that was not deleted.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = media_assets, check_for_backend(diesel::pg::Pg))]
pub(super) struct AssetRow {
    id: Uuid,
    organization_id: Uuid,
    workspace_id: Uuid,
    object_id: Option<Uuid>,
    digest: Vec<u8>,
    kind: String,
    width: i32,
    height: i32,
    duration_ms: Option<i64>,
    bytes: i64,
    alt_text: Option<String>,
    filename: Option<String>,
    created_at: DateTime<Utc>,
}

impl AssetRow {
    /// The row of an asset whose bytes are in this object.
    pub(super) fn of(asset: &MediaAsset, object: Uuid) -> Result<Self, StoreError> {
        let number =
            |number: u32| i32::try_from(number).map_err(|_| StoreError::corrupt("media_assets.width"));
        let millis = asset.duration.map(|duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
        Ok(Self {
            id: asset.id.uuid(),
            organization_id: asset.organization.uuid(),
            workspace_id: asset.workspace.uuid(),
            object_id: Some(object),
            digest: asset.digest.0.to_vec(),
            kind: asset.kind.as_str().to_owned(),
            width: number(asset.width)?,
            height: number(asset.height)?,
            duration_ms: millis,
            bytes: size(asset.bytes)?,
            alt_text: asset.alt_text.clone(),
            filename: asset.filename.clone(),
            created_at: asset.created_at,
        })
    }
}

impl TryFrom<AssetRow> for MediaAsset {
    type Error = StoreError;

    fn try_from(row: AssetRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: MediaId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            digest: digest(row.digest)?,
            kind: row.kind.parse().map_err(|_| StoreError::corrupt("media_assets.kind"))?,
            // The table's checks keep these from being negative.
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            duration: row.duration_ms.map(|millis| Duration::from_millis(millis.unsigned_abs())),
            bytes: row.bytes.unsigned_abs(),
            alt_text: row.alt_text,
            filename: row.filename,
            created_at: row.created_at,
        })
    }
}

/// An object, in whatever state.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = media_objects, check_for_backend(diesel::pg::Pg))]
pub(super) struct ObjectRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    digest: Vec<u8>,
    bytes: i64,
    content_key_sealed: Vec<u8>,
}

impl TryFrom<&MediaObject> for ObjectRow {
    type Error = StoreError;

    fn try_from(object: &MediaObject) -> Result<Self, StoreError> {
        Ok(Self {
            id: object.id,
            organization_id: object.organization.uuid(),
            name: object.name.as_str().to_owned(),
            digest: object.digest.0.to_vec(),
            bytes: size(object.bytes)?,
            content_key_sealed: object.content_key.0.clone(),
        })
    }
}

impl TryFrom<ObjectRow> for MediaObject {
    type Error = StoreError;

    fn try_from(row: ObjectRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            organization: OrganizationId::from_uuid(row.organization_id),
            name: row.name.parse().map_err(|_| StoreError::corrupt("media_objects.name"))?,
            digest: digest(row.digest)?,
            bytes: row.bytes.unsigned_abs(),
            content_key: Sealed(row.content_key_sealed),
        })
    }
}

/// Reads a digest.
pub(super) fn digest(bytes: Vec<u8>) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest).map_err(|_| StoreError::corrupt("media_objects.digest"))
}

fn size(bytes: u64) -> Result<i64, StoreError> {
    i64::try_from(bytes).map_err(|_| StoreError::corrupt("media_objects.bytes"))
}

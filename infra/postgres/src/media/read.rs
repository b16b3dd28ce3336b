//! Reading.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use publishing::{
    id::{self, MediaId},
    media::{
        MediaAsset,
        store::{MediaKeys, Readable},
    },
};
use tenancy::{
    OrganizationId, Page, WorkspaceId,
    sealing::{KeyChain, WrappedKey},
};
use uuid::Uuid;

use super::row::{AssetRow, ObjectRow};
use crate::{
    error::StoreError,
    pool::Connection,
    schema::{
        media::{media_assets, media_keys, media_objects},
        tenancy::{organization_keys, workspaces},
    },
};

/// Whether the organization has this workspace.
pub(super) async fn has_workspace(
    c: &mut Connection,
    organization: OrganizationId,
    workspace: WorkspaceId,
) -> Result<bool, StoreError> {
    let own =
        workspaces::table.find(workspace.uuid()).filter(workspaces::organization_id.eq(organization.uuid()));
    Ok(diesel::select(diesel::dsl::exists(own)).get_result(c).await?)
}

/// The organization's key and its media key.
pub(super) async fn keys(
    c: &mut Connection,
    organization: OrganizationId,
) -> Result<Option<MediaKeys>, StoreError> {
    type Found = ((Uuid, i32, Vec<u8>), Option<(Uuid, Vec<u8>)>);
    let media = media_keys::table.on(media_keys::organization_id.eq(organization_keys::organization_id));
    let found: Option<Found> = organization_keys::table
        .left_join(media)
        .filter(organization_keys::organization_id.eq(organization.uuid()))
        .select((
            (organization_keys::id, organization_keys::ring_version, organization_keys::wrapped),
            (media_keys::id, media_keys::wrapped).nullable(),
        ))
        .first(c)
        .await
        .optional()?;
    Ok(found.map(|((id, version, bytes), media)| MediaKeys {
        organization: WrappedKey { id, ring_version: Some(version), bytes },
        data: media.map(|(id, bytes)| WrappedKey { id, ring_version: None, bytes }),
    }))
}

/// One asset of the organization.
pub(super) async fn get(
    c: &mut Connection,
    organization: OrganizationId,
    id: MediaId,
) -> Result<Option<MediaAsset>, StoreError> {
    let row = media_assets::table
        .filter(media_assets::id.eq(id.uuid()).and(media_assets::organization_id.eq(organization.uuid())))
        .filter(media_assets::deleted_at.is_null())
        .select(AssetRow::as_select())
        .first(c)
        .await
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Several assets of a workspace.
pub(super) async fn assets(
    c: &mut Connection,
    organization: OrganizationId,
    workspace: WorkspaceId,
    ids: &[MediaId],
) -> Result<Vec<MediaAsset>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(MediaId::uuid).collect();
    let rows: Vec<AssetRow> = media_assets::table
        .filter(media_assets::organization_id.eq(organization.uuid()))
        .filter(media_assets::workspace_id.eq(workspace.uuid()))
        .filter(media_assets::id.eq_any(ids).and(media_assets::deleted_at.is_null()))
        .select(AssetRow::as_select())
        .load(c)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// A page of a workspace's assets, newest first: ids sort by time.
pub(super) async fn list(
    c: &mut Connection,
    organization: OrganizationId,
    workspace: WorkspaceId,
    page: Page<id::Media>,
) -> Result<Vec<MediaAsset>, StoreError> {
    let mut query = media_assets::table
        .filter(media_assets::organization_id.eq(organization.uuid()))
        .filter(media_assets::workspace_id.eq(workspace.uuid()))
        .filter(media_assets::deleted_at.is_null())
        .order(media_assets::id.desc())
        .limit(page.limit.into())
        .select(AssetRow::as_select())
        .into_boxed();
    if let Some(after) = page.after {
        query = query.filter(media_assets::id.lt(after.uuid()));
    }
    let rows: Vec<AssetRow> = query.load(c).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// An asset with its object and keys.
pub(super) async fn readable(c: &mut Connection, id: MediaId) -> Result<Option<Readable>, StoreError> {
    let found: Option<(AssetRow, ObjectRow)> = media_assets::table
        .inner_join(media_objects::table)
        .filter(media_assets::id.eq(id.uuid()).and(media_assets::deleted_at.is_null()))
        .select((AssetRow::as_select(), ObjectRow::as_select()))
        .first(c)
        .await
        .optional()?;
    let Some((asset, object)) = found else { return Ok(None) };
    let asset = MediaAsset::try_from(asset)?;
    // Without its keys nobody can read it any more.
    let Some(MediaKeys { organization, data: Some(data) }) = keys(c, asset.organization).await? else {
        return Ok(None);
    };
    let chain = KeyChain::Organization { organization, data };
    Ok(Some(Readable { asset, object: object.try_into()?, chain }))
}

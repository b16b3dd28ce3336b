//! Keeping: assets, the objects of their bytes, and the media key.

use diesel::{insert_into, prelude::*, update};
use diesel_async::RunQueryDsl;
use publishing::{
    id::MediaId,
    media::{
        MediaAsset,
        store::{Kept, MediaObject},
    },
};
use tenancy::{OrganizationId, idempotency::Fence, sealing::WrappedKey};
use uuid::Uuid;

use super::{
    lock,
    row::{AssetRow, ObjectRow},
};
use crate::{
    error::StoreError,
    idempotency,
    pool::Connection,
    schema::media::{media_assets, media_keys, media_objects},
};

/// Saves the media key; the first one stays.
pub(super) async fn save_key(
    c: &mut Connection,
    organization: OrganizationId,
    key: &WrappedKey,
) -> Result<WrappedKey, StoreError> {
    let row = (
        media_keys::id.eq(key.id),
        media_keys::organization_id.eq(organization.uuid()),
        media_keys::wrapped.eq(&key.bytes),
    );
    let once =
        insert_into(media_keys::table).values(row).on_conflict(media_keys::organization_id).do_nothing();
    once.execute(c).await?;
    let (id, bytes) = media_keys::table
        .filter(media_keys::organization_id.eq(organization.uuid()))
        .select((media_keys::id, media_keys::wrapped))
        .first(c)
        .await?;
    Ok(WrappedKey { id, ring_version: None, bytes })
}

/// Keeps an asset whose bytes are there already.
pub(super) async fn keep_known(
    c: &mut Connection,
    asset: &MediaAsset,
    fence: Option<Fence>,
) -> Result<Option<Kept>, StoreError> {
    let kept = share(c, asset).await?;
    if let Some(kept) = &kept {
        idempotency::made(c, fence, kept.asset.id.uuid()).await?;
    }
    Ok(kept)
}

/// The asset with these bytes: the workspace's own, or a new one on an object of the organization.
async fn share(c: &mut Connection, asset: &MediaAsset) -> Result<Option<Kept>, StoreError> {
    lock(c, asset.organization.uuid(), &asset.digest).await?;
    let same: Option<AssetRow> = media_assets::table
        .filter(media_assets::organization_id.eq(asset.organization.uuid()))
        .filter(media_assets::workspace_id.eq(asset.workspace.uuid()))
        .filter(media_assets::digest.eq(asset.digest.0.as_slice()))
        .filter(media_assets::deleted_at.is_null())
        .select(AssetRow::as_select())
        .first(c)
        .await
        .optional()?;
    if let Some(same) = same {
        let mut known: MediaAsset = same.try_into()?;
        if known.alt_text.is_none() && asset.alt_text.is_some() {
            let described = describe(c, asset.organization, known.id, asset.alt_text.as_deref()).await?;
            known = described.unwrap_or(known);
        }
        return Ok(Some(Kept { asset: known, is_new: false }));
    }
    let shared: Option<Uuid> = media_objects::table
        .filter(media_objects::organization_id.eq(asset.organization.uuid()))
        .filter(media_objects::digest.eq(asset.digest.0.as_slice()))
        .filter(media_objects::state.eq("stored"))
        .select(media_objects::id)
        .first(c)
        .await
        .optional()?;
    match shared {
        Some(object) => insert(c, asset, object).await.map(Some),
        None => Ok(None),
    }
}

/// Writes an object down before it is put.
pub(super) async fn announce(c: &mut Connection, object: &MediaObject) -> Result<(), StoreError> {
    let row = (ObjectRow::try_from(object)?, media_objects::state.eq("storing"));
    insert_into(media_objects::table).values(row).execute(c).await?;
    Ok(())
}

/// Keeps an asset on an object that was put.
pub(super) async fn keep(
    c: &mut Connection,
    asset: &MediaAsset,
    object: Uuid,
    fence: Option<Fence>,
) -> Result<Kept, StoreError> {
    if let Some(kept) = keep_known(c, asset, fence).await? {
        return Ok(kept);
    }
    let announced = media_objects::table
        .find(object)
        .filter(media_objects::organization_id.eq(asset.organization.uuid()))
        .filter(media_objects::digest.eq(asset.digest.0.as_slice()))
        .filter(media_objects::state.eq("storing"));
    let stored = update(announced)
        .set((media_objects::state.eq("stored"), media_objects::updated_at.eq(diesel::dsl::now)))
        .execute(c)
        .await?;
    if stored == 0 {
        // It took so long that a sweep counted it as lost.
        return Err(StoreError::Conflict("media_objects.state".to_owned()));
    }
    let kept = insert(c, asset, object).await?;
    idempotency::made(c, fence, kept.asset.id.uuid()).await?;
    Ok(kept)
}

/// Changes the alternative text.
pub(super) async fn describe(
    c: &mut Connection,
    organization: OrganizationId,
    id: MediaId,
    alt_text: Option<&str>,
) -> Result<Option<MediaAsset>, StoreError> {
    let own = media_assets::id.eq(id.uuid()).and(media_assets::organization_id.eq(organization.uuid()));
    let row = update(media_assets::table.filter(own).filter(media_assets::deleted_at.is_null()))
        .set(media_assets::alt_text.eq(alt_text))
        .returning(AssetRow::as_returning())
        .get_result(c)
        .await
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

async fn insert(c: &mut Connection, asset: &MediaAsset, object: Uuid) -> Result<Kept, StoreError> {
    let row = insert_into(media_assets::table)
        .values(AssetRow::of(asset, object)?)
        .returning(AssetRow::as_returning())
        .get_result(c)
        .await?;
    Ok(Kept { asset: row.try_into()?, is_new: true })
}

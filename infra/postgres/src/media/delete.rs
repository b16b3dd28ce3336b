//! Deleting: assets at once, objects after nobody needs them.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, delete as delete_from,
    dsl::{exists, not, now},
    prelude::*,
    sql_query,
    sql_types::{Bool, Text, Uuid as SqlUuid},
    update,
};
use diesel_async::RunQueryDsl;
use publishing::{
    id::MediaId,
    media::store::{Deletion, MediaObject},
};
use tenancy::OrganizationId;
use uuid::Uuid;

use super::{
    lock,
    row::{ObjectRow, digest},
};
use crate::{
    error::StoreError,
    pool::Connection,
    schema::media::{media_assets, media_objects},
};

#[derive(QueryableByName)]
struct Use {
    #[diesel(sql_type = Bool)]
    is_used: bool,
}

/// Deletes an asset; of its row only what tells that it was there stays.
pub(super) async fn delete(
    c: &mut Connection,
    organization: OrganizationId,
    id: MediaId,
) -> Result<Deletion, StoreError> {
    let own = media_assets::id.eq(id.uuid()).and(media_assets::organization_id.eq(organization.uuid()));
    let alive = media_assets::table.filter(own).filter(media_assets::deleted_at.is_null());
    let found: Option<(Vec<u8>, Uuid, Option<Uuid>)> = alive
        .select((media_assets::digest, media_assets::workspace_id, media_assets::object_id))
        .first(c)
        .await
        .optional()?;
    let Some((bytes, workspace, Some(object))) = found else { return Ok(Deletion::NotFound) };
    lock(c, organization.uuid(), &digest(bytes)?).await?;
    if is_used(c, organization, workspace, id).await? {
        return Ok(Deletion::InUse);
    }
    let deleted = update(alive)
        .set((
            media_assets::deleted_at.eq(now),
            media_assets::object_id.eq(None::<Uuid>),
            media_assets::alt_text.eq(None::<String>),
            media_assets::filename.eq(None::<String>),
        ))
        .execute(c)
        .await?;
    if deleted == 0 {
        return Ok(Deletion::NotFound);
    }
    let doomed = mark(c, object).await?;
    Ok(doomed.map_or(Deletion::Done, Deletion::DoneWith))
}

/// Objects that are marked for deletion, or were announced long ago and never became anything.
pub(super) async fn abandoned(
    c: &mut Connection,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<MediaObject>, StoreError> {
    let lost = media_objects::state.eq("storing").and(media_objects::updated_at.lt(since));
    let rows: Vec<ObjectRow> = media_objects::table
        .filter(media_objects::state.ne("stored"))
        .filter(media_objects::state.eq("doomed").or(lost))
        .order(media_objects::updated_at)
        .limit(limit.into())
        .select(ObjectRow::as_select())
        .load(c)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Marks an object that no asset needs, and says whether it may be deleted.
pub(super) async fn doom(c: &mut Connection, object: Uuid) -> Result<bool, StoreError> {
    let found: Option<(Uuid, Vec<u8>)> = media_objects::table
        .find(object)
        .select((media_objects::organization_id, media_objects::digest))
        .first(c)
        .await
        .optional()?;
    let Some((organization, bytes)) = found else { return Ok(false) };
    lock(c, organization, &digest(bytes)?).await?;
    Ok(mark(c, object).await?.is_some())
}

/// Forgets an object that was marked and deleted.
pub(super) async fn forget(c: &mut Connection, object: Uuid) -> Result<(), StoreError> {
    let doomed = media_objects::table.find(object).filter(media_objects::state.eq("doomed"));
    delete_from(doomed).execute(c).await?;
    Ok(())
}

/// Marks an object that no asset needs. The lock on its content is held.
async fn mark(c: &mut Connection, object: Uuid) -> Result<Option<MediaObject>, StoreError> {
    let needing = media_assets::table.filter(media_assets::object_id.eq(object));
    let row = update(media_objects::table.find(object).filter(not(exists(needing))))
        .set((media_objects::state.eq("doomed"), media_objects::updated_at.eq(now)))
        .returning(ObjectRow::as_returning())
        .get_result(c)
        .await
        .optional()?;
    row.map(TryInto::try_into).transpose()
}

/// Whether a publication that has not ended carries the asset.
async fn is_used(
    c: &mut Connection,
    organization: OrganizationId,
    workspace: Uuid,
    id: MediaId,
) -> Result<bool, StoreError> {
    let found: Use = sql_query(
        "SELECT EXISTS (SELECT FROM publications
            WHERE organization_id = $1 AND workspace_id = $2
            AND state IN ('scheduled', 'preparing', 'ready', 'publishing', 'unconfirmed')
            AND content -> 'pictures' @> jsonb_build_array(jsonb_build_object('media', $3::text))) AS is_used",
    )
    .bind::<SqlUuid, _>(organization.uuid())
    .bind::<SqlUuid, _>(workspace)
    .bind::<Text, _>(id.to_string())
    .get_result(c)
    .await?;
    Ok(found.is_used)
}

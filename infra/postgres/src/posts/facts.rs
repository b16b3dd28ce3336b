//! What validation needs to know: the workspace's channels, media and late policy.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Integer, Text, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, MediaId},
    media::MediaKind,
    post::store::{ChannelFacts, Facts, MediaFacts},
};
use tenancy::{OrganizationId, WorkspaceId};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

#[derive(QueryableByName)]
struct PolicyRow {
    #[diesel(sql_type = Integer)]
    late_minutes: i32,
}

#[derive(QueryableByName)]
struct ChannelRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Bool)]
    usable: bool,
    #[diesel(sql_type = Array<Text>)]
    missing: Vec<String>,
}

#[derive(QueryableByName)]
struct MediaRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Integer)]
    width: i32,
    #[diesel(sql_type = Integer)]
    height: i32,
    #[diesel(sql_type = Text)]
    digest: String,
}

impl TryFrom<MediaRow> for MediaFacts {
    type Error = StoreError;

    fn try_from(row: MediaRow) -> Result<Self, StoreError> {
        let kind: MediaKind = row.kind.parse().map_err(|_| StoreError::corrupt("media_assets.kind"))?;
        Ok(Self {
            id: MediaId::from_uuid(row.id),
            content_type: kind.content_type().to_owned(),
            bytes: row.bytes.unsigned_abs(),
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            digest: row.digest,
        })
    }
}

impl TryFrom<ChannelRow> for ChannelFacts {
    type Error = StoreError;

    fn try_from(row: ChannelRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChannelId::from_uuid(row.id),
            platform: row.platform.parse().map_err(|_| StoreError::corrupt("channels.platform"))?,
            usable: row.usable,
            missing_scopes: row.missing,
        })
    }
}

/// `None` when the organization has no such workspace.
pub(super) async fn facts(
    c: &mut Connection,
    organization: OrganizationId,
    workspace: WorkspaceId,
    channels: &[ChannelId],
    media: &[MediaId],
) -> Result<Option<Facts>, StoreError> {
    use diesel_async::RunQueryDsl;
    let policies: Vec<PolicyRow> =
        prepared("SELECT late_minutes FROM workspaces WHERE organization_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(organization.uuid())
            .bind::<SqlUuid, _>(workspace.uuid())
            .load(c)
            .await?;
    let Some(policy) = policies.into_iter().next() else { return Ok(None) };
    let channels: Vec<ChannelRow> = prepared(
        "SELECT id, platform, state = 'connected' AS usable, missing FROM channels
        WHERE organization_id = $1 AND workspace_id = $2 AND id = ANY ($3)",
    )
    .bind::<SqlUuid, _>(organization.uuid())
    .bind::<SqlUuid, _>(workspace.uuid())
    .bind::<Array<SqlUuid>, _>(channels.iter().map(ChannelId::uuid).collect::<Vec<_>>())
    .load(c)
    .await?;
    let media: Vec<MediaRow> = prepared(
        "SELECT id, kind, bytes, width, height, encode(digest, 'hex') AS digest FROM media_assets
        WHERE organization_id = $1 AND workspace_id = $2 AND id = ANY ($3) AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(organization.uuid())
    .bind::<SqlUuid, _>(workspace.uuid())
    .bind::<Array<SqlUuid>, _>(media.iter().map(MediaId::uuid).collect::<Vec<_>>())
    .load(c)
    .await?;
    Ok(Some(Facts {
        channels: channels.into_iter().map(ChannelFacts::try_from).collect::<Result<_, _>>()?,
        media: media.into_iter().map(MediaFacts::try_from).collect::<Result<_, _>>()?,
        publish_late_by: Duration::from_secs(60 * u64::from(policy.late_minutes.unsigned_abs())),
    }))
}

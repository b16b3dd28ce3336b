//! A publication's row, as people read it.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Bool, Bytea, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    content::ContentHash,
    id::{ApprovalId, ChannelId, PostId, PublicationId},
    publication::{CancelReason, Publication, State},
};
use tenancy::{OrganizationId, WorkspaceId};
use uuid::Uuid;

use crate::{error::StoreError, posts::preflight::warnings};

/// The columns of [`PublicationRow`], of a table named `p`.
pub(crate) const COLUMNS: &str = "p.id, p.organization_id, p.workspace_id, p.post_id, p.channel_id, p.platform, p.state, p.reason,
    p.needs_person, p.queued, p.due_at, p.deadline_at, p.next_step_at, p.failures, p.content, p.content_hash, p.approval_id,
    p.platform_post_id, p.permalink, p.published_at, p.created_at, p.updated_at,
    (SELECT f.warnings FROM preflights f WHERE f.publication_id = p.id AND f.plan_epoch = p.plan_epoch
        AND p.state IN ('scheduled', 'preparing', 'ready')) AS warnings";

#[derive(QueryableByName)]
pub(crate) struct PublicationRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    post_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Bool)]
    needs_person: bool,
    #[diesel(sql_type = Bool)]
    queued: bool,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    deadline_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_step_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Jsonb)]
    content: serde_json::Value,
    #[diesel(sql_type = Bytea)]
    content_hash: Vec<u8>,
    #[diesel(sql_type = SqlUuid)]
    approval_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    platform_post_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    permalink: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    published_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    warnings: Option<serde_json::Value>,
}

impl TryFrom<PublicationRow> for Publication {
    type Error = StoreError;

    fn try_from(row: PublicationRow) -> Result<Self, StoreError> {
        let state: State = row.state.parse().map_err(|_| StoreError::corrupt("publications.state"))?;
        // One column, two lists: why it was taken back, or why it was refused.
        let (reason, cancelled) = match (state, row.reason) {
            (State::Cancelled, Some(word)) => (None, word.parse::<CancelReason>().ok()),
            (_, Some(word)) => (word.parse().ok(), None),
            (_, None) => (None, None),
        };
        let hash: [u8; 32] =
            row.content_hash.try_into().map_err(|_| StoreError::corrupt("publications.content_hash"))?;
        Ok(Self {
            id: PublicationId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            post: PostId::from_uuid(row.post_id),
            channel: ChannelId::from_uuid(row.channel_id),
            platform: row.platform.parse().map_err(|_| StoreError::corrupt("publications.platform"))?,
            state,
            reason,
            cancelled,
            needs_person: row.needs_person,
            queued: row.queued,
            due_at: row.due_at,
            deadline_at: row.deadline_at,
            next_step_at: row.next_step_at,
            failures: row.failures,
            content: serde_json::from_value(row.content)
                .map_err(|_| StoreError::corrupt("publications.content"))?,
            content_hash: ContentHash(hash),
            approval: ApprovalId::from_uuid(row.approval_id),
            platform_post_id: row.platform_post_id,
            permalink: row.permalink.and_then(|url| url.parse().ok()),
            published_at: row.published_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings: row.warnings.map(warnings).transpose()?.unwrap_or_default(),
        })
    }
}

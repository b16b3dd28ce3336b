//! Feeds: who may follow which calendar without credentials.

use ::tenancy::{
    ApiKeyId, Caller, OrganizationId, Page, PersonId, WorkspaceId, digest::SecretHash, idempotency::Fence,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use publishing::{
    feed::{Feed, FeedStore},
    id::{self, ChannelId, FeedId},
    post::{Author, PostError},
};
use uuid::Uuid;

use crate::{
    Pool, StoreError, idempotency,
    posts::reach,
    schema::{calendar::feeds, tenancy::api_keys},
};

/// Feeds in the database.
#[derive(Clone)]
pub struct PgFeeds(pub Pool);

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = feeds, check_for_backend(diesel::pg::Pg))]
struct FeedRow {
    id: Uuid,
    organization_id: Uuid,
    workspace_id: Uuid,
    name: String,
    channels: Option<Vec<Uuid>>,
    statuses: Option<Vec<String>>,
    person_id: Uuid,
    api_key_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl From<&Feed> for FeedRow {
    fn from(feed: &Feed) -> Self {
        let statuses = feed.statuses.as_ref();
        Self {
            id: feed.id.uuid(),
            organization_id: feed.organization.uuid(),
            workspace_id: feed.workspace.uuid(),
            name: feed.name.clone(),
            channels: feed.channels.as_ref().map(|ids| ids.iter().map(ChannelId::uuid).collect()),
            statuses: statuses.map(|words| words.iter().map(ToString::to_string).collect()),
            person_id: feed.author.person.uuid(),
            api_key_id: feed.author.api_key.map(|key| key.uuid()),
            created_at: feed.created_at,
        }
    }
}

impl TryFrom<FeedRow> for Feed {
    type Error = StoreError;

    fn try_from(row: FeedRow) -> Result<Self, StoreError> {
        let status = |word: String| word.parse().map_err(|_| StoreError::corrupt("feeds.statuses"));
        let statuses = row.statuses.map(|words| words.into_iter().map(status).collect::<Result<Vec<_>, _>>());
        Ok(Self {
            id: FeedId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            name: row.name,
            channels: row.channels.map(|ids| ids.into_iter().map(ChannelId::from_uuid).collect()),
            statuses: statuses.transpose()?,
            author: Author {
                person: PersonId::from_uuid(row.person_id),
                api_key: row.api_key_id.map(ApiKeyId::from_uuid),
            },
            created_at: row.created_at,
        })
    }
}

impl PgFeeds {
    async fn keep(&self, feed: &Feed, hash: SecretHash, fence: Option<Fence>) -> Result<(), StoreError> {
        let row = FeedRow::from(feed);
        let mut connection = self.0.get().await?;
        connection
            .transaction::<_, StoreError, _>(async |c| {
                let values = (row, feeds::hash.eq(hash.0.as_slice()));
                diesel::insert_into(feeds::table).values(values).execute(c).await?;
                idempotency::made(c, fence, feed.id.uuid()).await
            })
            .await
    }

    async fn all(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Feed>,
    ) -> Result<Vec<Feed>, StoreError> {
        let own = feeds::organization_id
            .eq(organization.uuid())
            .and(feeds::workspace_id.eq(workspace.uuid()))
            .and(feeds::id.gt(page.after.map_or(Uuid::nil(), |after| after.uuid())));
        let rows: Vec<FeedRow> = feeds::table
            .filter(own)
            .order(feeds::id)
            .limit(page.limit.into())
            .select(FeedRow::as_select())
            .load(&mut self.0.get().await?)
            .await?;
        rows.into_iter().map(Feed::try_from).collect()
    }

    async fn remove(&self, caller: &Caller, id: FeedId) -> Result<bool, StoreError> {
        let own = feeds::id.eq(id.uuid()).and(feeds::organization_id.eq(caller.organization.uuid()));
        let mut connection = self.0.get().await?;
        let removed = match reach(caller) {
            None => diesel::delete(feeds::table.filter(own)).execute(&mut connection).await?,
            Some(only) => {
                let within = feeds::table.filter(own.and(feeds::workspace_id.eq_any(only)));
                diesel::delete(within).execute(&mut connection).await?
            }
        };
        Ok(removed == 1)
    }

    async fn by_hash(&self, hash: SecretHash, now: DateTime<Utc>) -> Result<Option<Feed>, StoreError> {
        let key = api_keys::id.nullable().eq(feeds::api_key_id);
        let works = feeds::api_key_id.is_null().or(api_keys::revoked_at
            .is_null()
            .and(api_keys::expires_at.is_null().or(api_keys::expires_at.gt(now)))
            .assume_not_null());
        let row: Option<FeedRow> = feeds::table
            .left_join(api_keys::table.on(key))
            .filter(feeds::hash.eq(hash.0.as_slice()))
            .filter(works)
            .select(FeedRow::as_select())
            .first(&mut self.0.get().await?)
            .await
            .optional()?;
        row.map(Feed::try_from).transpose()
    }
}

fn refused(error: StoreError) -> PostError {
    match error {
        StoreError::Conflict(constraint) if constraint == idempotency::LOST => PostError::Superseded,
        // The foreign keys say whether the workspace is there, and whoever makes the feed.
        StoreError::Conflict(_) => PostError::NotFound,
        error => {
            tracing::error!(%error, "the feed store failed");
            PostError::Unavailable
        }
    }
}

#[async_trait]
impl FeedStore for PgFeeds {
    async fn insert(&self, feed: &Feed, hash: SecretHash, fence: Option<Fence>) -> Result<(), PostError> {
        self.keep(feed, hash, fence).await.map_err(refused)
    }

    async fn list(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Feed>,
    ) -> Result<Vec<Feed>, PostError> {
        self.all(organization, workspace, page).await.map_err(refused)
    }

    async fn delete(&self, caller: &Caller, id: FeedId) -> Result<bool, PostError> {
        self.remove(caller, id).await.map_err(refused)
    }

    async fn find(&self, hash: SecretHash, now: DateTime<Utc>) -> Result<Option<Feed>, PostError> {
        self.by_hash(hash, now).await.map_err(refused)
    }
}

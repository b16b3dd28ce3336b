//! What is due when, for calendars, exports and feeds.

mod counts;
mod entries;
pub(crate) mod planned;
mod row;
mod selected;
mod whole;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, Text, Uuid as SqlUuid},
};
use publishing::{
    calendar::{CalendarStore, Coming, Count, Entry, Part, Selection},
    id::{ChannelId, PostId, SeriesId},
    post::{OccurrenceKey, PostError, PostView},
};
use scheduling::{Tz, calendar::Days};
use tenancy::{OrganizationId, WorkspaceId};

use crate::{error::StoreError, pool::Pool, posts};

/// Reads calendars.
#[derive(Clone)]
pub struct PgCalendarStore(pub Pool);

#[derive(QueryableByName)]
struct ZoneRow {
    #[diesel(sql_type = Text)]
    time_zone: String,
}

impl PgCalendarStore {
    async fn zone_of(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        channels: &[ChannelId],
    ) -> Result<Option<Tz>, StoreError> {
        use diesel_async::RunQueryDsl;
        let found: Vec<ZoneRow> = sql_query(
            "SELECT w.time_zone FROM workspaces w WHERE w.organization_id = $1 AND w.id = $2 AND NOT EXISTS (
                SELECT FROM unnest($3) wanted WHERE NOT EXISTS (SELECT FROM channels h
                    WHERE h.id = wanted AND h.organization_id = $1 AND h.workspace_id = $2))",
        )
        .bind::<SqlUuid, _>(organization.uuid())
        .bind::<SqlUuid, _>(workspace.uuid())
        .bind::<Array<SqlUuid>, _>(channels.iter().map(ChannelId::uuid).collect::<Vec<_>>())
        .load(&mut self.0.get().await?)
        .await?;
        let zone =
            |row: ZoneRow| row.time_zone.parse().map_err(|_| StoreError::corrupt("workspaces.time_zone"));
        found.into_iter().next().map(zone).transpose()
    }
}

#[async_trait]
impl CalendarStore for PgCalendarStore {
    async fn zone(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        channels: &[ChannelId],
    ) -> Result<Option<Tz>, PostError> {
        self.zone_of(organization, workspace, channels).await.map_err(unavailable)
    }

    async fn entries(&self, selection: &Selection, part: Part) -> Result<Vec<Entry>, PostError> {
        entries::entries(&self.0, selection, part).await.map_err(unavailable)
    }

    async fn series(
        &self,
        selection: &Selection,
        before: DateTime<Utc>,
        after: Option<SeriesId>,
        limit: u16,
    ) -> Result<Vec<Coming>, PostError> {
        planned::series(&self.0, selection, before, after, limit).await.map_err(unavailable)
    }

    async fn made(&self, occurrences: &[OccurrenceKey]) -> Result<Vec<OccurrenceKey>, PostError> {
        let made = async || planned::made(&mut *self.0.get().await?, occurrences).await;
        made().await.map_err(unavailable)
    }

    async fn posts_due(
        &self,
        selection: &Selection,
        after: Option<PostId>,
        limit: u16,
    ) -> Result<Vec<PostId>, PostError> {
        whole::posts_due(&self.0, selection, after, limit).await.map_err(unavailable)
    }

    async fn entries_of(&self, selection: &Selection, posts: &[PostId]) -> Result<Vec<Entry>, PostError> {
        whole::entries_of(&self.0, selection, posts).await.map_err(unavailable)
    }

    async fn counts(&self, selection: &Selection, days: &Days) -> Result<Vec<Count>, PostError> {
        counts::counts(&self.0, selection, days).await.map_err(unavailable)
    }

    async fn posts(
        &self,
        selection: &Selection,
        after: Option<PostId>,
        limit: u16,
    ) -> Result<Vec<PostView>, PostError> {
        posts::batch(&self.0, selection, after, limit).await.map_err(unavailable)
    }

    async fn fingerprint(&self, selection: &Selection) -> Result<String, PostError> {
        counts::fingerprint(&self.0, selection).await.map_err(unavailable)
    }
}

/// Logs what the database said; the caller learns that it could not be asked.
#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
fn unavailable(error: StoreError) -> PostError {
    tracing::error!(%error, "the calendar store failed");
    PostError::Unavailable
}

//! A post's row and its targets' rows.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    content::{Content, Override},
    id::{ChannelId, PostId, SeriesId},
    post::{Author, OccurrenceKey, Post, Target, TargetTime},
};
use scheduling::{LocalSchedule, Schedule, queue::Place};
use tenancy::{ApiKeyId, OrganizationId, PersonId, WorkspaceId, organization::LateLimit};
use uuid::Uuid;

use crate::error::StoreError;

/// The columns of [`PostRow`], of a table named `o`.
pub(super) const COLUMNS: &str =
    "o.id, o.organization_id, o.workspace_id, o.caption, o.link, o.media, o.local_time, o.time_zone,
    o.own_due_at, o.scheduled, o.version, o.author_person, o.author_key, o.created_at, o.updated_at, o.late_minutes,
    (SELECT s.series_id FROM series_occurrences s WHERE s.post_id = o.id) AS series_id,
    (SELECT s.original FROM series_occurrences s WHERE s.post_id = o.id) AS series_original";

#[derive(QueryableByName)]
pub(super) struct PostRow {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = Text)]
    caption: String,
    #[diesel(sql_type = Nullable<Text>)]
    link: Option<String>,
    #[diesel(sql_type = Jsonb)]
    media: serde_json::Value,
    #[diesel(sql_type = Nullable<Timestamp>)]
    local_time: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    own_due_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    scheduled: bool,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = SqlUuid)]
    author_person: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    author_key: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Integer>)]
    late_minutes: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    series_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    series_original: Option<NaiveDateTime>,
}

#[derive(QueryableByName)]
pub(super) struct TargetRow {
    #[diesel(sql_type = SqlUuid)]
    pub(super) post_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    caption: Option<String>,
    #[diesel(sql_type = Bool)]
    changes_link: bool,
    #[diesel(sql_type = Nullable<Text>)]
    link: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    media: Option<serde_json::Value>,
    #[diesel(sql_type = Text)]
    timing: String,
    #[diesel(sql_type = Nullable<Timestamp>)]
    local_time: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<DateTime<Utc>>,
}

/// The schedule that three columns are: `Some(None)` where there is none, `None` where they cannot mean one.
#[expect(clippy::option_option, reason = "no schedule is not the same as one that cannot be read")]
fn schedule(
    local: Option<NaiveDateTime>,
    zone: Option<&str>,
    due_at: Option<DateTime<Utc>>,
) -> Option<Option<Schedule>> {
    match (local, zone) {
        (Some(local), Some(zone)) => {
            Some(Some(Schedule::Local(LocalSchedule { local, zone: zone.parse().ok()? })))
        }
        _ => Some(due_at.map(Schedule::At)),
    }
}

impl PostRow {
    fn schedule(&self) -> Result<Option<Schedule>, StoreError> {
        schedule(self.local_time, self.time_zone.as_deref(), self.own_due_at)
            .ok_or(StoreError::corrupt("posts.time_zone"))
    }

    fn late_limit(&self) -> Result<Option<LateLimit>, StoreError> {
        let limit = self.late_minutes.map(|minutes| LateLimit::from_minutes(minutes.into())).transpose();
        limit.map_err(|_| StoreError::corrupt("posts.late_minutes"))
    }

    /// The post, with those of the target rows that are its own.
    pub(super) fn with_targets(self, targets: &[TargetRow]) -> Result<Post, StoreError> {
        let own = targets.iter().filter(|t| t.post_id == self.id).map(TargetRow::target);
        let targets = own.collect::<Result<Vec<_>, _>>()?;
        Ok(Post {
            id: PostId::from_uuid(self.id),
            organization: OrganizationId::from_uuid(self.organization_id),
            workspace: WorkspaceId::from_uuid(self.workspace_id),
            schedule: self.schedule()?,
            late_limit: self.late_limit()?,
            content: Content {
                caption: self.caption,
                link: self.link.and_then(|link| link.parse().ok()),
                media: serde_json::from_value(self.media).map_err(|_| StoreError::corrupt("posts.media"))?,
            },
            targets,
            scheduled: self.scheduled,
            version: self.version,
            author: Author {
                person: PersonId::from_uuid(self.author_person),
                api_key: self.author_key.map(ApiKeyId::from_uuid),
            },
            occurrence: self
                .series_id
                .zip(self.series_original)
                .map(|(series, original)| OccurrenceKey { series: SeriesId::from_uuid(series), original }),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl TargetRow {
    fn target(&self) -> Result<Target, StoreError> {
        let media = self.media.clone().map(serde_json::from_value).transpose();
        let change = Override {
            caption: self.caption.clone(),
            link: self.changes_link.then(|| self.link.as_ref().and_then(|link| link.parse().ok())),
            media: media.map_err(|_| StoreError::corrupt("post_targets.media"))?,
        };
        let time = self.time().ok_or(StoreError::corrupt("post_targets.timing"))?;
        Ok(Target { channel: ChannelId::from_uuid(self.channel_id), change, time })
    }

    fn time(&self) -> Option<TargetTime> {
        match self.timing.as_str() {
            "post" => Some(TargetTime::Post),
            "queue" => Some(TargetTime::Queued(Place::Last)),
            "unplanned" => Some(TargetTime::Unplanned),
            _ => schedule(self.local_time, self.time_zone.as_deref(), self.due_at)?.map(TargetTime::Own),
        }
    }
}

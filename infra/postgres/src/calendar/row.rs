//! The row of an entry.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    calendar::Entry,
    id::{ChannelId, PostId, PublicationId},
    publication::State,
    status::{Part, PostStatus, derive},
};
use scheduling::LocalSchedule;
use uuid::Uuid;

use crate::error::StoreError;

#[derive(QueryableByName)]
pub(super) struct EntryRow {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    post_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    publication_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    channel_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    channel_name: Option<String>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    local_time: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Bool)]
    needs_person: bool,
    #[diesel(sql_type = Text)]
    caption: String,
    #[diesel(sql_type = Nullable<Text>)]
    media: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    permalink: Option<String>,
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

impl EntryRow {
    fn status(&self) -> Result<PostStatus, StoreError> {
        let Some(state) = &self.state else { return Ok(PostStatus::Draft) };
        let state: State = state.parse().map_err(|_| StoreError::corrupt("publications.state"))?;
        Ok(derive(&[Part { state, needs_person: self.needs_person }]))
    }

    fn local(&self) -> Result<Option<LocalSchedule>, StoreError> {
        let (Some(local), Some(zone)) = (self.local_time, &self.time_zone) else { return Ok(None) };
        let zone = zone.parse().map_err(|_| StoreError::corrupt("posts.time_zone"))?;
        Ok(Some(LocalSchedule { local, zone }))
    }
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let (status, local) = (row.status()?, row.local()?);
        let media = row.media.map(|id| id.parse().map_err(|_| StoreError::corrupt("the media of an entry")));
        Ok(Self {
            at: row.at,
            post: Some(PostId::from_uuid(row.post_id)),
            publication: row.publication_id.map(PublicationId::from_uuid),
            occurrence: None,
            channel: row.channel_id.map(ChannelId::from_uuid),
            channel_name: row.channel_name,
            local,
            status: status.into(),
            caption: row.caption,
            media: media.transpose()?,
            permalink: row.permalink.and_then(|url| url.parse().ok()),
            revision: row.revision,
            updated_at: row.updated_at,
        })
    }
}

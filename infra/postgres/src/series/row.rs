//! A series' row.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    content::{Attachment, Content, Override},
    id::{ChannelId, SeriesId},
    post::{Author, Target, TargetTime},
    series::{Series, SeriesState},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tenancy::{ApiKeyId, OrganizationId, PersonId, WorkspaceId};
use url::Url;
use uuid::Uuid;

use crate::{error::StoreError, posts::save::json};

/// The channels of a series `s`: `h`.
pub(crate) const CHANNELS: &str =
    "jsonb_array_elements(s.targets) t JOIN channels h ON h.id = (t ->> 'channel')::uuid";

/// The columns of [`SeriesRow`], of a table named `s`.
pub(crate) const COLUMNS: &str =
    "s.id, s.organization_id, s.workspace_id, s.caption, s.link, s.media, s.targets, s.captions, s.plan, s.edits,
    s.state, s.reason, s.next_at, s.instructor_person, s.instructor_key, s.version, s.created_at, s.updated_at";

#[derive(QueryableByName)]
pub(crate) struct SeriesRow {
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
    media: Value,
    #[diesel(sql_type = Jsonb)]
    targets: Value,
    #[diesel(sql_type = Jsonb)]
    captions: Value,
    #[diesel(sql_type = Jsonb)]
    plan: Value,
    #[diesel(sql_type = Jsonb)]
    edits: Value,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = SqlUuid)]
    instructor_person: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    instructor_key: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
}

/// What differs, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    #[serde(default)]
    changes_link: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media: Option<Vec<Attachment>>,
}

/// A target, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    channel: Uuid,
    change: Difference,
}

impl From<&Override> for Difference {
    fn from(change: &Override) -> Self {
        Self {
            caption: change.caption.clone(),
            changes_link: change.link.is_some(),
            link: change.link.clone().flatten(),
            media: change.media.clone(),
        }
    }
}

impl From<Difference> for Override {
    fn from(change: Difference) -> Self {
        let link = change.changes_link.then_some(change.link);
        Self { caption: change.caption, link, media: change.media }
    }
}

/// The targets of a series, as they are written.
pub(super) fn targets(series: &Series) -> Result<Value, StoreError> {
    let place = |target: &Target| Place { channel: target.channel.uuid(), change: (&target.change).into() };
    json(&series.targets.iter().map(place).collect::<Vec<_>>())
}

/// What single occurrences say, as it is written.
pub(super) fn edits(series: &Series) -> Result<Value, StoreError> {
    let edits = series.edits.iter().map(|(original, edit)| (*original, edit.into()));
    json(&edits.collect::<BTreeMap<NaiveDateTime, Difference>>())
}

/// The state and its reason, as they are written.
pub(super) const fn state(state: SeriesState) -> (&'static str, Option<&'static str>) {
    match state {
        SeriesState::Active => ("active", None),
        SeriesState::Paused(reason) => ("paused", Some(reason.as_str())),
        SeriesState::Cancelled => ("cancelled", None),
    }
}

fn read<T: DeserializeOwned>(value: Value, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::corrupt(column))
}

impl SeriesRow {
    fn state(&self) -> Result<SeriesState, StoreError> {
        let corrupt = || StoreError::corrupt("series.state");
        match (self.state.as_str(), &self.reason) {
            ("active", None) => Ok(SeriesState::Active),
            ("cancelled", None) => Ok(SeriesState::Cancelled),
            ("paused", Some(reason)) => Ok(SeriesState::Paused(reason.parse().map_err(|_| corrupt())?)),
            _ => Err(corrupt()),
        }
    }
}

impl TryFrom<SeriesRow> for Series {
    type Error = StoreError;

    fn try_from(row: SeriesRow) -> Result<Self, StoreError> {
        let state = row.state()?;
        let places: Vec<Place> = read(row.targets, "series.targets")?;
        let target = |one: Place| Target {
            channel: ChannelId::from_uuid(one.channel),
            change: one.change.into(),
            time: TargetTime::Post,
        };
        let edits: BTreeMap<NaiveDateTime, Difference> = read(row.edits, "series.edits")?;
        Ok(Self {
            id: SeriesId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            content: Content {
                caption: row.caption,
                link: row.link.and_then(|link| link.parse().ok()),
                media: read(row.media, "series.media")?,
            },
            targets: places.into_iter().map(target).collect(),
            captions: read(row.captions, "series.captions")?,
            plan: read(row.plan, "series.plan")?,
            edits: edits.into_iter().map(|(original, edit)| (original, edit.into())).collect(),
            state,
            next_at: row.next_at,
            instructor: Author {
                person: PersonId::from_uuid(row.instructor_person),
                api_key: row.instructor_key.map(ApiKeyId::from_uuid),
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

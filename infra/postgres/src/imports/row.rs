//! The rows of imports, of their rows, and of the channels that these name.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, ImportId, PostId},
    import::{
        Counts, Import, NamedChannel, Row,
        file::RawRow,
        store::{Claim, Known},
    },
    post::Author,
};
use tenancy::{ApiKeyId, OrganizationId, PersonId, SessionId, WorkspaceId};
use uuid::Uuid;

use crate::error::StoreError;

/// The columns of [`ImportRow`].
pub(super) const COLUMNS: &str =
    "id, organization_id, workspace_id, state, reason, dry_run, time_zone, encode(digest, 'hex') AS digest, author_person,
    author_key, author_session, schedules, row_count, last_row, read_count, valid_count, created_count, skipped_count,
    failed_count, created_at, ended_at";

#[derive(QueryableByName)]
pub(super) struct ImportRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Bool)]
    dry_run: bool,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    digest: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    author_person: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    author_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    author_session: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    schedules: bool,
    #[diesel(sql_type = Integer)]
    row_count: i32,
    /// The last row that was dealt with.
    #[diesel(sql_type = Integer)]
    pub(super) last_row: i32,
    #[diesel(sql_type = Integer)]
    read_count: i32,
    #[diesel(sql_type = Integer)]
    valid_count: i32,
    #[diesel(sql_type = Integer)]
    created_count: i32,
    #[diesel(sql_type = Integer)]
    skipped_count: i32,
    #[diesel(sql_type = Integer)]
    failed_count: i32,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<ImportRow> for Import {
    type Error = StoreError;

    fn try_from(row: ImportRow) -> Result<Self, StoreError> {
        let (reason, time_zone) = (row.reason.map(|it| it.parse()), row.time_zone.map(|it| it.parse()));
        Ok(Self {
            id: ImportId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            state: row.state.parse().map_err(|_| StoreError::corrupt("imports.state"))?,
            reason: reason.transpose().map_err(|_| StoreError::corrupt("imports.reason"))?,
            dry_run: row.dry_run,
            time_zone: time_zone.transpose().map_err(|_| StoreError::corrupt("imports.time_zone"))?,
            digest: row.digest.unwrap_or_default(),
            author: Author {
                person: PersonId::from_uuid(row.author_person),
                api_key: row.author_key.map(ApiKeyId::from_uuid),
            },
            session: row.author_session.map(SessionId::from_uuid),
            schedules: row.schedules,
            counts: Counts {
                rows: row.row_count.unsigned_abs(),
                read: row.read_count.unsigned_abs(),
                valid: row.valid_count.unsigned_abs(),
                created: row.created_count.unsigned_abs(),
                skipped: row.skipped_count.unsigned_abs(),
                failed: row.failed_count.unsigned_abs(),
            },
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

#[derive(QueryableByName)]
pub(super) struct ClaimRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

impl From<ClaimRow> for Claim {
    fn from(row: ClaimRow) -> Self {
        Self { import: ImportId::from_uuid(row.id), epoch: row.epoch }
    }
}

#[derive(QueryableByName)]
pub(super) struct WaitingRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Jsonb)]
    cells: serde_json::Value,
}

impl TryFrom<WaitingRow> for RawRow {
    type Error = StoreError;

    fn try_from(row: WaitingRow) -> Result<Self, StoreError> {
        let cells =
            serde_json::from_value(row.cells).map_err(|_| StoreError::corrupt("import_rows.cells"))?;
        Ok(Self { number: row.number.unsigned_abs(), cells })
    }
}

#[derive(QueryableByName)]
pub(super) struct RowRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    post_id: Option<Uuid>,
    #[diesel(sql_type = Jsonb)]
    violations: serde_json::Value,
}

impl TryFrom<RowRow> for Row {
    type Error = StoreError;

    fn try_from(row: RowRow) -> Result<Self, StoreError> {
        let violations = serde_json::from_value(row.violations);
        Ok(Self {
            number: row.number.unsigned_abs(),
            key: row.key,
            state: row.state.parse().map_err(|_| StoreError::corrupt("import_rows.state"))?,
            post: row.post_id.map(PostId::from_uuid),
            violations: violations.map_err(|_| StoreError::corrupt("import_rows.violations"))?,
        })
    }
}

#[derive(QueryableByName)]
pub(super) struct KnownRow {
    #[diesel(sql_type = Text)]
    pub(super) key: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    post_id: Option<Uuid>,
    /// The row of this import that has the key, if one has.
    #[diesel(sql_type = Nullable<Integer>)]
    number: Option<i32>,
}

impl KnownRow {
    /// Who has the key.
    pub(super) fn known(&self) -> Option<Known> {
        let above = self.number.map(|number| Known::Above(number.unsigned_abs()));
        above.or_else(|| self.post_id.map(|post| Known::Before(PostId::from_uuid(post))))
    }
}

#[derive(QueryableByName)]
pub(super) struct ChannelRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    username: Option<String>,
}

impl TryFrom<ChannelRow> for NamedChannel {
    type Error = StoreError;

    fn try_from(row: ChannelRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ChannelId::from_uuid(row.id),
            platform: row.platform.parse().map_err(|_| StoreError::corrupt("channels.platform"))?,
            name: row.name,
            username: row.username,
        })
    }
}

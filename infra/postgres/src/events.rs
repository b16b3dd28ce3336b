//! Reading what happened.
//!
//! Events are written by many transactions at once, and their numbers are drawn before these end: a reader who remembers the highest
//! number it has seen would pass over what a slower transaction adds below. So events are ordered by the transaction that wrote
//! them first, and only those are shown whose transaction is older than every one that is still open: nothing can come before
//! them any more.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    event::{Event, EventError, EventFilter, EventStore, Part, Position, Subject},
    id::{ChannelId, ConnectionId, PostId, PublicationId},
};
use tenancy::{Caller, Reach, WorkspaceId};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::{Connection, Pool},
};

/// Events that are looked through at most for one part; where a caller reaches few of them, the part may be short or empty.
const MAX_SCANNED: i64 = 5_000;

/// Events after transaction `$2` and number `$3`, as far as they are certain; `$4` are the kinds, `$5` says whether channels and
/// connections are included.
const CERTAIN: &str = "
SELECT e.written_by, e.id, e.kind, e.subject_id, e.created_at FROM events e
WHERE e.organization_id = $1 AND (e.written_by, e.id) > ($2, $3)
    AND e.written_by < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    AND (cardinality($4) = 0 OR e.kind = ANY ($4)) AND ($5 OR split_part(e.kind, '.', 1) NOT IN ('channel', 'connection'))
ORDER BY e.written_by, e.id";

/// The last transaction that has begun. A position beyond it was given out by another life of this database.
const NEWEST: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS transaction";

/// Of so many events those within the workspaces `$6`, at most `$7`, with where they happened.
fn list_statement(scanned: i64) -> String {
    let place = |topic: &str, columns: &str, table: &str| {
        format!(
            "LEFT JOIN LATERAL (SELECT {columns} FROM {table} t WHERE t.id = e.subject_id AND e.kind LIKE '{topic}.%' LIMIT 1) {topic} ON true"
        )
    };
    format!(
        "WITH certain AS MATERIALIZED ({CERTAIN} LIMIT {scanned})
        SELECT e.*, publication.post_id, coalesce(publication.workspace_id, post.workspace_id, channel.workspace_id,
            connection.workspace_id) AS workspace_id
        FROM certain e {} {} {} {}
        WHERE $6 IS NULL OR coalesce(publication.workspace_id, post.workspace_id, channel.workspace_id, connection.workspace_id) = ANY ($6)
        ORDER BY e.written_by, e.id LIMIT $7",
        place("publication", "t.workspace_id, t.post_id", "publications"),
        place("post", "t.workspace_id", "posts"),
        place("channel", "t.workspace_id", "channels"),
        place("connection", "t.workspace_id", "connections"),
    )
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = BigInt)]
    written_by: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    post_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    workspace_id: Option<Uuid>,
}

#[derive(QueryableByName)]
struct PositionRow {
    #[diesel(sql_type = BigInt)]
    written_by: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct NewestRow {
    #[diesel(sql_type = BigInt)]
    transaction: i64,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        let id = row.subject_id;
        let subject = match row.kind.split('.').next() {
            Some("publication") => {
                Subject::Publication(PublicationId::from_uuid(id), row.post_id.map(PostId::from_uuid))
            }
            Some("post") => Subject::Post(PostId::from_uuid(id)),
            Some("channel") => Subject::Channel(ChannelId::from_uuid(id)),
            Some("connection") => Subject::Connection(ConnectionId::from_uuid(id)),
            _ => Subject::Other,
        };
        Self {
            position: Position { transaction: row.written_by, number: row.id },
            kind: row.kind,
            subject,
            workspace: row.workspace_id.map(WorkspaceId::from_uuid),
            at: row.created_at,
        }
    }
}

/// Reads events.
#[derive(Clone)]
pub struct PgEventStore {
    pool: Pool,
}

impl PgEventStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

/// The workspaces a caller reaches; `None` for the whole organization.
fn reach(caller: &Caller) -> Option<Vec<Uuid>> {
    match &caller.reach {
        Reach::All => None,
        Reach::Only(workspaces) => Some(workspaces.iter().map(WorkspaceId::uuid).collect()),
    }
}

/// What is read: at most `limit` events, or as many as `MAX_SCANNED` hold. `None` where the position is not of this database.
async fn list(c: &mut Connection, caller: &Caller, filter: &EventFilter) -> Result<Option<Part>, StoreError> {
    use diesel_async::RunQueryDsl;
    let after = filter.after.unwrap_or(Position { transaction: -1, number: 0 });
    let newest: NewestRow = sql_query(NEWEST).get_result(c).await?;
    if after.transaction > newest.transaction {
        return Ok(None);
    }
    let reach = reach(caller);
    let one_more = i64::try_from(filter.limit).unwrap_or(i64::MAX).saturating_add(1);
    // Whoever reaches everything gets what is looked through.
    let scanned = if reach.is_some() { MAX_SCANNED } else { one_more };
    let rows: Vec<EventRow> = sql_query(list_statement(scanned))
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<BigInt, _>(after.transaction)
        .bind::<BigInt, _>(after.number)
        .bind::<Array<Text>, _>(&filter.kinds)
        .bind::<Bool, _>(filter.channels)
        .bind::<Nullable<Array<SqlUuid>>, _>(&reach)
        .bind::<BigInt, _>(one_more)
        .load(c)
        .await?;
    let mut events: Vec<Event> = rows.into_iter().map(Event::from).collect();
    let next = if events.len() > filter.limit {
        events.truncate(filter.limit);
        events.last().map(|last| last.position)
    } else if reach.is_some() {
        scanned_to(c, caller, filter, after).await?
    } else {
        None
    };
    Ok(Some(Part { events, next }))
}

/// The last event that was scanned, where there may be more behind it.
async fn scanned_to(
    c: &mut Connection,
    caller: &Caller,
    filter: &EventFilter,
    after: Position,
) -> Result<Option<Position>, StoreError> {
    use diesel_async::RunQueryDsl;
    let last = format!("{CERTAIN} OFFSET {} LIMIT 1", MAX_SCANNED - 1);
    let rows: Vec<PositionRow> = sql_query(last)
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<BigInt, _>(after.transaction)
        .bind::<BigInt, _>(after.number)
        .bind::<Array<Text>, _>(&filter.kinds)
        .bind::<Bool, _>(filter.channels)
        .load(c)
        .await?;
    Ok(rows.into_iter().next().map(|row| Position { transaction: row.written_by, number: row.id }))
}

#[async_trait]
impl EventStore for PgEventStore {
    async fn list(&self, caller: &Caller, filter: &EventFilter) -> Result<Part, EventError> {
        let read = async {
            let mut connection = self.pool.get().await?;
            // One picture: both statements must mean the same events.
            let mut transaction = connection.build_transaction().repeatable_read().read_only();
            transaction.run::<_, StoreError, _>(async |c| list(c, caller, filter).await).await
        };
        let part = read.await.map_err(|error: StoreError| {
            tracing::error!(%error, "the events cannot be read");
            EventError::Unavailable
        })?;
        part.ok_or(EventError::Unknown)
    }
}

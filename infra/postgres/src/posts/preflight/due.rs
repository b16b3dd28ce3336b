//! Who is due for a look, and what the look needs to know.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Bytea, Double, Jsonb, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    connection::Channel,
    content::{ApprovedContent, ContentHash},
    id::{ChannelId, PublicationId},
    platform::Platform,
    post::store::Facts,
    preflight::{Checkup, Leads, Stage},
};
use tenancy::{OrganizationId, WorkspaceId};
use uuid::Uuid;

use super::super::facts;
use crate::{
    connections::channel,
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// What is at risk is looked at again after so long.
const AGAIN_AFTER: Duration = Duration::from_mins(5);

/// Publications that wait for a due time within the early lead of `$1` milliseconds and are due for a look: `$2` is the late lead, `$3`
/// the pause between looks at what is at risk, `$4` the most rows. They are found by the time of their next step, which is never after
/// the due time. What is taken within the next minute is left alone: no look may stand in the way of a worker.
const DUE: &str = "
SELECT p.id, p.organization_id, p.workspace_id, p.channel_id, p.platform, p.plan_epoch, p.due_at, p.content, p.content_hash,
    s.stage, EXISTS (SELECT FROM approved_content a WHERE a.approval_id = p.approval_id AND a.channel_id = p.channel_id
        AND a.content_hash = p.content_hash) AS approved
FROM publications p
CROSS JOIN LATERAL (SELECT (1 + (p.due_at <= now() + $2 * interval '1 millisecond')::int)::smallint AS stage) s
LEFT JOIN preflights f ON f.publication_id = p.id AND f.plan_epoch = p.plan_epoch
WHERE p.state = 'scheduled' AND p.next_step_at > now() + interval '1 minute'
    AND p.next_step_at <= now() + $1 * interval '1 millisecond' AND p.due_at <= now() + $1 * interval '1 millisecond'
    AND (f.publication_id IS NULL OR f.stage < s.stage
        OR (f.warnings <> '[]' AND f.checked_at < now() - $3 * interval '1 millisecond'))
ORDER BY p.next_step_at LIMIT $4";

/// What takes of an account's quota before publication `$1`: what is public, may be, or is planned in the day before it is due.
const AHEAD: &str = "
SELECT count(*) AS ahead FROM publications p
JOIN channels h ON h.platform = p.platform AND h.remote_id = p.remote_id
JOIN calendar_entries e ON e.channel_id = h.id AND e.due_at > p.due_at - interval '1 day'
    AND (e.due_at, e.publication_id) < (p.due_at, p.id)
JOIN publications b ON b.id = e.publication_id
WHERE p.id = $1 AND b.state NOT IN ('failed', 'missed', 'cancelled')";

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = BigInt)]
    plan_epoch: i64,
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    content: serde_json::Value,
    #[diesel(sql_type = Bytea)]
    content_hash: Vec<u8>,
    #[diesel(sql_type = SmallInt)]
    stage: i16,
    #[diesel(sql_type = Bool)]
    approved: bool,
}

#[derive(QueryableByName)]
struct AheadRow {
    #[diesel(sql_type = BigInt)]
    ahead: i64,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn stage(number: i16) -> Stage {
    if number < 2 { Stage::Early } else { Stage::Late }
}

/// Publications that are due for a look.
pub(super) async fn due(c: &mut Connection, leads: Leads, limit: u32) -> Result<Vec<Checkup>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<DueRow> = prepared(DUE)
        .bind::<Double, _>(milliseconds(leads.early))
        .bind::<Double, _>(milliseconds(leads.late))
        .bind::<Double, _>(milliseconds(AGAIN_AFTER))
        .bind::<BigInt, _>(i64::from(limit))
        .load(c)
        .await?;
    let (mut found, mut channels) = (Vec::with_capacity(rows.len()), HashMap::new());
    for row in rows {
        let id = PublicationId::from_uuid(row.id);
        match checkup(c, row, &mut channels).await {
            Ok(one) => found.push(one),
            // One row that does not read must not keep the others from being looked at; whoever publishes it says so louder.
            Err(error @ StoreError::Corrupt(_)) => {
                tracing::warn!(%error, publication = %id, "a publication cannot be looked at");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

async fn checkup(
    c: &mut Connection,
    row: DueRow,
    channels: &mut HashMap<Uuid, Option<Channel>>,
) -> Result<Checkup, StoreError> {
    let owner = OrganizationId::from_uuid(row.organization_id);
    let channel_id = ChannelId::from_uuid(row.channel_id);
    let channel = match channels.entry(row.channel_id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => place.insert(channel(c, owner, channel_id).await?),
    };
    let content: ApprovedContent =
        serde_json::from_value(row.content).map_err(|_| StoreError::corrupt("publications.content"))?;
    let hash: [u8; 32] =
        row.content_hash.try_into().map_err(|_| StoreError::corrupt("publications.content_hash"))?;
    let platform: Platform =
        row.platform.parse().map_err(|_| StoreError::corrupt("publications.platform"))?;
    let media: Vec<_> = content.pictures.iter().map(|picture| picture.media).collect();
    let workspace = WorkspaceId::from_uuid(row.workspace_id);
    let facts: Option<Facts> = facts::facts(c, owner, workspace, &[channel_id], &media).await?;
    let ahead = if platform.capabilities().max_posts_a_day.is_some() { ahead(c, row.id).await? } else { 0 };
    Ok(Checkup {
        publication: PublicationId::from_uuid(row.id),
        plan_epoch: row.plan_epoch,
        stage: stage(row.stage),
        due_at: row.due_at,
        channel: channel.clone(),
        content,
        content_hash: ContentHash(hash),
        approved: row.approved,
        facts: facts.unwrap_or_default(),
        ahead,
    })
}

async fn ahead(c: &mut Connection, id: Uuid) -> Result<u32, StoreError> {
    use diesel_async::RunQueryDsl;
    let row: AheadRow = prepared(AHEAD).bind::<SqlUuid, _>(id).get_result(c).await?;
    Ok(u32::try_from(row.ahead).unwrap_or(u32::MAX))
}

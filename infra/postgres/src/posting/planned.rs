//! When the series of channels will have posts that they do not have yet: nobody else gets these times.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use publishing::{post::OccurrenceKey, series::Series};
use uuid::Uuid;

use crate::{
    calendar::planned::made,
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
    series::row::{COLUMNS, SeriesRow},
};

/// How far ahead series are looked at: they have no end, and few slots are asked for that lie further.
const AHEAD: TimeDelta = TimeDelta::days(366);

/// How many series are looked at, those first that come soonest: the queue is locked meanwhile.
const SERIES: i64 = 200;

/// By channel, when its active series have occurrences within a year that have no posts yet.
pub(super) async fn instants(
    c: &mut Connection,
    channels: &[Uuid],
    now: DateTime<Utc>,
) -> Result<BTreeMap<Uuid, BTreeSet<DateTime<Utc>>>, StoreError> {
    let until = now + AHEAD;
    let series = series(c, channels, until).await?;
    let within = |one: &Series| {
        let found = one.plan.occurrences(now, until).into_iter().flatten();
        found.map(|found| (key(one, found.original), found.due)).collect::<Vec<_>>()
    };
    let found: Vec<_> = series.iter().map(within).collect();
    let keys: Vec<_> = found.iter().flatten().map(|(key, _)| *key).collect();
    let known: BTreeSet<_> =
        made(c, &keys).await?.iter().map(|key| (key.series.uuid(), key.original)).collect();
    let mut instants: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (one, found) in series.iter().zip(&found) {
        let has_none = |(key, _): &&(OccurrenceKey, _)| !known.contains(&(key.series.uuid(), key.original));
        for target in &one.targets {
            let due = found.iter().filter(has_none).map(|(_, due)| *due);
            instants.entry(target.channel.uuid()).or_default().extend(due);
        }
    }
    Ok(instants)
}

fn key(series: &Series, original: NaiveDateTime) -> OccurrenceKey {
    OccurrenceKey { series: series.id, original }
}

/// The active series of channels that may have an occurrence before an instant, the soonest first.
async fn series(
    c: &mut Connection,
    channels: &[Uuid],
    before: DateTime<Utc>,
) -> Result<Vec<Series>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS} FROM series s WHERE s.next_at < $2 AND (s.organization_id, s.workspace_id) IN (
            SELECT h.organization_id, h.workspace_id FROM channels h WHERE h.id = ANY ($1))
        AND EXISTS (SELECT FROM jsonb_array_elements(s.targets) t WHERE (t ->> 'channel')::uuid = ANY ($1))
        ORDER BY s.next_at, s.id LIMIT $3"
    );
    let rows: Vec<SeriesRow> = prepared(statement)
        .bind::<Array<SqlUuid>, _>(channels)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(SERIES)
        .load(c)
        .await?;
    rows.into_iter().map(Series::try_from).collect()
}

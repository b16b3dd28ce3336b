//! Making the posts of occurrences.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    sql_query,
    sql_types::{BigInt, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, PostId, SeriesId},
    post::PostError,
    series::{PauseReason, Series, store::Batch},
};

use super::row::{COLUMNS, SeriesRow};
use crate::{
    error::StoreError,
    pool::Connection,
    posts::{Stop, channels, save},
};

/// Each to one worker for a minute: a worker that dies leaves them to others then. Those that were claimed and came to nothing
/// wait behind the others.
pub(super) async fn claim(
    c: &mut Connection,
    before: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Series>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "UPDATE series s SET claimed_until = now() + interval '1 minute' WHERE s.id IN (
            SELECT id FROM series WHERE next_at < $1 AND coalesce(claimed_until <= now(), true)
            ORDER BY claimed_until NULLS FIRST, next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING {COLUMNS}"
    );
    let rows: Vec<SeriesRow> = sql_query(statement)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(i64::from(limit))
        .load(c)
        .await?;
    Ok(rows.into_iter().filter_map(readable).collect())
}

/// A series that does not read must not keep the others from being seen to.
fn readable(row: SeriesRow) -> Option<Series> {
    let id = row.id;
    let read = Series::try_from(row);
    read.inspect_err(|error| tracing::error!(%error, series = %id, "a series cannot be read")).ok()
}

/// The row of the series makes workers, and whoever changes it, take turns; the key of the occurrence makes a post one.
pub(super) async fn materialise(c: &mut Connection, batch: &Batch) -> Result<u64, Stop> {
    use diesel_async::RunQueryDsl;
    let still = sql_query(
        "UPDATE series SET next_at = $3, claimed_until = NULL WHERE id = $1 AND version = $2 AND state = 'active'",
    )
    .bind::<SqlUuid, _>(batch.series.uuid())
    .bind::<BigInt, _>(batch.version)
    .bind::<Nullable<Timestamptz>, _>(batch.next_at)
    .execute(c)
    .await?;
    if still == 0 {
        return Err(PostError::Stale.into());
    }
    // All channels before any publication: whoever disconnects takes the same way.
    channels::hold_each(c, &channels_of(batch)).await?;
    let mut made = 0;
    for one in &batch.occurrences {
        if is_first(c, batch.series, one.original, one.post.version).await? {
            save::insert_planned(c, &one.post, &one.plan).await?;
            name(c, batch.series, one.original, one.post.id).await?;
            made += 1;
        }
    }
    Ok(made)
}

fn channels_of(batch: &Batch) -> Vec<ChannelId> {
    let targets = batch.occurrences.iter().flat_map(|one| &one.post.targets);
    targets.map(|target| target.channel).collect()
}

/// Notes that an occurrence becomes a post. `false`: it did before.
async fn is_first(
    c: &mut Connection,
    series: SeriesId,
    original: NaiveDateTime,
    version: i64,
) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let noted = sql_query(
        "INSERT INTO series_occurrences (series_id, original, post_version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(series.uuid())
    .bind::<Timestamp, _>(original)
    .bind::<BigInt, _>(version)
    .execute(c)
    .await?;
    Ok(noted == 1)
}

async fn name(
    c: &mut Connection,
    series: SeriesId,
    original: NaiveDateTime,
    post: PostId,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query("UPDATE series_occurrences SET post_id = $3 WHERE series_id = $1 AND original = $2")
        .bind::<SqlUuid, _>(series.uuid())
        .bind::<Timestamp, _>(original)
        .bind::<SqlUuid, _>(post.uuid())
        .execute(c)
        .await?;
    Ok(())
}

pub(super) async fn pause(
    c: &mut Connection,
    series: &Series,
    reason: PauseReason,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "WITH paused AS (
            UPDATE series SET state = 'paused', reason = $3, next_at = NULL, claimed_until = NULL, version = version + 1,
                updated_at = now()
            WHERE id = $1 AND version = $2 AND state = 'active' RETURNING id, organization_id)
        INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'series.paused', id FROM paused",
    )
    .bind::<SqlUuid, _>(series.id.uuid())
    .bind::<BigInt, _>(series.version)
    .bind::<Text, _>(reason.as_str())
    .execute(c)
    .await?;
    Ok(())
}

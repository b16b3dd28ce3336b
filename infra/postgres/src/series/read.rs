//! Reading series and what became of their occurrences.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Nullable, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{PostId, SeriesId},
    post::PostError,
    series::{
        Series,
        store::{Known, Made, SeriesFilter},
    },
};
use tenancy::Caller;
use uuid::Uuid;

use super::row::{COLUMNS, SeriesRow};
use crate::{
    error::StoreError,
    pool::Connection,
    posts::{Stop, read, save},
};

pub(super) async fn get(c: &mut Connection, caller: &Caller, id: SeriesId) -> Result<Series, Stop> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS} FROM series s WHERE s.id = $1 AND s.organization_id = $2
        AND ($3 IS NULL OR s.workspace_id = ANY ($3))"
    );
    let rows: Vec<SeriesRow> = sql_query(statement)
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(read::reach(caller))
        .load(c)
        .await?;
    let row = rows.into_iter().next().ok_or(PostError::NotFound)?;
    Ok(row.try_into()?)
}

pub(super) async fn list(
    c: &mut Connection,
    caller: &Caller,
    filter: &SeriesFilter,
) -> Result<Vec<Series>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS} FROM series s WHERE s.organization_id = $1 AND ($2 IS NULL OR s.workspace_id = ANY ($2))
        AND ($3 IS NULL OR s.workspace_id = $3) AND ($4 IS NULL OR s.id < $4) ORDER BY s.id DESC LIMIT $5"
    );
    let rows: Vec<SeriesRow> = sql_query(statement)
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(read::reach(caller))
        .bind::<Nullable<SqlUuid>, _>(filter.workspace.map(|workspace| workspace.uuid()))
        .bind::<Nullable<SqlUuid>, _>(filter.after.map(|after| after.uuid()))
        .bind::<BigInt, _>(i64::try_from(filter.limit).unwrap_or(i64::MAX))
        .load(c)
        .await?;
    rows.into_iter().map(Series::try_from).collect()
}

#[derive(QueryableByName)]
struct MadeRow {
    #[diesel(sql_type = Timestamp)]
    original: NaiveDateTime,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    post_id: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    post_version: i64,
}

async fn rows_at(
    c: &mut Connection,
    id: SeriesId,
    originals: &[NaiveDateTime],
) -> Result<Vec<MadeRow>, StoreError> {
    use diesel_async::RunQueryDsl;
    Ok(sql_query(
        "SELECT original, post_id, post_version FROM series_occurrences WHERE series_id = $1 AND original = ANY ($2)",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Array<Timestamp>, _>(originals)
    .load(c)
    .await?)
}

pub(super) async fn made(
    c: &mut Connection,
    id: SeriesId,
    originals: &[NaiveDateTime],
) -> Result<Vec<(NaiveDateTime, Option<PostId>)>, StoreError> {
    let rows = rows_at(c, id, originals).await?;
    Ok(rows.into_iter().map(|row| (row.original, row.post_id.map(PostId::from_uuid))).collect())
}

pub(super) async fn made_since(
    c: &mut Connection,
    id: SeriesId,
    original: NaiveDateTime,
    due: DateTime<Utc>,
) -> Result<Vec<Made>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<MadeRow> = sql_query(
        "SELECT s.original, s.post_id, s.post_version FROM series_occurrences s LEFT JOIN posts o ON o.id = s.post_id
        WHERE s.series_id = $1 AND (s.original >= $2 OR o.due_at >= $3) ORDER BY s.original",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Timestamp, _>(original)
    .bind::<Timestamptz, _>(due)
    .load(c)
    .await?;
    with_posts(c, rows).await
}

pub(super) async fn made_at(
    c: &mut Connection,
    id: SeriesId,
    originals: &[NaiveDateTime],
) -> Result<Vec<Made>, StoreError> {
    let rows = rows_at(c, id, originals).await?;
    with_posts(c, rows).await
}

/// Completes occurrences with their posts.
async fn with_posts(c: &mut Connection, rows: Vec<MadeRow>) -> Result<Vec<Made>, StoreError> {
    let posts: Vec<Uuid> = rows.iter().filter_map(|row| row.post_id).collect();
    let mut views = save::views_of(c, &posts).await?;
    let made = |row: MadeRow| {
        let place = views.iter().position(|view| Some(view.post.id.uuid()) == row.post_id);
        Made {
            original: row.original,
            post: place.map(|place| views.swap_remove(place)),
            version: row.post_version,
        }
    };
    Ok(rows.into_iter().map(made).collect())
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = SqlUuid)]
    series_id: Uuid,
    #[diesel(sql_type = Timestamp)]
    original: NaiveDateTime,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    post_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<DateTime<Utc>>,
}

pub(super) async fn known_since(
    c: &mut Connection,
    ids: &[SeriesId],
    original: NaiveDateTime,
    due: DateTime<Utc>,
) -> Result<Vec<Known>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<KnownRow> = sql_query(
        "SELECT s.series_id, s.original, s.post_id, (SELECT min(p.due_at) FROM publications p
            WHERE p.post_id = s.post_id AND p.state IN ('scheduled', 'preparing', 'ready')) AS due_at
        FROM series_occurrences s LEFT JOIN posts o ON o.id = s.post_id
        WHERE s.series_id = ANY ($1) AND (s.original >= $2 OR o.due_at >= $3)",
    )
    .bind::<Array<SqlUuid>, _>(ids.iter().map(SeriesId::uuid).collect::<Vec<_>>())
    .bind::<Timestamp, _>(original)
    .bind::<Timestamptz, _>(due)
    .load(c)
    .await?;
    let known = |row: KnownRow| Known {
        series: SeriesId::from_uuid(row.series_id),
        original: row.original,
        post: row.post_id.map(PostId::from_uuid),
        due: row.due_at,
    };
    Ok(rows.into_iter().map(known).collect())
}

//! Series whose occurrences may have no posts yet, and which of them do.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Jsonb, Nullable, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    calendar::{Coming, Selection},
    id::{ChannelId, SeriesId},
    post::OccurrenceKey,
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::{Connection, Pool},
    prepared::{Bind, prepared},
    series::row::{CHANNELS, COLUMNS, SeriesRow},
};

#[derive(QueryableByName)]
struct ComingRow {
    #[diesel(embed)]
    series: SeriesRow,
    #[diesel(sql_type = Jsonb)]
    names: serde_json::Value,
}

impl TryFrom<ComingRow> for Coming {
    type Error = StoreError;

    fn try_from(row: ComingRow) -> Result<Self, StoreError> {
        let names: BTreeMap<Uuid, String> =
            serde_json::from_value(row.names).map_err(|_| StoreError::corrupt("the names of channels"))?;
        let names = names.into_iter().map(|(id, name)| (ChannelId::from_uuid(id), name)).collect();
        Ok(Self { series: row.series.try_into()?, names })
    }
}

pub(super) async fn series(
    pool: &Pool,
    selection: &Selection,
    before: DateTime<Utc>,
    after: Option<SeriesId>,
    limit: u16,
) -> Result<Vec<Coming>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS}, coalesce((SELECT jsonb_object_agg(h.id, h.name) FROM {CHANNELS}), '{{}}') AS names
        FROM series s WHERE s.organization_id = $1 AND s.workspace_id = $2 AND s.next_at < $3
        AND ($4 IS NULL OR s.id > $4) ORDER BY s.id LIMIT $5"
    );
    let rows: Vec<ComingRow> = sql_query(statement)
        .bind::<SqlUuid, _>(selection.organization.uuid())
        .bind::<SqlUuid, _>(selection.workspace.uuid())
        .bind::<Timestamptz, _>(before)
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.uuid()))
        .bind::<BigInt, _>(i64::from(limit))
        .load(&mut pool.get().await?)
        .await?;
    rows.into_iter().map(Coming::try_from).collect()
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    series_id: Uuid,
    #[diesel(sql_type = Timestamp)]
    original: NaiveDateTime,
}

/// Those of these occurrences that became posts.
pub(crate) async fn made(
    c: &mut Connection,
    keys: &[OccurrenceKey],
) -> Result<Vec<OccurrenceKey>, StoreError> {
    use diesel_async::RunQueryDsl;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<KeyRow> = prepared(
        "SELECT o.series_id, o.original FROM unnest($1, $2) AS known (series_id, original)
        JOIN series_occurrences o USING (series_id, original)",
    )
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.series.uuid()).collect::<Vec<_>>())
    .bind::<Array<Timestamp>, _>(keys.iter().map(|key| key.original).collect::<Vec<_>>())
    .load(c)
    .await?;
    let key =
        |row: KeyRow| OccurrenceKey { series: SeriesId::from_uuid(row.series_id), original: row.original };
    Ok(rows.into_iter().map(key).collect())
}

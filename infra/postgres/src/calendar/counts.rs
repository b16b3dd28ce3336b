//! What a selection holds, without its entries.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    calendar::{Count, Selection},
    id::ChannelId,
};
use scheduling::calendar::Days;
use uuid::Uuid;

use super::selected::{PLANNED, UNPLANNED, select};
use crate::{error::StoreError, pool::Pool, series::row::CHANNELS};

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Integer)]
    day: i32,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    channel_id: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}

/// The days are told apart by their first instants, which the rules of the zones in this program gave: those of the database may be
/// of another age. A bucket is numbered by how many days have begun.
pub(super) async fn counts(
    pool: &Pool,
    selection: &Selection,
    days: &Days,
) -> Result<Vec<Count>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT width_bucket(s.at, $9) AS day, CASE WHEN s.is_planned THEN s.channel_id END AS channel_id, count(*) AS entries
        FROM ({PLANNED} UNION ALL {UNPLANNED}) s GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST"
    );
    let rows: Vec<CountRow> = select!(statement, selection)
        .bind::<Array<Timestamptz>, _>(days.starts())
        .load(&mut pool.get().await?)
        .await?;
    let count = |row: CountRow| {
        let day = usize::try_from(row.day).ok()?.checked_sub(1)?;
        let channel = row.channel_id.map(ChannelId::from_uuid);
        Some(Count { day, channel, entries: row.entries.unsigned_abs() })
    };
    Ok(rows.into_iter().filter_map(count).collect())
}

#[derive(QueryableByName)]
struct Fingerprint {
    #[diesel(sql_type = Text)]
    fingerprint: String,
}

/// Sums a hash of each entry, so that none has to be sorted, and nothing depends on when transactions end: the newest time of
/// change would stay the same when a slow one comes in behind a quick one.
pub(super) async fn fingerprint(pool: &Pool, selection: &Selection) -> Result<String, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT concat(count(*), '.', sum(hashtextextended(e.entry, 0)::numeric)) AS fingerprint FROM (
            SELECT concat_ws(' ', s.id, extract(epoch FROM s.at), p.epoch, p.state, p.needs_person,
                extract(epoch FROM p.updated_at), h.name) AS entry
            FROM ({PLANNED}) s JOIN publications p ON p.id = s.id JOIN channels h ON h.id = p.channel_id
            UNION ALL
            SELECT concat_ws(' ', s.id, extract(epoch FROM s.at), o.version, extract(epoch FROM o.updated_at))
            FROM ({UNPLANNED}) s JOIN posts o ON o.id = s.id
            UNION ALL
            SELECT concat_ws(' ', s.id, s.version, (SELECT string_agg(h.name, ' ' ORDER BY h.id) FROM {CHANNELS}))
            FROM series s WHERE s.organization_id = $1 AND s.workspace_id = $2 AND s.next_at < $9) e"
    );
    let row: Fingerprint = select!(statement, selection)
        .bind::<Nullable<Timestamptz>, _>(selection.planned_until)
        .get_result(&mut pool.get().await?)
        .await?;
    Ok(row.fingerprint)
}

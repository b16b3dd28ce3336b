//! Entries in their order, part by part.

use diesel::sql_types::{BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use publishing::calendar::{Entry, Part, Selection};

use super::{
    row::EntryRow,
    selected::{PLANNED, UNPLANNED, select},
};
use crate::{error::StoreError, pool::Pool};

/// What an entry shows, of a row of `shown`. The caption is cut to `cut` characters.
pub(super) fn columns(cut: &str) -> String {
    format!(
        "s.at, o.id AS post_id, p.id AS publication_id, p.channel_id, h.name AS channel_name, wall.local_time, wall.time_zone,
        p.state, coalesce(p.needs_person, false) AS needs_person,
        left(CASE WHEN s.is_planned THEN p.content ->> 'caption' ELSE o.caption END, {cut}) AS caption,
        CASE WHEN s.is_planned THEN p.content #>> '{{pictures,0,media}}' ELSE o.media #>> '{{0,media}}' END AS media,
        p.permalink, coalesce(p.epoch, o.version) AS revision, coalesce(p.updated_at, o.updated_at) AS updated_at"
    )
}

/// Where these columns come from. `wall` is the time on the wall that the entry stands at: the channel's own, or the post's where the
/// channel keeps to that; none in a slot of a queue, and none of a time that the publication does not keep any more.
pub(super) const FROM: &str = "shown s LEFT JOIN publications p ON s.is_planned AND p.id = s.id
    JOIN posts o ON o.id = coalesce(p.post_id, s.id) LEFT JOIN channels h ON h.id = p.channel_id
    LEFT JOIN LATERAL (SELECT CASE t.timing WHEN 'own' THEN t.local_time ELSE o.local_time END AS local_time,
        CASE t.timing WHEN 'own' THEN t.time_zone ELSE o.time_zone END AS time_zone
        FROM post_targets t WHERE t.post_id = o.id AND (p.id IS NULL OR t.channel_id = p.channel_id) AND NOT coalesce(p.queued, false)
            AND s.at = CASE t.timing WHEN 'own' THEN t.due_at WHEN 'post' THEN o.own_due_at END
        ORDER BY t.place LIMIT 1) wall ON true";

/// Each kind is cut to the limit in the order of its index before the two are put together.
fn statement() -> String {
    let next = "ORDER BY at, channel_id, id LIMIT $12";
    format!(
        "WITH shown AS (
            ({PLANNED} AND ($9 IS NULL OR (e.due_at, e.channel_id, e.publication_id) > ($9, $10, $11)) {next})
            UNION ALL
            ({UNPLANNED} AND ($9 IS NULL OR (o.due_at, '00000000-0000-0000-0000-000000000000'::uuid, o.id) > ($9, $10, $11)) {next})
            {next})
        SELECT {} FROM {FROM} ORDER BY s.at, s.channel_id, s.id",
        columns("$13")
    )
}

pub(super) async fn entries(
    pool: &Pool,
    selection: &Selection,
    part: Part,
) -> Result<Vec<Entry>, StoreError> {
    use diesel_async::RunQueryDsl;
    let after = part.after;
    let rows: Vec<EntryRow> = select!(statement(), selection)
        .bind::<Nullable<Timestamptz>, _>(after.map(|after| after.at))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.channel))
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(i64::from(part.limit))
        .bind::<Integer, _>(i32::try_from(part.caption).unwrap_or(i32::MAX))
        .load(&mut pool.get().await?)
        .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

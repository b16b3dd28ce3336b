//! Entries post by post, for what is written while posts move.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid},
};
use publishing::{
    calendar::{Entry, Selection},
    id::PostId,
};
use uuid::Uuid;

use super::{
    entries::{FROM, columns},
    row::EntryRow,
    selected::{PLANNED, UNPLANNED, select},
};
use crate::{error::StoreError, pool::Pool};

/// As many characters of a caption as there may be.
const WHOLE: &str = "2147483647";

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The posts that have entries.
pub(super) async fn posts_due(
    pool: &Pool,
    selection: &Selection,
    after: Option<PostId>,
    limit: u16,
) -> Result<Vec<PostId>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT DISTINCT x.id FROM (
            SELECT p.post_id AS id FROM ({PLANNED}) s JOIN publications p ON p.id = s.id
            UNION ALL
            SELECT s.id FROM ({UNPLANNED}) s) x
        WHERE $9 IS NULL OR x.id > $9 ORDER BY x.id LIMIT $10"
    );
    let rows: Vec<IdRow> = select!(statement, selection)
        .bind::<Nullable<SqlUuid>, _>(after.map(|after| after.uuid()))
        .bind::<BigInt, _>(i64::from(limit))
        .load(&mut pool.get().await?)
        .await?;
    Ok(rows.into_iter().map(|row| PostId::from_uuid(row.id)).collect())
}

/// What these posts have of a selection.
pub(super) async fn entries_of(
    pool: &Pool,
    selection: &Selection,
    posts: &[PostId],
) -> Result<Vec<Entry>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "WITH shown AS (
            ({PLANNED} AND e.publication_id IN (SELECT q.id FROM publications q WHERE q.post_id = ANY ($9)))
            UNION ALL
            ({UNPLANNED} AND o.id = ANY ($9)))
        SELECT {} FROM {FROM} ORDER BY o.id, s.at, s.id",
        columns(WHOLE)
    );
    let rows: Vec<EntryRow> = select!(statement, selection)
        .bind::<Array<SqlUuid>, _>(posts.iter().map(PostId::uuid).collect::<Vec<_>>())
        .load(&mut pool.get().await?)
        .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

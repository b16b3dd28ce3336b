//! Posts in the order of their ids, batch by batch.

use diesel::{
    sql_query,
    sql_types::{Array, BigInt, Nullable, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    calendar::Selection,
    id::{ChannelId, PostId},
    post::PostView,
};
use uuid::Uuid;

use super::{
    read,
    row::{self, PostRow},
    within::due_within,
};
use crate::{
    error::StoreError,
    pool::{Connection, Pool},
};

/// The next posts of a selection; none after the last.
pub(crate) async fn batch(
    pool: &Pool,
    selection: &Selection,
    mut after: Option<PostId>,
    limit: u16,
) -> Result<Vec<PostView>, StoreError> {
    let mut connection = pool.get().await?;
    loop {
        let rows = rows(&mut connection, selection, after, limit).await?;
        let is_last = rows.len() < limit.into();
        after = rows.last().map(|row| PostId::from_uuid(row.id));
        let mut views = read::views(&mut connection, rows).await?;
        // The status is derived, so a filter by it reads on until something matches.
        if let Some(statuses) = &selection.statuses {
            views.retain(|view| statuses.contains(&view.status()));
        }
        if is_last || !views.is_empty() {
            return Ok(views);
        }
    }
}

async fn rows(
    c: &mut Connection,
    selection: &Selection,
    after: Option<PostId>,
    limit: u16,
) -> Result<Vec<PostRow>, StoreError> {
    use diesel_async::RunQueryDsl;
    let base = "o.organization_id = $1 AND o.workspace_id = $2 AND o.id > $3";
    let statement = if selection.from.is_some() || selection.until.is_some() {
        let picked = due_within(base, "e.workspace_id = $2", "ASC", "$7");
        format!("SELECT {} FROM posts o WHERE o.id IN ({picked}) ORDER BY o.id", row::COLUMNS)
    } else {
        format!(
            "SELECT {} FROM posts o WHERE {base} AND ($6 IS NULL OR EXISTS (SELECT FROM post_targets t WHERE t.post_id = o.id AND t.channel_id = ANY ($6)))
            ORDER BY o.id LIMIT $7",
            row::COLUMNS
        )
    };
    let channels = selection.channels.as_ref();
    Ok(sql_query(statement)
        .bind::<SqlUuid, _>(selection.organization.uuid())
        .bind::<SqlUuid, _>(selection.workspace.uuid())
        .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), |after| after.uuid()))
        .bind::<Nullable<Timestamptz>, _>(selection.from)
        .bind::<Nullable<Timestamptz>, _>(selection.until)
        .bind::<Nullable<Array<SqlUuid>>, _>(
            channels.map(|channels| channels.iter().map(ChannelId::uuid).collect::<Vec<_>>()),
        )
        .bind::<BigInt, _>(i64::from(limit))
        .load(c)
        .await?)
}

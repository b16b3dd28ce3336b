//! Reading imports and their rows, always within the caller's organization and workspaces.

use diesel::{
    OptionalExtension, sql_query,
    sql_types::{Array, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use publishing::{
    id::ImportId,
    import::{
        Import, ImportError, Row, RowState,
        store::{ImportFilter, RowFilter},
    },
};
use tenancy::Caller;

use super::{
    Stop,
    receive::number,
    row::{COLUMNS, ImportRow, RowRow},
    work,
};
use crate::{error::StoreError, pool::Connection, posts::reach};

fn limit(limit: u16) -> i16 {
    i16::try_from(limit).unwrap_or(i16::MAX)
}

pub(super) async fn get(c: &mut Connection, caller: &Caller, id: ImportId) -> Result<Import, Stop> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS} FROM imports WHERE id = $1 AND organization_id = $2 AND ($3 IS NULL OR workspace_id = ANY ($3))
            AND state <> 'receiving'"
    );
    let row: Option<ImportRow> = sql_query(statement)
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .get_result(c)
        .await
        .optional()?;
    Ok(Import::try_from(row.ok_or(ImportError::NotFound)?)?)
}

pub(super) async fn list(
    c: &mut Connection,
    caller: &Caller,
    filter: &ImportFilter,
) -> Result<Vec<Import>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {COLUMNS} FROM imports WHERE organization_id = $1 AND ($2 IS NULL OR workspace_id = ANY ($2))
            AND ($3 IS NULL OR workspace_id = $3) AND ($4 IS NULL OR id < $4) AND state <> 'receiving'
        ORDER BY id DESC LIMIT $5"
    );
    let rows: Vec<ImportRow> = sql_query(statement)
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .bind::<Nullable<SqlUuid>, _>(filter.workspace.map(|workspace| workspace.uuid()))
        .bind::<Nullable<SqlUuid>, _>(filter.after.map(|after| after.uuid()))
        .bind::<SmallInt, _>(limit(filter.limit))
        .load(c)
        .await?;
    rows.into_iter().map(Import::try_from).collect()
}

pub(super) async fn rows(
    c: &mut Connection,
    caller: &Caller,
    id: ImportId,
    filter: &RowFilter,
) -> Result<Vec<Row>, Stop> {
    use diesel_async::RunQueryDsl;
    get(c, caller, id).await?;
    let rows: Vec<RowRow> = sql_query(
        "SELECT number, key, state, post_id, violations FROM import_rows
        WHERE import_id = $1 AND number > $2 AND ($3 IS NULL OR state = $3) ORDER BY number LIMIT $4",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .bind::<Integer, _>(number(filter.after))
    .bind::<Nullable<Text>, _>(filter.state.map(RowState::as_str))
    .bind::<SmallInt, _>(limit(filter.limit))
    .load(c)
    .await?;
    Ok(rows.into_iter().map(Row::try_from).collect::<Result<_, _>>()?)
}

pub(super) async fn cancel(c: &mut Connection, caller: &Caller, id: ImportId) -> Result<Import, Stop> {
    use diesel_async::RunQueryDsl;
    get(c, caller, id).await?;
    let cancelled = sql_query(
        "UPDATE imports SET state = 'cancelled', ended_at = now(), next_step_at = NULL, epoch = epoch + 1
        WHERE id = $1 AND next_step_at IS NOT NULL",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .execute(c)
    .await?;
    if cancelled == 0 {
        return Err(ImportError::WrongState.into());
    }
    work::forget(c, id).await?;
    get(c, caller, id).await
}

//! Taking a file in.

use diesel::{
    sql_query,
    sql_types::{Array, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::ImportId,
    import::{Import, ImportError, file::RawRow},
};
use tenancy::idempotency::Fence;

use super::{Stop, WAKE_CHANNEL};
use crate::{error::StoreError, idempotency, pool::Connection};

/// A key is shown no longer than this; a longer one is no key.
const SHOWN_KEY: usize = 255;

pub(super) async fn begin(c: &mut Connection, import: &Import) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let begun = sql_query(
        "INSERT INTO imports (id, organization_id, workspace_id, state, dry_run, time_zone, author_person, author_key,
            author_session, created_at)
        SELECT $1, organization_id, id, 'receiving', $4, $5, $6, $7, $8, $9 FROM workspaces
        WHERE organization_id = $2 AND id = $3",
    )
    .bind::<SqlUuid, _>(import.id.uuid())
    .bind::<SqlUuid, _>(import.organization.uuid())
    .bind::<SqlUuid, _>(import.workspace.uuid())
    .bind::<Bool, _>(import.dry_run)
    .bind::<Nullable<Text>, _>(import.time_zone.map(scheduling::Tz::name))
    .bind::<SqlUuid, _>(import.author.person.uuid())
    .bind::<Nullable<SqlUuid>, _>(import.author.api_key.map(|key| key.uuid()))
    .bind::<Nullable<SqlUuid>, _>(import.session.map(|session| session.uuid()))
    .bind::<Timestamptz, _>(import.created_at)
    .execute(c)
    .await?;
    Ok(begun == 1)
}

pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(super) async fn append(c: &mut Connection, import: ImportId, rows: &[RawRow]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let cells = rows
        .iter()
        .map(|row| serde_json::to_value(&row.cells))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| StoreError::corrupt("a row does not encode"))?;
    sql_query("INSERT INTO import_rows (import_id, number, key, cells) SELECT $1, * FROM unnest($2, $3, $4)")
        .bind::<SqlUuid, _>(import.uuid())
        .bind::<Array<Integer>, _>(rows.iter().map(|row| number(row.number)).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(
            rows.iter()
                .map(|row| row.cells.key.chars().take(SHOWN_KEY).collect::<String>())
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Jsonb>, _>(cells)
        .execute(c)
        .await?;
    Ok(())
}

pub(super) async fn queue(c: &mut Connection, import: &Import, fence: Option<Fence>) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    let queued = sql_query(
        "UPDATE imports SET state = 'queued', digest = decode($2, 'hex'), schedules = $3, row_count = $4,
            next_step_at = clock_timestamp() WHERE id = $1 AND state = 'receiving'",
    )
    .bind::<SqlUuid, _>(import.id.uuid())
    .bind::<Text, _>(&import.digest)
    .bind::<Bool, _>(import.schedules)
    .bind::<Integer, _>(number(import.counts.rows))
    .execute(c)
    .await?;
    if queued == 0 {
        // It took so long that retention forgot it.
        return Err(ImportError::Interrupted.into());
    }
    idempotency::made(c, fence, import.id.uuid()).await?;
    sql_query(format!("NOTIFY {WAKE_CHANNEL}")).execute(c).await?;
    Ok(())
}

pub(super) async fn discard(c: &mut Connection, import: ImportId) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query("DELETE FROM imports WHERE id = $1 AND state = 'receiving'")
        .bind::<SqlUuid, _>(import.uuid())
        .execute(c)
        .await?;
    Ok(())
}

//! Whether this version of the program can work on a database that its migrations say is up to date.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, Bool, Text},
};

use super::{shape, tables};
use crate::{error::StoreError, migrate, pool::Connection, pool::connect_alone};

#[derive(QueryableByName)]
struct Newer {
    #[diesel(sql_type = Bool)]
    is_newer: bool,
}

/// Why the program cannot work on a migrated database, one sentence for each column; empty where it can.
///
/// Migrations know each other by their versions alone. A database that an unreleased program made with other contents of the
/// same migrations counts as migrated and yet has other tables; here it is found out. What does not disturb passes: tables and
/// columns of others that demand nothing, and whatever a later version made, which keeps to what this one knows. Costs one
/// connection and two queries.
pub async fn misfits(url: &str) -> Result<Vec<String>, StoreError> {
    let mut connection = connect_alone(url).await?;
    if is_newer(&mut connection).await? {
        return Ok(Vec::new());
    }
    shape::misfits(&tables(), &mut connection).await
}

/// Whether a later version has migrated the database.
async fn is_newer(c: &mut Connection) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let row: Newer = sql_query(
        "SELECT EXISTS (SELECT FROM __diesel_schema_migrations WHERE version <> ALL ($1)) AS is_newer",
    )
    .bind::<Array<Text>, _>(migrate::versions()?)
    .get_result(c)
    .await?;
    Ok(row.is_newer)
}

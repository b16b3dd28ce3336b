//! Migrations: embedded in the program, applied under a lock, so that any number of processes may start at once.

use diesel::{migration::MigrationSource, pg::Pg, sql_types::BigInt};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{
    error::StoreError,
    pool::{Connection, connect_alone},
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// A word for the state of the migrations that are embedded: another one whenever one of them is changed. What is in the
/// folder may be newer than a program that was built before.
pub const STATE: &str = env!("MIGRATIONS_STATE");

/// The key of the advisory lock: "postern" in ASCII.
const LOCK: i64 = 0x0070_6f73_7465_726e;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed; it was rolled back and the ones before it stay.
    #[error("a migration failed: {0}")]
    Failed(String),
}

/// Applies every migration that is missing and returns their versions. Waits while another process does the same.
pub async fn migrate(url: &str) -> Result<Vec<String>, MigrateError> {
    use diesel_async::RunQueryDsl;
    let mut connection = connect_alone(url).await?;
    // The lock belongs to the session and goes with the connection, however this function ends.
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<BigInt, _>(LOCK)
        .execute(&mut connection)
        .await
        .map_err(StoreError::from)?;
    let applied = tokio::task::spawn_blocking(move || apply(connection)).await;
    applied.map_err(|_| MigrateError::Failed("the task was cancelled".to_owned()))?
}

/// The versions of the migrations that are embedded.
pub(crate) fn versions() -> Result<Vec<String>, StoreError> {
    let embedded = MigrationSource::<Pg>::migrations(&MIGRATIONS);
    let embedded = embedded.map_err(|_| StoreError::corrupt("an embedded migration"))?;
    Ok(embedded.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// diesel's harness blocks, so it has a thread of its own; this works on every flavour of runtime.
fn apply(connection: Connection) -> Result<Vec<String>, MigrateError> {
    let mut harness: AsyncConnectionWrapper<Connection> = connection.into();
    let versions = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| MigrateError::Failed(error.to_string()))?;
    Ok(versions.iter().map(ToString::to_string).collect())
}

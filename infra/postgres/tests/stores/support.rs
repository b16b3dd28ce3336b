//! A migrated database for each test, on the server that `TEST_DATABASE_URL` names; without it the tests say so and pass.

use diesel_async::RunQueryDsl;
use postgres::{Pool, pool::connect_alone};
use uuid::Uuid;

/// The URL of a new, migrated database.
pub(crate) async fn migrated_url() -> Option<String> {
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        eprintln!("skipped: TEST_DATABASE_URL is not set");
        return None;
    };
    let name = format!("t_{}", Uuid::new_v4().simple());
    let mut connection = connect_alone(&server).await.unwrap();
    diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut connection).await.unwrap();
    let (base, query) = server.split_once('?').unwrap_or((&server, ""));
    let base = base.rsplit_once('/').unwrap().0;
    let url = format!("{base}/{name}?{query}");
    postgres::migrate(&url).await.unwrap();
    Some(url)
}

/// A pool on a new, migrated database.
pub(crate) async fn migrated_pool() -> Option<Pool> {
    Some(postgres::connect(&migrated_url().await?, 8).await.unwrap())
}

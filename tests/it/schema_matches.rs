//! The tables that the stores declare are the ones that the migrations make.

use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_declared_tables_are_the_migrated_ones() {
    let database = TestDatabase::new().await;
    let pool = postgres::connect(&database.url, 2).await.unwrap();
    assert_eq!(postgres::schema::differences(&pool).await.unwrap(), Vec::<String>::new());
}

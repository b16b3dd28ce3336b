//! Connecting, migrating and listening, against a real server.

use diesel_async::RunQueryDsl;
use futures::StreamExt;
use postgres::{Wake, schema};

use crate::support;

#[tokio::test]
async fn the_declared_tables_are_the_migrated_ones() {
    let pool = support::migrated_pool().await;
    assert_eq!(schema::differences(&pool).await.unwrap(), Vec::<String>::new());
    diesel::sql_query("ALTER TABLE persons ALTER created_at DROP NOT NULL")
        .execute(&mut pool.get().await.unwrap())
        .await
        .unwrap();
    assert_eq!(schema::differences(&pool).await.unwrap().len(), 2);
}

#[tokio::test]
async fn tables_that_the_program_cannot_work_on_are_told_from_those_it_can() {
    let url = support::migrated_url().await;
    let mut connection = postgres::pool::connect_alone(&url).await.unwrap();
    let mut after = async |sql: &str| {
        diesel::sql_query(sql).execute(&mut connection).await.unwrap();
        schema::misfits(&url).await.unwrap()
    };
    for harmless in [
        "CREATE TABLE of_somebody_else (id uuid NOT NULL)",
        "CREATE VIEW of_an_extension AS SELECT 1 AS one",
        "ALTER TABLE persons ADD remark text",
        "ALTER TABLE persons ADD counted integer NOT NULL DEFAULT 0",
    ] {
        assert_eq!(after(harmless).await, Vec::<String>::new(), "{harmless}");
    }
    let missing = after("ALTER TABLE posts DROP COLUMN version").await;
    assert_eq!(missing, ["posts.version int8 not null is declared but not in the database"]);
    let demanded = after("ALTER TABLE persons ALTER counted DROP DEFAULT").await;
    assert_eq!(demanded[1], "persons.counted int4 not null is in the database but not declared");
    let newer = after("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')").await;
    assert_eq!(newer, Vec::<String>::new(), "a later version keeps to what this one knows");
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    let url = support::migrated_url().await;
    let mut connection = postgres::pool::connect_alone(&url).await.unwrap();
    diesel::sql_query("DROP SCHEMA public CASCADE").execute(&mut connection).await.unwrap();
    diesel::sql_query("CREATE SCHEMA public").execute(&mut connection).await.unwrap();
    let (a, b, c) = tokio::join!(postgres::migrate(&url), postgres::migrate(&url), postgres::migrate(&url));
    let applied = [a.unwrap().len(), b.unwrap().len(), c.unwrap().len()];
    assert_eq!(applied.iter().filter(|count| **count > 0).count(), 1, "{applied:?}");
}

#[tokio::test]
async fn settings_under_which_commits_can_be_lost_are_named() {
    let url = support::migrated_url().await;
    // The server of the tests runs without the wait for the disk.
    assert_eq!(postgres::unsafe_settings(&url).await.unwrap(), ["fsync", "full_page_writes"]);
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let mut connection = postgres::pool::connect_alone(&url).await.unwrap();
    diesel::sql_query(format!("ALTER DATABASE \"{name}\" SET synchronous_commit = off"))
        .execute(&mut connection)
        .await
        .unwrap();
    let wrong = postgres::unsafe_settings(&url).await.unwrap();
    assert_eq!(wrong, ["fsync", "full_page_writes", "synchronous_commit"]);
}

#[tokio::test]
async fn a_listener_hears_and_says_when_it_was_deaf() {
    let url = support::migrated_url().await;
    let mut wakes = Box::pin(postgres::listen(url.clone(), "bell"));
    assert_eq!(wakes.next().await, Some(Wake::Connected));
    let pool = postgres::connect(&url, 2).await.unwrap();
    let mut connection = pool.get().await.unwrap();
    for n in 0..3 {
        diesel::sql_query(format!("NOTIFY bell, '{n}'")).execute(&mut connection).await.unwrap();
    }
    for n in 0..3 {
        assert_eq!(wakes.next().await, Some(Wake::Notified(n.to_string())));
    }
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
    diesel::sql_query(kill).execute(&mut connection).await.unwrap();
    assert_eq!(wakes.next().await, Some(Wake::Connected));
    diesel::sql_query("NOTIFY bell, 'again'").execute(&mut connection).await.unwrap();
    assert_eq!(wakes.next().await, Some(Wake::Notified("again".into())));
}

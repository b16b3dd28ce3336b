//! A clone of a template that is built once for each state of the migrations.

use std::path::Path;

use diesel::{QueryableByName, sql_query, sql_types::Text};
use diesel_async::RunQueryDsl;
use postgres::{Connection, Pool, pool::connect_alone};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::server;

/// The key of the lock under which the template is built: "template" in ASCII.
const LOCK: i64 = 0x7465_6d70_6c61_7465;

/// The URL of a new, migrated database. It is dropped by a later run, which costs nobody time.
pub(crate) async fn migrated_url() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(template).await;
    let name = format!("t_{}_{}", std::process::id(), Uuid::new_v4().simple());
    let mut server = connect_alone(&server::url("postgres").await).await.unwrap();
    run(&mut server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    server::url(&name).await
}

/// A pool on a new, migrated database.
pub(crate) async fn migrated_pool() -> Pool {
    postgres::connect(&migrated_url().await, 12).await.unwrap()
}

/// The template's name; builds it if this is the first run with these migrations, and drops what earlier runs left.
async fn template() -> String {
    let mut server = connect_alone(&server::url("postgres").await).await.unwrap();
    run(&mut server, format!("SELECT pg_advisory_lock({LOCK})")).await;
    drop_leftovers(&mut server).await;
    let name = format!("template_{}", postgres::migrate::STATE);
    if names(&mut server, &format!("= '{name}'")).await.is_empty() {
        // Under another name until it is complete: a run that was killed half way leaves no broken template.
        let draft = format!("t_0_{}", Uuid::new_v4().simple());
        run(&mut server, format!("CREATE DATABASE {draft}")).await;
        postgres::migrate(&server::url(&draft).await).await.unwrap();
        until_alone(&mut server, &draft).await;
        run(&mut server, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    name
}

async fn run(server: &mut Connection, sql: String) {
    sql_query(sql).execute(server).await.unwrap();
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The databases whose name is like this.
async fn names(server: &mut Connection, like: &str) -> Vec<String> {
    let sql = format!("SELECT datname::text AS name FROM pg_database WHERE datname {like}");
    let rows: Vec<Name> = sql_query(sql).load(server).await.unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

/// A connection that was closed may linger on the server for a moment, and nobody may rename a database in use.
async fn until_alone(server: &mut Connection, database: &str) {
    let others = format!("SELECT datname::text AS name FROM pg_stat_activity WHERE datname = '{database}'");
    while !sql_query(&others).load::<Name>(server).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// Databases of test processes that are no more. A server that is not ours may serve tests of other machines: those stay.
async fn drop_leftovers(server: &mut Connection) {
    if server::is_given() {
        return;
    }
    for name in names(server, "LIKE 't\\_%'").await {
        let pid = name.split('_').nth(1).unwrap_or_default();
        if !Path::new("/proc").join(pid).exists() {
            let _ = sql_query(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).execute(server).await;
        }
    }
}

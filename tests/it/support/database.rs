//! A migrated database for each test: a clone of a template that is built once for each state of the migrations.

use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls, Row, types::ToSql};
use uuid::Uuid;

use super::cluster;

/// The key of the lock under which the template is built: "template" in ASCII.
const LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A database of one test. It goes with the server.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    client: Client,
}

impl TestDatabase {
    /// A clone of the template.
    pub(crate) async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let cluster = cluster::shared().await;
        let template = TEMPLATE.get_or_init(template).await;
        let name = format!("t_{}", Uuid::new_v4().simple());
        let server = connect(&cluster.url("postgres")).await;
        server.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        let url = cluster.url(&name);
        Self { client: connect(&url).await, url }
    }

    /// The rows of a query.
    pub(crate) async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.client.query(sql, values).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// Carries a statement out and says how many rows it met.
    pub(crate) async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> u64 {
        self.client.execute(sql, values).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// A number, such as a count.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        self.query(sql, &[]).await[0].get(0)
    }

    /// Every row of every table as text, binary columns in hexadecimal: what a dump would show.
    pub(crate) async fn dump(&self, without: &[&str]) -> Vec<String> {
        let tables =
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
        let mut rows = Vec::new();
        for table in self.query(tables, &[]).await {
            let table: String = table.get(0);
            if !without.contains(&table.as_str()) {
                let sql = format!("SELECT '{table} ' || t::text FROM {table} t ORDER BY 1");
                rows.extend(self.query(&sql, &[]).await.iter().map(|row| row.get::<_, String>(0)));
            }
        }
        rows
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The template's name; builds it if nobody has built it yet.
async fn template() -> String {
    let cluster = cluster::shared().await;
    let server = connect(&cluster.url("postgres")).await;
    server.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.unwrap();
    let name = format!("template_{}", postgres::migrate::STATE);
    let built = server.query("SELECT FROM pg_database WHERE datname = $1", &[&name]).await.unwrap();
    if built.is_empty() {
        // Under another name until it is complete: a run that was killed half way leaves no broken template.
        let draft = format!("t_{}", Uuid::new_v4().simple());
        server.batch_execute(&format!("CREATE DATABASE {draft}")).await.unwrap();
        postgres::migrate(&cluster.url(&draft)).await.unwrap();
        until_alone(&server, &draft).await;
        server.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).await.unwrap();
    }
    name
}

/// A connection that was closed may linger on the server for a moment, and nobody may rename a database in use.
async fn until_alone(server: &Client, database: &str) {
    let others = "SELECT FROM pg_stat_activity WHERE datname = $1";
    while !server.query(others, &[&database]).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

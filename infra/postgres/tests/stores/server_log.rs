//! The log of the private server: no row that was refused may be read there.

use cluster::{Cluster, Settings};
use diesel::sql_query;
use diesel_async::RunQueryDsl;
use postgres::{StoreError, pool::connect_alone};

/// A server of its own, in a folder that the server's user may enter.
async fn server() -> (tempfile::TempDir, Cluster) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings =
        Settings { durable: false, max_connections: 20, ..Settings::new(folder.path().join("data")) };
    (folder, Cluster::start(settings, |_| {}).await.unwrap())
}

#[tokio::test]
async fn what_a_table_refuses_is_neither_in_the_servers_log_nor_in_our_error() {
    let (_folder, cluster) = server().await;
    let url = cluster.url("postgres");
    postgres::migrate(&url).await.unwrap();
    let mut connection = connect_alone(&url).await.unwrap();
    let mut said = vec![];
    for statement in [
        "INSERT INTO organizations (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'canary')",
        "INSERT INTO organizations (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'canary')",
        "INSERT INTO organizations (id, name) VALUES (NULL, 'canary')",
        "INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), repeat('canary', 100))",
        "INSERT INTO posts (id, organization_id, workspace_id, caption, author_person, scheduled) VALUES
            (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'canary', gen_random_uuid(), true)",
        "INSERT INTO posts (id, organization_id, workspace_id, caption, author_person) VALUES
            (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'canary', gen_random_uuid())",
        "SELECT 'canary' FROM nowhere",
    ] {
        let done = sql_query(statement).execute(&mut connection).await.map_err(StoreError::from);
        said.push(done.map_or_else(|error| error.to_string(), |rows| rows.to_string()));
    }
    let log = std::fs::read_to_string(cluster.log()).unwrap();
    cluster.stop().await.unwrap();
    assert_eq!(said[0], "1");
    let said = said.join("\n");
    for refusal in
        ["organizations_pkey", "organizations_name_check", "posts_check", "posts_workspace_id_fkey"]
    {
        assert!(log.contains(refusal), "the log does not speak of {refusal}: {log}");
        assert!(said.contains(refusal), "{said}");
    }
    assert!(log.contains("null value") && said.contains("no value for id"), "{said}\n{log}");
    assert!(!log.contains("canary"), "{log}");
    assert!(!said.contains("canary"), "{said}");
}

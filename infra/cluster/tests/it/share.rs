//! Starting, attaching and stopping.

use std::os::unix::fs::MetadataExt;

use crate::stage::{Stage, is_root, set_mode, sql};

#[tokio::test]
async fn a_first_start_serves_the_default_database_to_the_superuser() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    assert_eq!(sql(&url, "SELECT current_user").await.unwrap().as_deref(), Some("postgres"));
    assert_eq!(sql(&url, "SHOW listen_addresses").await.unwrap().as_deref(), Some(""));
    assert_eq!(sql(&url, "SHOW max_connections").await.unwrap().as_deref(), Some("20"));
    assert_eq!(sql(&url, "SHOW server_encoding").await.unwrap().as_deref(), Some("UTF8"));
    assert_eq!(sql(&url, "SHOW fsync").await.unwrap().as_deref(), Some("off"));
    let said = stage.said();
    assert!(said.contains("creating a database") && said.contains("is ready"), "{said}");
    assert!(cluster.binaries().join("postgres").is_file());
    let pids = cluster.pids().await;
    assert!(pids.len() > 3 && Some(pids[0]) == cluster.pid().await, "{pids:?}");
    assert!(cluster.stop().await.unwrap());
    assert!(sql(&url, "SELECT 1").await.is_err());
}

#[tokio::test]
async fn a_durable_cluster_writes_every_commit_to_the_disk() {
    let mut stage = Stage::new();
    stage.settings.durable = true;
    let cluster = stage.start().await.unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value = sql(&cluster.url("postgres"), &format!("SHOW {setting}")).await.unwrap();
        assert_eq!(value.as_deref(), Some("on"), "{setting}");
    }
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn data_outlives_a_stop() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "CREATE DATABASE \"odd name\"").await.unwrap();
    sql(&cluster.url("odd name"), "CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    cluster.stop().await.unwrap();
    let cluster = stage.start().await.unwrap();
    let answer = sql(&cluster.url("odd name"), "SELECT answer FROM kept").await.unwrap();
    assert_eq!(answer.as_deref(), Some("42"));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_start_attaches_and_the_last_one_out_stops_the_server() {
    let stage = Stage::new();
    let first = stage.start().await.unwrap();
    let second = stage.start().await.unwrap();
    assert_eq!(first.pid().await, second.pid().await);
    assert_eq!(first.url("postgres"), second.url("postgres"));
    assert!(stage.said().contains("using the PostgreSQL"), "{}", stage.said());

    assert!(!first.stop().await.unwrap(), "the server was stopped under its second user");
    sql(&second.url("postgres"), "SELECT 1").await.unwrap();
    let data = stage.data();
    assert!(second.stop().await.unwrap());
    assert!(!data.join("postmaster.pid").exists());
}

#[tokio::test]
async fn first_starts_at_the_same_time_share_one_server() {
    let stage = Stage::new();
    let (a, b, c) = tokio::join!(stage.start(), stage.start(), stage.start());
    let clusters = [a.unwrap(), b.unwrap(), c.unwrap()];
    let creations = stage.said().matches("creating a database").count();
    assert_eq!(creations, 1, "{}", stage.said());
    let mut stopped = Vec::new();
    for cluster in clusters {
        sql(&cluster.url("postgres"), "SELECT 1").await.unwrap();
        stopped.push(cluster.stop().await.unwrap());
    }
    assert_eq!(stopped, [false, false, true]);
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_moves_the_socket_and_not_the_data() {
    let stage = Stage::below(&format!("{}/{}", "deep".repeat(20), "er".repeat(30)));
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    assert!(!url.contains("deepdeep"), "{url}");
    let data = sql(&url, "SHOW data_directory").await.unwrap().unwrap();
    assert!(data.contains("deepdeep"), "{data}");
    assert!(!stage.start().await.unwrap().stop().await.unwrap(), "the second start did not attach");
    let socket = sql(&url, "SHOW unix_socket_directories").await.unwrap().unwrap();
    cluster.stop().await.unwrap();
    assert!(!std::path::Path::new(&socket).exists(), "{socket} was left behind");
}

#[tokio::test]
async fn a_space_in_the_path_is_no_obstacle() {
    let stage = Stage::below("my, data's $HOME");
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "SELECT 1").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn below_a_folder_that_only_root_may_enter_the_data_lies_elsewhere_and_is_found_again() {
    if !is_root() {
        return;
    }
    let stage = Stage::below("closed/data");
    std::fs::create_dir(stage.folder().join("closed")).unwrap();
    set_mode(&stage.folder().join("closed"), 0o700);
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "CREATE TABLE kept ()").await.unwrap();
    cluster.stop().await.unwrap();
    let target = stage.settings.dir.join("server").read_link().unwrap();
    assert!(!target.starts_with(stage.folder()), "{}", target.display());
    assert_eq!(target.metadata().unwrap().mode() & 0o777, 0o700);
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "TABLE kept").await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_else_may_enter_the_servers_folder() {
    let stage = Stage::new();
    stage.start().await.unwrap().stop().await.unwrap();
    set_mode(&stage.settings.dir.join("server"), 0o777);
    let cluster = stage.start().await.unwrap();
    let server = stage.settings.dir.join("server").metadata().unwrap();
    assert_eq!(server.mode() & 0o777, 0o700);
    assert_ne!(server.uid(), 0);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn the_log_does_not_repeat_what_statements_carry() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    sql(&url, "CREATE TABLE captions (text text UNIQUE)").await.unwrap();
    sql(&url, "INSERT INTO captions VALUES ('a canary')").await.unwrap();
    sql(&url, "INSERT INTO captions VALUES ('a canary')").await.unwrap_err();
    sql(&url, "SELECT 'a canary' FROM nowhere").await.unwrap_err();
    let log = std::fs::read_to_string(cluster.log()).unwrap();
    assert!(log.contains("duplicate key") && log.contains("nowhere"), "{log}");
    assert!(!log.contains("canary"), "{log}");
    cluster.stop().await.unwrap();
}

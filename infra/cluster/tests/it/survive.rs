//! Kills of the server and of the program that started it.

use std::io::{BufRead, BufReader};
use std::os::unix::{fs::MetadataExt, process::CommandExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cluster::{Cluster, Settings};

use crate::stage::{Stage, is_root, kill, sql};

#[tokio::test]
async fn a_server_that_was_killed_is_started_again_with_what_was_committed() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    let killed = cluster.pid().await.unwrap();
    kill(killed);
    let again = stage.start().await.unwrap();
    assert_ne!(again.pid().await.unwrap(), killed);
    let answer = sql(&again.url("postgres"), "SELECT answer FROM kept").await.unwrap();
    assert_eq!(answer.as_deref(), Some("42"));
    // The first share sees the new server as well.
    assert_eq!(cluster.pid().await, again.pid().await);
    assert!(!cluster.stop().await.unwrap());
    assert!(again.stop().await.unwrap());
}

#[tokio::test]
async fn a_server_that_is_killed_under_its_users_is_back_without_anybody_asking() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    sql(&url, "CREATE TABLE notes AS SELECT 'kept' AS text").await.unwrap();
    let keeper = tokio::spawn(cluster.keeper().keep());
    let first = cluster.pid().await.unwrap();
    kill(first);
    let deadline = Instant::now() + Duration::from_mins(1);
    let kept = loop {
        match sql(&url, "SELECT text FROM notes").await {
            Ok(kept) => break kept,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(kept.as_deref(), Some("kept"));
    assert_ne!(cluster.pid().await, Some(first));
    keeper.abort();
    assert!(cluster.stop().await.unwrap());
}

#[tokio::test]
async fn a_start_waits_for_what_outlived_the_killed_server() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    // A busy server process does not notice that its parent is gone, and holds the shared memory.
    let busy = "DO $$ DECLARE began timestamptz := clock_timestamp(); \
        BEGIN WHILE clock_timestamp() < began + interval '2 s' LOOP END LOOP; END $$";
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let work = tokio::spawn(async move { client.batch_execute(busy).await });
    let active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'";
    while sql(&url, active).await.unwrap().as_deref() != Some("1") {}
    kill(cluster.pid().await.unwrap());

    let again = stage.start().await.unwrap();
    sql(&again.url("postgres"), "SELECT 1").await.unwrap();
    work.await.unwrap().ok();
    let log = std::fs::read_to_string(again.log()).unwrap();
    assert!(log.contains("still in use"), "nothing outlived the server: {log}");
    cluster.stop().await.unwrap();
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_restart_in_immediate_mode_keeps_commits_and_loses_open_transactions() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let url = cluster.url("postgres");
    sql(&url, "CREATE TABLE kept (id int)").await.unwrap();
    sql(&url, "INSERT INTO kept VALUES (1)").await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute("BEGIN; INSERT INTO kept VALUES (2)").await.unwrap();

    let before = cluster.pid().await;
    cluster.restart_immediate().await.unwrap();
    assert_ne!(cluster.pid().await, before);
    assert!(client.batch_execute("COMMIT").await.is_err());
    driver.await.unwrap().ok();
    assert_eq!(cluster.url("postgres"), url);
    assert_eq!(sql(&url, "SELECT string_agg(id::text, ',') FROM kept").await.unwrap().as_deref(), Some("1"));
    let log = std::fs::read_to_string(cluster.log()).unwrap();
    assert!(log.contains("not properly shut down"), "the restart was an orderly one: {log}");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_outlives_the_program_that_started_it_and_the_next_one_takes_it_over() {
    let stage = Stage::new();
    let this = std::env::current_exe().unwrap();
    let mut program = Command::new(this)
        .args(["--exact", "survive::a_program_that_waits_to_be_killed", "--ignored", "--nocapture"])
        .env("CLUSTER_DIR", &stage.settings.dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let started =
        lines.map_while(Result::ok).find_map(|line| Some(line.split_once("started ")?.1.to_owned()));
    program.kill().unwrap();
    program.wait().unwrap();

    let cluster = stage.start().await.unwrap();
    assert_eq!(cluster.pid().await.map(|pid| pid.to_string()), started);
    sql(&cluster.url("postgres"), "SELECT 1").await.unwrap();
    assert!(cluster.stop().await.unwrap(), "the dead program still counts as a user");
}

#[tokio::test]
#[ignore = "a part of the test above, run by it"]
async fn a_program_that_waits_to_be_killed() {
    let settings = Settings { durable: false, ..Settings::new(std::env::var_os("CLUSTER_DIR").unwrap()) };
    let cluster = Cluster::start(settings, |_| {}).await.unwrap();
    println!("\nstarted {}", cluster.pid().await.unwrap());
    tokio::time::sleep(Duration::from_mins(1)).await;
}

#[tokio::test]
async fn a_pid_file_whose_number_now_belongs_to_another_program_does_not_stop_the_start() {
    let stage = Stage::new();
    let cluster = stage.start().await.unwrap();
    let pid_file = stage.data().join("postmaster.pid");
    kill(cluster.pid().await.unwrap());
    while cluster.pid().await.is_some() {
        tokio::task::yield_now().await;
    }
    let text = std::fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    // A process of the server's own user, which PostgreSQL alone takes for the server.
    let mut other = Command::new("/bin/sleep");
    let owner = pid_file.metadata().unwrap();
    if is_root() {
        other.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = other.arg("60").spawn().unwrap();
    std::fs::write(&pid_file, format!("{}\n{rest}", other.id())).unwrap();

    let again = stage.start().await;
    other.kill().unwrap();
    other.wait().unwrap();
    sql(&again.unwrap().url("postgres"), "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn an_initdb_that_was_cut_short_is_begun_anew() {
    let stage = Stage::new();
    stage.start().await.unwrap().stop().await.unwrap();
    let data = stage.data();
    std::fs::rename(&data, data.with_extension("unfinished")).unwrap();
    let cluster = stage.start().await.unwrap();
    sql(&cluster.url("postgres"), "SELECT 1").await.unwrap();
    assert!(!data.with_extension("unfinished").exists());
    cluster.stop().await.unwrap();
}

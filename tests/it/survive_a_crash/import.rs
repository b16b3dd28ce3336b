//! Workers that die over an import.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{arena::Arena, front_end::FrontEnd};

const ROWS: u64 = 100_000;
/// Of each caption, so that the file has twenty-five megabytes.
const CHARACTERS: usize = 240;
/// By how much the memory of a process may grow over such a file, in MiB: by less than the file.
const GROWTH: u64 = 16;

async fn read(front_end: &FrontEnd, import: &str) -> u64 {
    front_end.get(&format!("/v1/imports/{import}")).await["read"].as_u64().unwrap()
}

/// Waits until an import is so far.
async fn until_read(front_end: &FrontEnd, import: &str, least: u64) {
    let deadline = Instant::now() + Duration::from_mins(10);
    while read(front_end, import).await < least {
        assert!(Instant::now() < deadline, "the import stands still");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The most memory that a process ever had resident, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn file() -> String {
    let caption = "x".repeat(CHARACTERS);
    let rows = (0..ROWS).map(|n| format!("row-{n},Caption {n} {caption}\r\n"));
    std::iter::once("key,caption\r\n".to_owned()).chain(rows).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_100_000_rows_under_kill_9_makes_every_row_a_post_exactly_once_in_little_memory() {
    let arena = Arena::open(Duration::ZERO).await;
    let front_end = FrontEnd::sign_up(&arena.api).await;
    let api = arena.api_process();
    let before = peak(api);
    let import = front_end.import(file()).await;
    let received = peak(api);
    let mut kills = 0;
    let mut worked = Vec::new();
    for least in [200, ROWS / 3, ROWS / 2] {
        let mut victim = arena.worker();
        sleep(Duration::from_millis(500)).await;
        let idle = peak(victim.id().unwrap());
        until_read(&front_end, &import, least).await;
        worked.push((idle, peak(victim.id().unwrap())));
        victim.kill().await.unwrap();
        kills += u32::from(read(&front_end, &import).await < ROWS);
    }
    assert_eq!(kills, 3, "the import was over before its workers died");
    let _heir = arena.worker();
    until_read(&front_end, &import, ROWS).await;

    println!("{ROWS} rows: API {before} MiB before and {received} MiB after; workers (MiB) {worked:?}");
    assert!(received - before < GROWTH, "the API grew from {before} to {received} MiB");
    assert!(worked.iter().all(|(idle, peak)| peak - idle < GROWTH), "workers grew: {worked:?}");
    let done = front_end.get(&format!("/v1/imports/{import}")).await;
    assert_eq!((&done["created"], &done["skipped"], &done["failed"]), (&json!(ROWS), &json!(0), &json!(0)));
    let export = front_end.export().await;
    let posts: Vec<(&str, &str)> = export.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let ids: BTreeSet<&str> = posts.iter().map(|(id, _)| *id).collect();
    let captions: BTreeSet<&str> = posts.iter().filter_map(|(_, rest)| rest.split(',').next()).collect();
    let count = usize::try_from(ROWS).unwrap();
    assert_eq!((posts.len(), ids.len(), captions.len()), (count, count, count));
    arena.close().await;
}

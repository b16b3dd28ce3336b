//! Workers that die over an import.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{arena::Arena, front_end::FrontEnd};

const ROWS: u64 = 6_000;

async fn read(front_end: &FrontEnd, import: &str) -> u64 {
    front_end.get(&format!("/v1/imports/{import}")).await["read"].as_u64().unwrap()
}

/// Waits until an import is so far.
async fn until_read(front_end: &FrontEnd, import: &str, least: u64) {
    let deadline = Instant::now() + Duration::from_mins(2);
    while read(front_end, import).await < least {
        assert!(Instant::now() < deadline, "the import stands still");
        sleep(Duration::from_millis(10)).await;
    }
}

async fn all(front_end: &FrontEnd, path: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = front_end.get(&format!("{path}?limit=100{after}")).await;
        all.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_under_kill_9_makes_every_row_a_post_exactly_once() {
    let arena = Arena::open(Duration::ZERO).await;
    let front_end = FrontEnd::sign_up(&arena.api).await;
    let rows = (0..ROWS).map(|n| format!("row-{n},Caption {n}\r\n"));
    let import = front_end.import(std::iter::once("key,caption\r\n".to_owned()).chain(rows).collect()).await;
    let mut kills = 0;
    for least in [200, 2_000] {
        let mut victim = arena.worker();
        until_read(&front_end, &import, least).await;
        victim.kill().await.unwrap();
        kills += u32::from(read(&front_end, &import).await < ROWS);
    }
    assert_eq!(kills, 2, "the import was over before its workers died");
    let _heir = arena.worker();
    until_read(&front_end, &import, ROWS).await;

    let outcomes = all(&front_end, &format!("/v1/imports/{import}/rows")).await;
    assert!(outcomes.iter().all(|row| row["state"] == "created"));
    let made: BTreeSet<&str> = outcomes.iter().map(|row| row["post_id"].as_str().unwrap()).collect();
    let posts = all(&front_end, "/v1/posts").await;
    let captions: BTreeSet<&str> = posts.iter().map(|post| post["caption"].as_str().unwrap()).collect();
    let there: BTreeSet<&str> = posts.iter().map(|post| post["id"].as_str().unwrap()).collect();
    let count = usize::try_from(ROWS).unwrap();
    assert_eq!((outcomes.len(), posts.len(), captions.len()), (count, count, count));
    assert_eq!(made, there);
    arena.close().await;
}

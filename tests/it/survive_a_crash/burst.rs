//! A burst of publications under fire.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    arena::Arena,
    front_end::{FrontEnd, is_settled},
};

const CHANNELS: usize = 100;
const KILLS: usize = 22;
/// When the firing begins: just before the first preparation.
const BEFORE: TimeDelta = TimeDelta::seconds(9);

/// A hundred Pages and accounts: a picture on each, a caption on half of the Pages, several pictures on a quarter of both.
/// All due in the same second: 300 publications.
async fn schedule_all(front_end: &FrontEnd, channels: &[Value]) -> DateTime<Utc> {
    let of = |platform: &str| -> Vec<String> {
        let mine = channels.iter().filter(|c| c["platform"] == platform);
        mine.map(|c| c["id"].as_str().unwrap().to_owned()).collect()
    };
    let (pages, accounts) = (of("facebook"), of("instagram"));
    assert_eq!((pages.len(), accounts.len()), (CHANNELS, CHANNELS));
    let pictures = [front_end.upload(10).await, front_end.upload(200).await];
    let due = Utc::now() + TimeDelta::seconds(75);
    for n in 0..CHANNELS {
        let both = [pages[n].as_str(), accounts[n].as_str()];
        front_end.schedule(&format!("picture {n}"), &both, &pictures[..1], due).await;
        if n % 2 == 0 {
            front_end.schedule(&format!("caption {n}"), &both[..1], &[], due).await;
        }
        if n % 4 == 0 {
            front_end.schedule(&format!("pictures {n}"), &both, &pictures, due).await;
        }
    }
    assert!(Utc::now() + BEFORE < due, "scheduling took too long for the burst to be one");
    due
}

async fn script_faults(arena: &Arena) {
    for (endpoint, effect) in [
        ("feed", json!({"kind": "execute_then_drop"})),
        ("feed", json!({"kind": "execute_then_error", "status": 500, "code": 2})),
        ("media_publish", json!({"kind": "execute_then_drop"})),
        (
            "media_publish",
            json!({"kind": "execute_then_error", "status": 400, "code": 4, "subcode": 2_207_051}),
        ),
    ] {
        arena.fault(json!({"endpoint": endpoint, "skip": 7, "count": 5, "effect": effect})).await;
    }
}

/// Kills workers with -9 and starts them again, at moments that differ each time; restarts PostgreSQL twice without warning.
async fn fire(arena: &Arena) -> usize {
    let mut workers = [arena.worker(), arena.worker()];
    let mut kills = 0;
    let began = Instant::now();
    while kills < KILLS {
        // Unequal steps through the preparation, the burst and what comes after; no two runs die at the same instructions.
        let noise = u64::from(Utc::now().timestamp_subsec_micros() % 900);
        sleep(Duration::from_millis(700 + noise)).await;
        let victim = &mut workers[kills % 2];
        victim.kill().await.unwrap();
        *victim = arena.worker();
        kills += 1;
        if kills == KILLS / 3 || kills == KILLS * 3 / 4 {
            arena.cut_the_database().await;
        }
    }
    println!("{kills} kills in {:?}", began.elapsed());
    // The last two stay until everything has settled.
    let [a, b] = workers;
    tokio::spawn(async move {
        let (mut a, mut b) = (a, b);
        drop(tokio::join!(a.wait(), b.wait()));
    });
    kills
}

async fn settle(front_end: &FrontEnd) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_mins(4);
    loop {
        let publications = front_end.publications().await;
        let open = publications.iter().filter(|p| !is_settled(p)).count();
        if open == 0 {
            return publications;
        }
        println!("{open} publications are open: {}", states(&publications));
        assert!(Instant::now() < deadline, "{open} publications are stuck: {}", states(&publications));
        sleep(Duration::from_secs(5)).await;
    }
}

fn states(publications: &[Value]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for p in publications {
        *counts.entry(format!("{} {}", p["state"], p["trouble"]["code"])).or_default() += 1;
    }
    format!("{counts:?}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_under_kill_9_and_database_restarts_is_published_exactly_once() {
    let arena = Arena::open(Duration::from_millis(60)).await;
    let front_end = FrontEnd::sign_up(&arena.api).await;
    let person = arena.pages(CHANNELS).await;
    let channels = front_end.connect(&person).await;
    let due = schedule_all(&front_end, &channels).await;
    script_faults(&arena).await;
    sleep((due - BEFORE - Utc::now()).to_std().unwrap()).await;
    assert!(fire(&arena).await >= 20);
    let publications = settle(&front_end).await;
    let ledger = arena.ledger().await;
    println!("{}; {} in the ledger", states(&publications), ledger.len());
    assert_eq!(publications.len(), 300);

    let mut seen = BTreeSet::new();
    for entry in &ledger {
        let key = (entry["account_id"].to_string(), entry["text"].to_string());
        assert!(seen.insert(key), "published twice: {entry}");
    }
    let live: BTreeSet<&str> = ledger.iter().map(|e| e["object_id"].as_str().unwrap()).collect();
    for publication in &publications {
        match publication["state"].as_str().unwrap() {
            "published" => {
                assert!(live.contains(publication["platform_post_id"].as_str().unwrap()), "{publication}");
            }
            "unconfirmed" => assert_eq!(publication["needs_person"], true, "{publication}"),
            other => assert!(matches!(other, "failed" | "missed"), "{publication}"),
        }
    }
    let published = publications.iter().filter(|p| p["state"] == "published").count();
    let doubtful = publications.iter().filter(|p| p["state"] == "unconfirmed").count();
    assert!(
        published <= live.len() && live.len() <= published + doubtful,
        "something is live that says it is not"
    );
    assert!(published >= 290, "the platform was healthy: {}", states(&publications));
    arena.close().await;
}

//! The timetable: every sweep at its time, and no sweep's trouble is another's.

use std::{sync::Arc, time::Duration};

use jobs::timetable::{Entry, run};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::history::History;

#[tokio::test(start_paused = true)]
async fn sweeps_run_at_the_start_and_then_each_at_its_pace() {
    let (history, shutdown) = (Arc::new(History::default()), CancellationToken::new());
    let entry = |name: &'static str, seconds: u64, result: Result<u64, String>| {
        let history = history.clone();
        Entry::new(name, Duration::from_secs(seconds), move || {
            history.add((name, Instant::now()));
            std::future::ready(result.clone())
        })
    };
    let entries = vec![entry("often", 1, Err("it fails every time".into())), entry("seldom", 30, Ok(7))];
    let running = tokio::spawn(run(entries, shutdown.clone()));
    let began = Instant::now();
    let of = |name: &'static str| move |event: &(&'static str, Instant)| event.0 == name;
    history
        .until("the second round", |events| events.iter().filter(|event| of("seldom")(event)).count() == 2)
        .await;
    assert_eq!(began.elapsed().as_secs(), 30);
    let often = history.count(of("often"));
    assert!((30..=31).contains(&often), "{often}");
    shutdown.cancel();
    running.await.unwrap();
}

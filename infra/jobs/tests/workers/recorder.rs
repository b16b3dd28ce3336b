//! The recorder: many results in one write, and none is forgotten.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::join_all;
use jobs::recorder::Recorder;
use publishing::{
    id::PublicationId,
    queue::{Claim, Next, Outcome, Queue},
};
use tokio::time::Instant;

use crate::memory_queue::{Happened, MemoryQueue, claimed};

/// Rows that are claimed, and what came of them.
fn results(queue: &MemoryQueue, count: usize) -> Vec<Outcome> {
    let outcome = |_| {
        let row = claimed(PublicationId::new());
        queue.put_claimed(Queue::Permit, &row);
        Outcome { claim: row.claim, next: Next::Failed, handles: None, entry: None }
    };
    (0..count).map(outcome).collect()
}

/// The sizes of the batches that were written.
fn batches(queue: &MemoryQueue) -> Vec<usize> {
    let size = |event: Happened| match event {
        Happened::Recorded(outcomes) => Some(outcomes.len()),
        _ => None,
    };
    queue.history.events().into_iter().filter_map(size).collect()
}

fn written(queue: &MemoryQueue) -> Vec<Claim> {
    let claims = |event: Happened| match event {
        Happened::Recorded(outcomes) => outcomes.into_iter().map(|outcome| outcome.claim).collect(),
        _ => vec![],
    };
    queue.history.events().into_iter().flat_map(claims).collect()
}

#[tokio::test(start_paused = true)]
async fn results_that_come_together_are_written_together() {
    let queue = Arc::new(MemoryQueue::default());
    let outcomes = results(&queue, 1_200);
    let recorder = Recorder::start(queue.clone());
    join_all(outcomes.iter().map(|outcome| recorder.record(outcome.clone()))).await;
    assert_eq!(batches(&queue), [500, 500, 200]);
    assert_eq!(written(&queue), outcomes.iter().map(|outcome| outcome.claim).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_single_result_waits_for_company_only_for_a_moment() {
    let queue = Arc::new(MemoryQueue::default());
    let outcome = results(&queue, 1).remove(0);
    let (recorder, began) = (Recorder::start(queue.clone()), Instant::now());
    recorder.record(outcome).await;
    assert!(began.elapsed() <= Duration::from_millis(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_outage_loses_no_result_and_nobody_is_told_too_early() {
    let queue = Arc::new(MemoryQueue::default());
    queue.record_outages.store(12, Ordering::SeqCst);
    let outcomes = results(&queue, 50);
    let (recorder, began) = (Recorder::start(queue.clone()), Instant::now());
    let record = async |outcome: &Outcome| {
        recorder.record(outcome.clone()).await;
        assert_eq!(queue.record_outages.load(Ordering::SeqCst), 0, "it is not written yet");
    };
    join_all(outcomes.iter().map(record)).await;
    assert_eq!(written(&queue), outcomes.iter().map(|outcome| outcome.claim).collect::<Vec<_>>());
    // Pauses that double from 50 ms up to a second.
    let pauses = Duration::from_millis(50 + 100 + 200 + 400 + 800 + 7 * 1_000);
    assert!(
        began.elapsed() >= pauses && began.elapsed() < pauses + Duration::from_millis(50),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_was_lost_holds_nobody_up() {
    let queue = Arc::new(MemoryQueue::default());
    let mut outcomes = results(&queue, 2);
    outcomes[0].claim.epoch -= 1;
    let recorder = Recorder::start(queue.clone());
    join_all(outcomes.iter().map(|outcome| recorder.record(outcome.clone()))).await;
    assert_eq!(written(&queue), [outcomes[1].claim]);
}

#[tokio::test(start_paused = true)]
async fn what_was_handed_over_is_written_although_nobody_waits_for_it() {
    let queue = Arc::new(MemoryQueue::default());
    let outcomes = results(&queue, 3);
    let recorder = Recorder::start(queue.clone());
    for outcome in &outcomes {
        // The result is handed over by the first poll; then whoever waited is gone.
        assert!(futures::poll!(std::pin::pin!(recorder.record(outcome.clone()))).is_pending());
    }
    drop(recorder);
    queue.history.until("everything is written", |_| written(&queue).len() == 3).await;
}

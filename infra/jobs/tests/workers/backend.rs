//! The back end: as many rows as there are hands, no sooner and no later than they are due.

use std::{
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use apalis_core::{backend::Backend, worker::context::WorkerContext};
use jobs::{
    backend::{Capacity, DueBackend, Held},
    wake::Bell,
};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::pond::{Asked, Pond};

struct Stage {
    pond: Arc<Pond>,
    backend: DueBackend<Pond>,
    bell: Bell,
    shutdown: CancellationToken,
}

impl Stage {
    fn set(pond: Arc<Pond>, rows: usize, batch: usize) -> Self {
        let (bell, shutdown) = (Bell::default(), CancellationToken::new());
        let capacity = Capacity { rows, batch, pace: Duration::ZERO };
        let backend = DueBackend::start(pond.clone(), capacity, &bell, shutdown.clone());
        Self { pond, backend, bell, shutdown }
    }

    async fn take(&mut self) -> Held<u32> {
        let context = WorkerContext::new("a worker");
        let next = poll_fn(|cx| self.backend.poll_next(cx, &context));
        next.await.expect("the back end ended").unwrap().args
    }

    async fn close(&mut self) {
        let context = WorkerContext::new("a worker");
        poll_fn(|cx| self.backend.poll_close(cx, &context)).await.unwrap();
    }
}

/// Whether two instants are so far apart; timers are exact to a millisecond, and two may add up.
fn apart(from: Instant, to: Instant, wait: Duration) -> bool {
    (wait..wait + Duration::from_millis(5)).contains(&(to - from))
}

#[tokio::test(start_paused = true)]
async fn every_free_hand_gets_a_row_and_no_more() {
    let mut stage = Stage::set(Pond::with(0..10), 4, 3);
    let mut held = vec![];
    for row in 0..4 {
        held.push(stage.take().await);
        assert_eq!(held.last().unwrap().row, row);
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(stage.pond.limits(), [3, 1], "with full hands nothing is claimed");
    held.truncate(2);
    for row in 4..6 {
        held.push(stage.take().await);
        assert_eq!(held.last().unwrap().row, row);
    }
    assert_eq!(stage.pond.rows.lock().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_full_claim_is_followed_by_another_at_once() {
    let stage = Stage::set(Pond::with(0..7), 100, 3);
    let (first, _) = stage.pond.claim(1).await;
    let (third, limit) = stage.pond.claim(3).await;
    assert!(apart(first, third, Duration::ZERO), "{:?}", third - first);
    assert_eq!((limit, stage.pond.rows.lock().unwrap().len()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn the_next_claim_is_made_when_the_next_row_is_due() {
    let wait = Duration::from_millis(1_234);
    let stage = Stage::set(Pond::with(0..0), 4, 4);
    *stage.pond.next_due.lock().unwrap() = Some(wait);
    let (first, _) = stage.pond.claim(1).await;
    let (second, _) = stage.pond.claim(2).await;
    assert!(apart(first, second, wait), "{:?}", second - first);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_in_sight_the_heart_still_beats() {
    let stage = Stage::set(Pond::with(0..0), 4, 4);
    let (first, _) = stage.pond.claim(1).await;
    let (second, _) = stage.pond.claim(2).await;
    assert!(apart(first, second, Duration::from_secs(5)), "{:?}", second - first);
    *stage.pond.next_due.lock().unwrap() = Some(Duration::from_hours(1));
    let (third, _) = stage.pond.claim(3).await;
    let (fourth, _) = stage.pond.claim(4).await;
    assert!(apart(third, fourth, Duration::from_secs(5)), "a far due time is no reason to sleep longer");
}

#[tokio::test(start_paused = true)]
async fn the_bell_wakes_a_sleeper() {
    let stage = Stage::set(Pond::with(0..0), 4, 4);
    stage.pond.claim(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rung = Instant::now();
    stage.bell.ring();
    let (second, _) = stage.pond.claim(2).await;
    assert!(apart(rung, second, Duration::ZERO), "{:?}", second - rung);
}

#[tokio::test(start_paused = true)]
async fn a_bell_that_rings_during_a_claim_is_not_missed() {
    let pond = Pond::with(0..0);
    pond.gate.forget_permits(Semaphore::MAX_PERMITS);
    let stage = Stage::set(pond, 4, 4);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(stage.pond.history.events().is_empty(), "the claim is on its way");
    stage.bell.ring();
    stage.pond.gate.add_permits(2);
    let answered = Instant::now();
    let (second, _) = stage.pond.claim(2).await;
    assert!(apart(answered, second, Duration::ZERO), "{:?}", second - answered);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_is_asked_again_until_it_answers() {
    let pond = Pond::with(0..1);
    pond.outages.store(20, Ordering::SeqCst);
    let mut stage = Stage::set(pond, 4, 4);
    let began = Instant::now();
    assert_eq!(stage.take().await.row, 0);
    assert_eq!(stage.pond.limits().len(), 21);
    let away = began.elapsed();
    assert!(away >= Duration::from_secs(5) && away < Duration::from_millis(5_200), "{away:?}");
}

#[tokio::test(start_paused = true)]
async fn between_two_claims_there_is_always_the_pace() {
    let (pond, bell) = (Pond::with(0..9), Bell::default());
    let capacity = Capacity { rows: 100, batch: 1, pace: Duration::from_secs(2) };
    let backend = DueBackend::start(pond.clone(), capacity, &bell, CancellationToken::new());
    let (first, _) = pond.claim(1).await;
    bell.ring();
    let (second, _) = pond.claim(2).await;
    // The pace is counted by the real clock, which does not stand still here.
    let paced = second - first;
    assert!(paced > Duration::from_secs(1) && paced <= Duration::from_millis(2_005), "{paced:?}");
    drop(backend);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_what_nobody_began_goes_back_and_nothing_more_is_claimed() {
    let mut stage = Stage::set(Pond::with(0..5), 5, 5);
    let begun = [stage.take().await, stage.take().await];
    stage.shutdown.cancel();
    stage.close().await;
    assert_eq!(stage.pond.history.events().pop(), Some(Asked::GivenBack(vec![2, 3, 4])));
    drop(begun);
    stage.pond.rows.lock().unwrap().push_back(9);
    stage.bell.ring();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(stage.pond.limits().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_in_hand_the_end_is_quiet() {
    let mut stage = Stage::set(Pond::with(0..0), 5, 5);
    stage.pond.claim(1).await;
    stage.shutdown.cancel();
    stage.close().await;
    assert_eq!(stage.pond.history.count(|asked| matches!(asked, Asked::GivenBack(_))), 0);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_on_its_way_at_the_end_goes_back_too() {
    let pond = Pond::with(0..3);
    pond.gate.forget_permits(Semaphore::MAX_PERMITS);
    let mut stage = Stage::set(pond.clone(), 5, 5);
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.shutdown.cancel();
    let answer = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pond.gate.add_permits(1);
    };
    tokio::join!(stage.close(), answer);
    assert_eq!(pond.history.events().pop(), Some(Asked::GivenBack(vec![0, 1, 2])));
}

//! The fetcher: claims as many due rows as there are free slots, then sleeps until the next is due or somebody rings.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, mpsc::UnboundedSender, watch};
use tokio_util::sync::CancellationToken;

use crate::{hold::Held, source::DueRows};

/// The longest sleep: a notification can be lost with its connection, a due row must not be.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// The pause after the source did not answer.
pub(crate) const OUTAGE_PAUSE: Duration = Duration::from_millis(250);
/// How long a claim waits until a good part of the slots is free: many small claims cost the database far more than a few large
/// ones, and until then there is enough in hand.
const GATHER: Duration = Duration::from_millis(500);

pub(crate) struct Fetcher<S: DueRows> {
    pub(crate) source: Arc<S>,
    pub(crate) slots: Arc<Semaphore>,
    /// Most rows per claim.
    pub(crate) batch: usize,
    /// Free slots that are worth a claim.
    pub(crate) room: usize,
    /// The shortest time between two claims, so that a busy second makes many rows per claim and not many claims.
    pub(crate) pace: Duration,
    pub(crate) bell: watch::Receiver<u64>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) rows: UnboundedSender<Held<S::Row>>,
}

impl<S: DueRows> Fetcher<S> {
    pub(crate) async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            self.bell.mark_unchanged();
            tokio::select! {
                () = shutdown.cancelled() => return,
                free = self.free_slots() => if !free { return },
            }
            // A claim is never dropped half-way: rows would be ours without anybody knowing.
            let Some(pause) = self.round().await else { return };
            tokio::time::sleep(self.pace.saturating_sub(began.elapsed())).await;
            if pause.is_zero() {
                continue;
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                rung = self.bell.changed() => if rung.is_err() { return },
            }
        }
    }

    /// Waits for room, or at least for one free slot.
    async fn free_slots(&self) -> bool {
        let room = self.slots.acquire_many(u32::try_from(self.room.max(1)).unwrap_or(u32::MAX));
        drop(tokio::time::timeout(GATHER, room).await);
        self.slots.acquire().await.is_ok()
    }

    /// One claim of as many rows as there are free slots. Says how long to sleep; `None` when nobody takes rows any more.
    async fn round(&self) -> Option<Duration> {
        let limit = self.slots.available_permits().min(self.batch);
        let asked_at = Instant::now();
        let Ok(rows) = self.source.claim(limit).await else { return Some(OUTAGE_PAUSE) };
        let (claimed_at, full) = (Instant::now(), rows.len() == limit);
        metrics::counter!("postern_claimed_total", "queue" => self.source.name())
            .increment(rows.len() as u64);
        for row in rows {
            let slot = self.slots.clone().try_acquire_owned().ok()?;
            self.rows.send(Held { row, asked_at, claimed_at, _slot: slot }).ok()?;
        }
        if full {
            return Some(Duration::ZERO);
        }
        match self.source.next_due().await {
            Ok(Some(due)) => Some(due.min(HEARTBEAT)),
            Ok(None) => Some(HEARTBEAT),
            Err(_) => Some(OUTAGE_PAUSE),
        }
    }
}

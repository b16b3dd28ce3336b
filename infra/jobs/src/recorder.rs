//! Results in batches: one durable write for many. Committing each alone would cap the machine at a few thousand a second.

use std::{sync::Arc, time::Duration};

use publishing::queue::{Outcome, PublicationQueue};
use tokio::sync::{mpsc, oneshot};

/// How long the first result waits for company.
const LINGER: Duration = Duration::from_millis(3);
/// Most results in one statement.
const BATCH: usize = 500;
/// The longest pause between two tries while the database is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

struct Entry {
    outcome: Outcome,
    written: oneshot::Sender<()>,
}

/// Writes results. Cloning shares it; the writer ends when the last clone is gone and everything is written.
#[derive(Clone)]
pub struct Recorder {
    entries: mpsc::UnboundedSender<Entry>,
}

impl Recorder {
    /// Starts the writer.
    pub fn start(queue: Arc<dyn PublicationQueue>) -> Self {
        let (entries, receiver) = mpsc::unbounded_channel();
        tokio::spawn(write(queue, receiver));
        Self { entries }
    }

    /// Writes one result and waits until it is durable or its claim turned out to be lost.
    pub async fn record(&self, outcome: Outcome) {
        let (written, wait) = oneshot::channel();
        if self.entries.send(Entry { outcome, written }).is_ok() {
            // An error means the writer is gone, which happens at the end of the process only.
            let _ = wait.await;
        }
    }
}

async fn write(queue: Arc<dyn PublicationQueue>, mut entries: mpsc::UnboundedReceiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = entries.recv().await {
        batch.push(first);
        if entries.len() + 1 < BATCH {
            tokio::time::sleep(LINGER).await;
        }
        while batch.len() < BATCH {
            match entries.try_recv() {
                Ok(entry) => batch.push(entry),
                Err(_) => break,
            }
        }
        let (outcomes, waiting): (Vec<_>, Vec<_>) = batch.drain(..).map(|e| (e.outcome, e.written)).unzip();
        write_batch(queue.as_ref(), &outcomes).await;
        for written in waiting {
            // Whoever waited may have gone; the result is written all the same.
            let _ = written.send(());
        }
    }
}

/// Tries until the database takes it: what a platform answered must not be forgotten because the database was restarting. Writing
/// twice is harmless, the second time the claims do not hold.
async fn write_batch(queue: &dyn PublicationQueue, outcomes: &[Outcome]) {
    let mut pause = Duration::from_millis(50);
    loop {
        match queue.record(outcomes).await {
            Ok(written) => {
                let lost = outcomes.len().saturating_sub(written.len());
                if lost > 0 {
                    metrics::counter!("postern_claims_lost_total").increment(lost as u64);
                    tracing::info!(lost, "results of claims that were taken over were not written");
                }
                return;
            }
            Err(_) => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

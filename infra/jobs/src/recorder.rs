//! Results in batches: one durable write for many. Committing each alone would cap the machine at a few thousand a second.

use std::{sync::Arc, time::Duration};

use publishing::queue::{Outcome, PublicationQueue};

use crate::batch::Batches;

/// The longest pause between two tries while the database is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Writes results. Cloning shares it; the writer ends when the last clone is gone and everything is written.
#[derive(Clone)]
pub struct Recorder {
    outcomes: Batches<Outcome>,
}

impl Recorder {
    /// Starts the writer.
    pub fn start(queue: Arc<dyn PublicationQueue>) -> Self {
        let write = move |outcomes: Vec<Outcome>| {
            let queue = queue.clone();
            async move { write_batch(queue.as_ref(), &outcomes).await }
        };
        Self { outcomes: Batches::start(write) }
    }

    /// Writes one result and waits until it is durable or its claim turned out to be lost.
    pub async fn record(&self, outcome: Outcome) {
        self.outcomes.add(outcome).await;
    }
}

/// Tries until the database takes it: what a platform answered must not be forgotten because the database was restarting. Writing
/// twice is harmless, the second time the claims do not hold.
async fn write_batch(queue: &dyn PublicationQueue, outcomes: &[Outcome]) {
    let mut pause = Duration::from_millis(50);
    loop {
        if let Ok(written) = queue.record(outcomes).await {
            let lost = outcomes.len().saturating_sub(written.len());
            if lost > 0 {
                metrics::counter!("postern_claims_lost_total").increment(lost as u64);
                tracing::info!(lost, "results of claims that were taken over were not written");
            }
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

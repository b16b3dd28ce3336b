//! Results in batches: one durable write for many. Committing each alone would cap the machine at a few thousand a second.

use std::{pin::Pin, sync::Arc, time::Duration};

use publishing::queue::{Outcome, PublicationQueue};

use crate::batch::Batches;

/// The longest pause between two tries while the database is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a result that nobody waits for waits for company.
const PATIENCE: Duration = Duration::from_millis(200);

/// Writes results. Cloning shares it; the writer ends when the last clone is gone and everything is written.
#[derive(Clone)]
pub struct Recorder {
    outcomes: Batches<Outcome>,
}

impl Recorder {
    /// Starts the writer.
    pub fn start(queue: Arc<dyn PublicationQueue>) -> Self {
        Self { outcomes: Batches::start(writer(queue)) }
    }

    /// Starts a writer for results that nobody waits for: larger batches cost the database less.
    pub fn patient(queue: Arc<dyn PublicationQueue>) -> Self {
        Self { outcomes: Batches::lingering(PATIENCE, writer(queue)) }
    }

    /// Writes one result and waits until it is durable or its claim turned out to be lost.
    pub async fn record(&self, outcome: Outcome) {
        self.outcomes.add(outcome).await;
    }
}

fn writer(
    queue: Arc<dyn PublicationQueue>,
) -> impl Fn(Vec<Outcome>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send {
    move |outcomes| {
        let queue = queue.clone();
        Box::pin(async move { write_batch(queue.as_ref(), &outcomes).await })
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

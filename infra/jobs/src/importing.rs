//! The import workers: claimed imports, some rows at a time.

use std::{sync::Arc, time::Duration};

use apalis::{
    layers::WorkerBuilderExt,
    prelude::{Data, WorkerBuilder},
};
use async_trait::async_trait;
use publishing::import::{ImportError, Imports, store::Claim};
use tokio_util::sync::CancellationToken;

use crate::{
    backend::{Capacity, DueBackend, Held},
    source::{DueRows, SourceUnavailable},
    wake::Bell,
};

/// Imports that one process works on at once. Each is one statement after the other; more would only wait for the database.
const AT_ONCE: usize = 2;
/// Batches of one import before the others have their turn.
const TURN: usize = 25;

/// Imports that are due.
struct DueImports(Arc<Imports>);

#[async_trait]
impl DueRows for DueImports {
    type Row = Claim;

    fn name(&self) -> &'static str {
        "imports"
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claim>, SourceUnavailable> {
        self.0.store.claim(limit).await.map_err(|_| SourceUnavailable)
    }

    async fn next_due(&self) -> Result<Option<Duration>, SourceUnavailable> {
        self.0.store.next_due().await.map_err(|_| SourceUnavailable)
    }

    async fn give_back(&self, rows: Vec<Claim>) {
        for claim in rows {
            // What cannot be given back is due again when its lease is over.
            let _ = self.0.store.give_back(claim).await;
        }
    }
}

/// The import workers of one process.
pub struct ImportWorkers {
    /// What to do with an import.
    pub imports: Arc<Imports>,
    /// Rings when an import may be due.
    pub bell: Bell,
}

/// What the handler needs besides the claim.
struct Hand {
    imports: Arc<Imports>,
    bell: Bell,
    shutdown: CancellationToken,
}

impl ImportWorkers {
    /// Works until shutdown; the batch in hand is finished, and the import given back.
    pub async fn run(self, shutdown: CancellationToken) {
        let source = Arc::new(DueImports(self.imports.clone()));
        let capacity = Capacity { rows: AT_ONCE, batch: AT_ONCE, pace: Duration::from_millis(20) };
        let backend = DueBackend::start(source, capacity, &self.bell, shutdown.clone());
        let hand = Hand { imports: self.imports, bell: self.bell, shutdown: shutdown.clone() };
        let worker = WorkerBuilder::new("imports")
            .backend(backend)
            .concurrency(AT_ONCE)
            .data(Arc::new(hand))
            .build(handle);
        let signal = async move {
            shutdown.cancelled().await;
            Ok::<(), std::io::Error>(())
        };
        if let Err(error) = worker.run_until(signal).await {
            tracing::error!(%error, "the import worker ended");
        }
    }
}

/// Works on one import for a turn, on a task of its own: a panic ends this turn only.
async fn handle(held: Held<Claim>, hand: Data<Arc<Hand>>) {
    let (claim, imports) = (held.row, hand.imports.clone());
    if tokio::spawn(async move { hand.turn(&held).await }).await.is_err() {
        metrics::counter!("postern_panics_total").increment(1);
        tracing::error!(import = %claim.import, "an import panicked; it is taken up again after a pause");
        let _ = imports.store.set_back(claim).await;
    }
}

impl Hand {
    async fn turn(&self, held: &Held<Claim>) {
        let claim = held.row;
        for _ in 0..TURN {
            if self.shutdown.is_cancelled() {
                break;
            }
            match self.imports.step(claim).await {
                Ok(true) | Err(ImportError::Changed) => {}
                Ok(false) | Err(ImportError::Lost) => return,
                Err(error) => {
                    tracing::warn!(%error, import = %claim.import, "an import waits");
                    // Where not even that is answered, it is due again when its lease is over.
                    let _ = self.imports.store.set_back(claim).await;
                    return;
                }
            }
        }
        let _ = self.imports.store.give_back(claim).await;
        self.bell.ring();
    }
}

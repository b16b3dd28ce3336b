//! A publication queue as a source of due rows.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use publishing::queue::{Claimed, PublicationQueue, Queue, WorkerId};

use crate::source::{DueRows, SourceUnavailable};

/// One of the queues.
pub(super) struct QueueSource {
    pub(super) rows: Arc<dyn PublicationQueue>,
    pub(super) queue: Queue,
    pub(super) worker: WorkerId,
}

#[async_trait]
impl DueRows for QueueSource {
    type Row = Claimed;

    fn name(&self) -> &'static str {
        match self.queue {
            Queue::Preparation => "preparation",
            Queue::Permit => "permit",
            Queue::Look => "look",
            Queue::FollowUp => "follow_up",
        }
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, SourceUnavailable> {
        self.rows.claim(self.queue, self.worker, limit).await.map_err(|_| SourceUnavailable)
    }

    async fn next_due(&self) -> Result<Option<Duration>, SourceUnavailable> {
        self.rows.next_due(self.queue).await.map_err(|_| SourceUnavailable)
    }

    async fn give_back(&self, rows: Vec<Claimed>) {
        let claims: Vec<_> = rows.iter().map(|row| row.claim).collect();
        // If this fails, the leases run out: the rows come back later instead of at once.
        if self.rows.give_back(self.queue, &claims).await.is_ok() {
            tracing::info!(queue = self.name(), count = claims.len(), "claims were handed back");
        }
    }
}

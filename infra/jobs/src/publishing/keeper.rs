//! Keeps the leases of what is in hand, for as long as it is.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use publishing::queue::{Claim, PublicationQueue};
use tokio_util::sync::CancellationToken;

/// The claims in hand.
#[derive(Clone, Default)]
pub(super) struct Keeper {
    claims: Arc<Mutex<HashSet<Claim>>>,
}

/// A claim in hand; its lease is not prolonged any more once this is dropped, even by a panic.
pub(super) struct Kept {
    keeper: Keeper,
    claim: Claim,
}

impl Keeper {
    /// Starts prolonging. Shutdown does not end it: what is in hand is being finished.
    pub(super) fn start(
        queue: Arc<dyn PublicationQueue>,
        lease: Duration,
        shutdown: CancellationToken,
    ) -> Self {
        let keeper = Self::default();
        let watched = keeper.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(lease / 3);
            loop {
                tick.tick().await;
                let claims = watched.in_hand();
                if claims.is_empty() && shutdown.is_cancelled() {
                    return;
                }
                if !claims.is_empty() {
                    // A lease that cannot be prolonged runs out; the fence keeps that harmless.
                    let _ = queue.keep(&claims).await;
                }
            }
        });
        keeper
    }

    fn in_hand(&self) -> Vec<Claim> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Takes a claim in hand.
    pub(super) fn keep(&self, claim: Claim) -> Kept {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).insert(claim);
        Kept { keeper: self.clone(), claim }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.claims.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.claim);
    }
}

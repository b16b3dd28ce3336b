//! Following up what this process just published, under the claim that published it.
//!
//! A claim of its own for every permalink would cost the database about as much as the permit did.

use std::{sync::Arc, time::Duration};

use publishing::{
    queue::{Claimed, Next, Outcome},
    step::{Moment, Steps},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::standing::Standing;
use crate::recorder::Recorder;

/// Most publications that wait here. Each keeps its row, about two kilobytes.
const PLACES: usize = 4_096;
/// How long whoever asks whether its claim stands waits for company: nobody waits for a permalink.
pub(super) const LINGER: Duration = Duration::from_millis(50);
/// How long the others leave what waits here alone. When this process ends before, they ask then.
const KEPT: Duration = Duration::from_secs(30);

/// Asks for permalinks.
pub(super) struct FollowUps {
    steps: Arc<Steps>,
    claims: Standing,
    recorder: Recorder,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    shutdown: CancellationToken,
}

/// A publication that is to be followed up here.
pub(super) struct Kept {
    row: Claimed,
    _place: OwnedSemaphorePermit,
}

impl FollowUps {
    /// `turns` are the calls that may be made at once, here and for what is claimed.
    pub(super) fn new(
        steps: Arc<Steps>,
        claims: Standing,
        recorder: Recorder,
        turns: Arc<Semaphore>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self { steps, claims, recorder, turns, places: Arc::new(Semaphore::new(PLACES)), shutdown })
    }

    /// Keeps what was published without its permalink, if there is room, and says so in the outcome, which is yet to be recorded.
    pub(super) fn keep(&self, row: &Claimed, outcome: &mut Outcome) -> Option<Kept> {
        let Next::Published { id, permalink: None, ask_after } = &mut outcome.next else { return None };
        let place = self.places.clone().try_acquire_owned().ok()?;
        *ask_after = KEPT;
        let row = Claimed { platform_post_id: Some(id.clone()), failures: 0, ..row.clone() };
        Some(Kept { row, _place: place })
    }

    /// Asks after a pause and writes the answer. At a shutdown whoever is not being asked about is left to others.
    pub(super) fn begin(self: &Arc<Self>, kept: Kept) {
        let this = self.clone();
        tokio::spawn(async move {
            let pause = tokio::time::sleep(this.steps.timing.follow_up_pause);
            let turn = tokio::select! {
                biased;
                () = this.shutdown.cancelled() => return,
                turn = async { pause.await; this.turns.acquire().await } => turn,
            };
            // The channel may be disconnected by now, and its token is not used any more then.
            if turn.is_err() || !this.claims.stands(kept.row.claim).await {
                return;
            }
            let outcome = this.steps.follow_up(&kept.row).await;
            drop(turn);
            this.steps.at(Moment::FollowedUp, &kept.row);
            this.recorder.record(outcome.clone()).await;
            this.steps.report(&kept.row, &outcome).await;
        });
    }
}

//! Preparation: everything that can be made beforehand, so that at the due time one short call is left.

use async_trait::async_trait;

use super::{Moment, Steps, line, outcome};
use crate::{
    publication::{Step, Verdict},
    publisher::{ClaimLost, Handles, Notebook, PrepareError, Readiness},
    queue::{Claimed, Next, Outcome, PublicationQueue},
    refusal::Reason,
};

/// Saves handles under the claim.
struct ClaimNotebook<'a> {
    queue: &'a dyn PublicationQueue,
    steps: &'a Steps,
    claimed: &'a Claimed,
}

#[async_trait]
impl Notebook for ClaimNotebook<'_> {
    async fn save(&self, handles: &Handles) -> Result<(), ClaimLost> {
        self.queue.save_handles(self.claimed.claim, handles).await?;
        self.steps.at(Moment::HandleSaved, self.claimed);
        Ok(())
    }
}

impl Steps {
    /// Prepares and asks whether it is ready. `None` means the claim was lost and there is nothing to write.
    pub async fn prepare(&self, queue: &dyn PublicationQueue, claimed: &Claimed) -> Option<Outcome> {
        if claimed.deadline_in.is_zero() {
            return Some(outcome(claimed, Next::Missed, Some(line(Step::Prepare, Verdict::GaveUp))));
        }
        let (publisher, mut work) = match self.work(claimed) {
            Ok(work) => work,
            Err(refusal) => return Some(self.refused(claimed, Step::Prepare, refusal, None)),
        };
        let notebook = ClaimNotebook { queue, steps: self, claimed };
        match publisher.prepare(&work, &notebook).await {
            Ok(handles) => work.handles = handles,
            Err(PrepareError::ClaimLost(ClaimLost)) => return None,
            // What was prepared is public already: an earlier call must have worked after all.
            Err(PrepareError::Refused(refusal))
                if refusal.reason == Reason::Duplicate && claimed.first_permitted_ago.is_some() =>
            {
                return Some(self.unclear(claimed, refusal.code));
            }
            Err(PrepareError::Refused(refusal)) => {
                return Some(self.refused(claimed, Step::Prepare, refusal, None));
            }
        }
        let handles = (!work.handles.is_empty()).then(|| work.handles.clone());
        Some(match publisher.check(&work).await {
            Ok(readiness) => self.prepared(claimed, readiness, handles),
            Err(refusal) => self.refused(claimed, Step::Prepare, refusal, handles),
        })
    }

    fn prepared(&self, claimed: &Claimed, readiness: Readiness, handles: Option<Handles>) -> Outcome {
        let (next, entry) = match readiness {
            // A caption needs no preparation: no line for a step in which nothing happened.
            Readiness::Ready if handles.is_none() => (Next::Ready, None),
            Readiness::Ready => (Next::Ready, Some(line(Step::Prepare, Verdict::Done))),
            Readiness::Processing => {
                (Next::Scheduled { after: self.timing.check_pause, start_over: false }, None)
            }
        };
        Outcome { claim: claimed.claim, next, handles, entry }
    }
}

//! Looking: what happened to a call whose answer does not tell.

use super::{Steps, line, outcome};
use crate::{
    publication::{Step, Verdict},
    publisher::{Finding, Live},
    queue::{Claimed, Entry, Next, Outcome},
    refusal::{Reason, Refusal, Remedy},
};

impl Steps {
    /// Asks the platform and decides: public, not public and safe to send again, or still unknown.
    pub async fn look(&self, claimed: &Claimed) -> Outcome {
        let (publisher, work) = match self.work(claimed) {
            Ok(work) => work,
            Err(refusal) => return self.cannot_look(claimed, refusal),
        };
        match publisher.find_published(&work).await {
            Finding::Live(Live { id, permalink }) => {
                let next = Next::Published { id, permalink, ask_after: self.timing.follow_up_pause };
                outcome(claimed, next, Some(line(Step::Look, Verdict::Done)))
            }
            Finding::NotLive { definite } if self.believable(claimed, definite) => {
                let next = if claimed.deadline_in.is_zero() { Next::Missed } else { Next::SendAgain };
                outcome(claimed, next, Some(line(Step::Look, Verdict::Absent)))
            }
            Finding::Gone if self.believable(claimed, false) => self.prepare_anew(claimed),
            Finding::NotLive { .. } | Finding::Gone | Finding::LiveWithoutId => {
                self.look_again(claimed, None)
            }
            Finding::CannotTell(code) => self.look_again(
                claimed,
                Some(Refusal { code, ..Refusal::of(Reason::PlatformUnavailable, Remedy::Retry) }),
            ),
            Finding::Refused(refusal) => self.cannot_look(claimed, refusal),
        }
    }

    /// An absence counts only once the call has certainly ended and the platform had time to show it.
    fn believable(&self, claimed: &Claimed, definite: bool) -> bool {
        let settle = if definite { self.timing.settle_definite } else { self.timing.settle };
        claimed.permitted_ago.is_some_and(|ago| ago >= settle)
    }

    /// Not public, and nothing is left that could be sent: it goes back to preparation instead of to a call that must fail.
    fn prepare_anew(&self, claimed: &Claimed) -> Outcome {
        let absent = line(Step::Look, Verdict::Absent);
        if claimed.deadline_in.is_zero() {
            return outcome(claimed, Next::Missed, Some(absent));
        }
        let after = self.timing.backoff(claimed.failures, (self.jitter)());
        let entry = Entry { reason: Some(Reason::PreparationLost), ..absent };
        outcome(claimed, Next::Scheduled { after, start_over: true }, Some(entry))
    }

    fn cannot_look(&self, claimed: &Claimed, refusal: Refusal) -> Outcome {
        match refusal.remedy {
            Remedy::GiveUp | Remedy::Reconnect => Self::undecided(claimed, Some(refusal)),
            Remedy::Retry | Remedy::PrepareAgain | Remedy::Wait(_) => self.look_again(claimed, Some(refusal)),
        }
    }

    fn look_again(&self, claimed: &Claimed, refusal: Option<Refusal>) -> Outcome {
        if claimed.permitted_ago.is_none_or(|ago| ago >= self.timing.look_deadline) {
            return Self::undecided(claimed, refusal);
        }
        let mut look_after = self.timing.look_backoff(claimed.looks);
        if let Some(Refusal { remedy: Remedy::Wait(time), .. }) = refusal {
            look_after = look_after.max(time);
        }
        let entry = refusal.map(|r| Entry {
            step: Step::Look,
            verdict: Verdict::Unclear,
            reason: Some(r.reason),
            code: r.code,
        });
        outcome(claimed, Next::Unconfirmed { look_after }, entry)
    }

    fn undecided(claimed: &Claimed, refusal: Option<Refusal>) -> Outcome {
        let entry = Entry {
            step: Step::Look,
            verdict: Verdict::Undecided,
            reason: refusal.map(|r| r.reason),
            code: refusal.map(|r| r.code).unwrap_or_default(),
        };
        outcome(claimed, Next::Undecided, Some(entry))
    }
}

//! Sending: the one irreversible call, made only under a permit that came back.

use super::{Steps, line, outcome};
use crate::{
    publication::{Step, Verdict},
    publisher::Published,
    queue::{Claimed, Entry, Next, Outcome},
    refusal::{PlatformCode, Reason, Refusal},
};

/// How many looks a platform's claim of a duplicate is worth before it counts as a refusal.
const MAX_DUPLICATE_LOOKS: i32 = 10;

impl Steps {
    /// Makes the call and judges the answer. Whatever is not the platform's own word for success or one of the definite
    /// refusals is unconfirmed: it may be public.
    pub async fn send(&self, claimed: &Claimed) -> Outcome {
        let (publisher, work) = match self.work(claimed) {
            Ok(work) => work,
            Err(refusal) => return self.refused(claimed, Step::Publish, refusal, None),
        };
        match publisher.publish(&work).await {
            Published::Live(live) => {
                let next = Next::Published {
                    id: live.id,
                    permalink: live.permalink,
                    ask_after: self.timing.follow_up_pause,
                };
                outcome(claimed, next, Some(line(Step::Publish, Verdict::Done)))
            }
            Published::Refused(refusal) if speaks_of_the_first_try(claimed, &refusal) => {
                self.unclear(claimed, refusal.code)
            }
            Published::Doubtful(refusal) if claimed.looks < MAX_DUPLICATE_LOOKS => {
                self.unclear(claimed, refusal.code)
            }
            Published::Refused(refusal) | Published::Doubtful(refusal) => {
                self.refused(claimed, Step::Publish, refusal, None)
            }
            Published::Unclear(code) => self.unclear(claimed, code),
        }
    }

    /// The worker itself does not know whether its call was made: the permit ran out, the task died.
    pub fn unclear(&self, claimed: &Claimed, code: PlatformCode) -> Outcome {
        let entry = Entry { step: Step::Publish, verdict: Verdict::Unclear, reason: None, code };
        outcome(claimed, Next::Unconfirmed { look_after: self.timing.look_pause }, Some(entry))
    }
}

/// "Posted before", "blocked for now", "no such container": said of a second try, these most likely speak of our own first one.
/// After enough looks they are believed, but for a container: it is what keeps a second try from being a second post, so only a
/// look, which asks the lists too, may give it up for another.
fn speaks_of_the_first_try(claimed: &Claimed, refusal: &Refusal) -> bool {
    let most = match refusal.reason {
        Reason::PreparationLost if claimed.handles.container.is_some() => i32::MAX,
        Reason::Duplicate | Reason::PolicyBlocked | Reason::PreparationLost => MAX_DUPLICATE_LOOKS,
        _ => return false,
    };
    (1..most).contains(&claimed.looks)
}

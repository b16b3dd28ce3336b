//! Following up: where people see the post. Nothing here can change that it is published.

use super::{Steps, outcome};
use crate::queue::{Claimed, Next, Outcome};

/// How often the permalink is asked for before Postern does without.
const MAX_FOLLOW_UPS: i32 = 8;

impl Steps {
    /// Asks for the permalink.
    pub async fn follow_up(&self, claimed: &Claimed) -> Outcome {
        let give_up = Next::FollowUp { permalink: None, after: None };
        let Some(id) = &claimed.platform_post_id else { return outcome(claimed, give_up, None) };
        let Ok((publisher, work)) = self.work(claimed) else { return outcome(claimed, give_up, None) };
        let next = match publisher.permalink(&work, id).await {
            Ok(Some(url)) => Next::FollowUp { permalink: Some(url), after: None },
            Ok(None) | Err(_) if claimed.failures < MAX_FOLLOW_UPS => {
                let after = self.timing.backoff(claimed.failures + 1, (self.jitter)());
                Next::FollowUp { permalink: None, after: Some(after) }
            }
            Ok(None) | Err(_) => give_up,
        };
        outcome(claimed, next, None)
    }
}

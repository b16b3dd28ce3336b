//! Preflight: looking, some time before it is due, whether a publication will go out, and warning early where it will not.
//!
//! The rules are those of validation and of a channel's health, applied to what was approved and to the instant at which it is
//! due; see [`findings`].

mod check;
mod store;
mod warning;

use std::{sync::Arc, time::Duration};

use tenancy::Clock;

pub use check::{Checkup, findings};
pub use store::{Look, PreflightStore, PreflightUnavailable};
pub use warning::{Change, Finding, Warning, renew};

/// How long before the due time it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leads {
    /// The early look, which leaves time to mend things.
    pub early: Duration,
    /// The late look.
    pub late: Duration,
}

impl Default for Leads {
    /// A day and an hour.
    fn default() -> Self {
        Self { early: Duration::from_hours(24), late: Duration::from_hours(1) }
    }
}

/// Which looks were due: the second counts as both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The early one.
    Early,
    /// The late one.
    Late,
}

/// The routine.
pub struct Preflight {
    /// Publications and what is known about them.
    pub store: Arc<dyn PreflightStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When it is looked.
    pub leads: Leads,
}

impl Preflight {
    /// Looks at no more than `limit` publications that are due for it, soonest first, and keeps what was found. Says how many were
    /// looked at. Doing it twice at once is harmless: nobody is told twice.
    pub async fn run(&self, limit: u32) -> Result<u64, PreflightUnavailable> {
        let due = self.store.due(self.leads, limit).await?;
        let look = |one: &Checkup| Look {
            publication: one.publication,
            plan_epoch: one.plan_epoch,
            stage: one.stage,
            findings: findings(one),
        };
        let looks: Vec<_> = due.iter().map(look).collect();
        if !looks.is_empty() {
            self.store.record(&looks, self.clock.now()).await?;
        }
        Ok(due.len() as u64)
    }
}

//! The port that carries the rules out.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::Rule;

/// A sweep that did not finish. What it already removed stays removed; the next one continues.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store or the file system does not answer.
    #[error("the sweep of {topic} could not reach what it sweeps")]
    Unavailable {
        /// The stable name of the topic.
        topic: &'static str,
        /// What went wrong there.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Removes what must be gone.
#[async_trait]
pub trait Sweep: Send + Sync {
    /// Carries out one rule on at most `limit` rows or files whose time counts from `before` or earlier, and says how many it
    /// removed or cleared. Fewer than `limit` means that nothing is left. Repeating it is harmless. Rules that go with what they
    /// belong to are never asked for, since [`Rule::cutoff`] is `None`.
    async fn sweep(&self, rule: &Rule, before: DateTime<Utc>, limit: u32) -> Result<u64, SweepError>;
}

//! The port to what preflight looks at.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Checkup, Finding, Leads, Stage};
use crate::id::PublicationId;

/// What a look came to.
#[derive(Debug, Clone)]
pub struct Look {
    /// Which publication.
    pub publication: PublicationId,
    /// Which plan of it.
    pub plan_epoch: i64,
    /// Which look was due.
    pub stage: Stage,
    /// What stands in the way.
    pub findings: Vec<Finding>,
}

/// The store could not be asked.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the database did not answer")]
pub struct PreflightUnavailable;

/// Publications that wait, and what was found about them.
#[async_trait]
pub trait PreflightStore: Send + Sync {
    /// Publications that are due for a look, soonest first: those that wait for a due time within a lead and were not looked at since,
    /// and those at risk whose last look is minutes old. What a worker takes within the next minute is left alone.
    async fn due(&self, leads: Leads, limit: u32) -> Result<Vec<Checkup>, PreflightUnavailable>;
    /// Keeps what was found about publications that still wait under the same plan, and tells, once, of what is new
    /// (`publication.at_risk`) and of what is well again (`publication.risk_cleared`), all in one transaction. Says how many were kept.
    async fn record(&self, looks: &[Look], now: DateTime<Utc>) -> Result<u64, PreflightUnavailable>;
}

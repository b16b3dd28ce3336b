//! Rows that say when their next step is due.

use std::time::Duration;

use async_trait::async_trait;

/// The rows could not be asked for.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the source did not answer")]
pub struct SourceUnavailable;

/// A source of due rows. Claiming makes them ours for a while; whoever claims late or twice is stopped by the rows' own fence.
#[async_trait]
pub trait DueRows: Send + Sync + 'static {
    /// A claimed row.
    type Row: Send + 'static;

    /// The name of the queue, for logs and metrics.
    fn name(&self) -> &'static str;
    /// Claims at most `limit` rows that are due.
    async fn claim(&self, limit: usize) -> Result<Vec<Self::Row>, SourceUnavailable>;
    /// How long until the next row is due.
    async fn next_due(&self) -> Result<Option<Duration>, SourceUnavailable>;
    /// Gives rows back that nobody began to work on.
    async fn give_back(&self, rows: Vec<Self::Row>);
}

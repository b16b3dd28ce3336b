//! The port to where posting schedules and queues are kept. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use scheduling::{ChannelSchedule, PostingSchedule, queue::Refill};
use tenancy::{Caller, WorkspaceId};

use super::{ChannelPosting, ChannelQueue, QueueChange, QueuePart, WorkspacePosting};
use crate::{id::ChannelId, post::PostError};

/// Keeps posting schedules and queues. Every method sees only what the caller reaches; all else is not found.
///
/// With a schedule everything that waits in the queues under it is settled, or nothing changes. `expected` is the version that
/// was read; [`PostError::Stale`] if there is another by now.
#[async_trait]
pub trait PostingStore: Send + Sync {
    /// The schedule of a workspace.
    async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<WorkspacePosting, PostError>;
    /// Changes it.
    async fn save_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        expected: Option<i64>,
        schedule: &PostingSchedule,
        refill: Refill,
    ) -> Result<WorkspacePosting, PostError>;
    /// The schedule of a channel.
    async fn channel(&self, caller: &Caller, id: ChannelId) -> Result<ChannelPosting, PostError>;
    /// Changes its own part, or with `None` ends that.
    async fn save_channel(
        &self,
        caller: &Caller,
        id: ChannelId,
        expected: Option<i64>,
        own: Option<&ChannelSchedule>,
    ) -> Result<ChannelPosting, PostError>;
    /// The queue of a channel, which knows enough of its other posts for so many additions.
    async fn queue(
        &self,
        caller: &Caller,
        id: ChannelId,
        additions: usize,
    ) -> Result<ChannelQueue, PostError>;
    /// Those of a queue whose slots come after an instant, by slot.
    async fn waiting(
        &self,
        caller: &Caller,
        id: ChannelId,
        after: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<QueuePart, PostError>;
    /// Changes the queue of a channel as a whole.
    async fn change(&self, caller: &Caller, id: ChannelId, change: &QueueChange) -> Result<(), PostError>;
}

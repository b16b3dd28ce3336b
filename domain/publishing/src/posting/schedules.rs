//! Posting schedules: the workspace's, and what a channel does differently.

use scheduling::{ChannelSchedule, PostingSchedule, queue::Refill};
use tenancy::{Caller, Scope, WorkspaceId};

use super::Posting;
use crate::{id::ChannelId, post::PostError};

/// When a workspace publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspacePosting {
    /// The slots. A workspace that never said anything has none, in its own zone.
    pub schedule: PostingSchedule,
    /// What happens to a slot that becomes free.
    pub refill: Refill,
    /// Counts changes; zero before the first.
    pub version: i64,
}

/// When a channel publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPosting {
    /// What it does differently, if anything.
    pub own: Option<ChannelSchedule>,
    /// What follows from that and the workspace's.
    pub effective: PostingSchedule,
    /// Counts changes of its own part; zero before the first.
    pub version: i64,
}

impl Posting {
    /// When a workspace publishes.
    pub async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<WorkspacePosting, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.workspace(caller, id).await
    }

    /// Says when a workspace publishes, if it still has the version that was read. Posts whose slots are none any more get
    /// others; refused if there are none.
    pub async fn change_workspace(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        expected: Option<i64>,
        schedule: &PostingSchedule,
        refill: Refill,
    ) -> Result<WorkspacePosting, PostError> {
        caller.may(Scope::PostsPublish)?;
        self.store.save_workspace(caller, id, expected, schedule, refill).await
    }

    /// When a channel publishes.
    pub async fn channel(&self, caller: &Caller, id: ChannelId) -> Result<ChannelPosting, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.channel(caller, id).await
    }

    /// Says what a channel does differently, or with `None` that it does nothing differently; as for a workspace.
    pub async fn change_channel(
        &self,
        caller: &Caller,
        id: ChannelId,
        expected: Option<i64>,
        own: Option<&ChannelSchedule>,
    ) -> Result<ChannelPosting, PostError> {
        caller.may(Scope::PostsPublish)?;
        self.store.save_channel(caller, id, expected, own).await
    }
}

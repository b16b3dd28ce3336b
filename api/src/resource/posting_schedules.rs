//! Posting schedules: the slots in which queued posts go out.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};
use publishing::{
    id::Channel,
    posting::{ChannelPosting, Posting, WorkspacePosting},
};
use tenancy::id::Workspace;

use super::{
    Chapter,
    posting_view::{ChannelTimes, OwnSchedule, WorkspaceSchedule},
};
use crate::{
    answer::Found,
    problem::Answer,
    request::{
        Access, IfMatch,
        permissions::{PublishPosts, ReadPosts},
    },
    strict::StrictJson,
    value::Id,
};

fn of_workspace(posting: WorkspacePosting) -> Found<WorkspaceSchedule> {
    let version = posting.version;
    Found::versioned(posting.into(), version)
}

fn of_channel(posting: ChannelPosting) -> Found<ChannelTimes> {
    let version = posting.version;
    Found::versioned(posting.into(), version)
}

/// Posting schedules.
pub struct PostingSchedulesResource {
    /// The use cases.
    pub posting: Arc<Posting>,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Queues")]
impl PostingSchedulesResource {
    /// Get the posting schedule of a workspace
    ///
    /// A workspace that never said anything has no slots, in its own zone.
    #[oai(path = "/workspaces/:id/posting_schedule", method = "get", operation_id = "getPostingSchedule")]
    async fn workspace(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<Workspace>>,
    ) -> Answer<Found<WorkspaceSchedule>> {
        Ok(of_workspace(self.posting.workspace(&caller, id.0.0).await?))
    }

    /// Replace the posting schedule of a workspace
    ///
    /// Posts that wait in queues keep their slots as far as these are still free slots, and otherwise get the next ones in the
    /// same order. If there are none for all of them, nothing changes and the answer is 409 with the code `queue_full`.
    #[oai(path = "/workspaces/:id/posting_schedule", method = "put", operation_id = "replacePostingSchedule")]
    async fn replace_workspace(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<Workspace>>,
        if_match: IfMatch,
        body: StrictJson<WorkspaceSchedule>,
    ) -> Answer<Found<WorkspaceSchedule>> {
        let StrictJson(body) = body;
        let (schedule, refill) = body.read()?;
        let expected = if_match.version();
        Ok(of_workspace(self.posting.change_workspace(&caller, id.0.0, expected, &schedule, refill).await?))
    }

    /// Get the posting schedule of a channel
    ///
    /// What it does differently from its workspace, and what follows from both.
    #[oai(
        path = "/channels/:id/posting_schedule",
        method = "get",
        operation_id = "getChannelPostingSchedule"
    )]
    async fn channel(&self, caller: Access<ReadPosts>, id: Path<Id<Channel>>) -> Answer<Found<ChannelTimes>> {
        Ok(of_channel(self.posting.channel(&caller, id.0.0).await?))
    }

    /// Replace the posting schedule of a channel
    ///
    /// What a channel does differently from its workspace. For those who wait the same holds as there.
    #[oai(
        path = "/channels/:id/posting_schedule",
        method = "put",
        operation_id = "replaceChannelPostingSchedule"
    )]
    async fn replace_channel(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<Channel>>,
        if_match: IfMatch,
        body: StrictJson<OwnSchedule>,
    ) -> Answer<Found<ChannelTimes>> {
        let StrictJson(body) = body;
        let own = body.read()?;
        Ok(of_channel(self.posting.change_channel(&caller, id.0.0, if_match.version(), Some(&own)).await?))
    }

    /// Delete the posting schedule of a channel
    ///
    /// From then on it publishes when its workspace does.
    #[oai(
        path = "/channels/:id/posting_schedule",
        method = "delete",
        operation_id = "deleteChannelPostingSchedule"
    )]
    async fn delete_channel(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<Channel>>,
        if_match: IfMatch,
    ) -> Answer<Found<ChannelTimes>> {
        Ok(of_channel(self.posting.change_channel(&caller, id.0.0, if_match.version(), None).await?))
    }
}

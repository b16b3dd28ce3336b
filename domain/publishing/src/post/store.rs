//! The port to where posts are kept. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use scheduling::Schedule;
use tenancy::{Caller, OrganizationId, WorkspaceId, idempotency::Fence};
use uuid::Uuid;

use super::{Composed, Post, PostError, PostView, Target};
use crate::{
    approval::Approval,
    content::{ApprovedContent, ContentHash},
    id::{ChannelId, MediaId, PostId, PublicationId},
    platform::Platform,
    post::Author,
    publication::{Attempt, Publication, State},
    status::PostStatus,
};

/// What validation needs to know about a channel.
#[derive(Debug, Clone)]
pub struct ChannelFacts {
    /// Which channel.
    pub id: ChannelId,
    /// Its platform.
    pub platform: Platform,
    /// Whether it is connected and its token is believed to work.
    pub usable: bool,
    /// Required scopes that were not granted.
    pub missing_scopes: Vec<String>,
}

/// What validation needs to know about a media asset.
#[derive(Debug, Clone)]
pub struct MediaFacts {
    /// Which asset.
    pub id: MediaId,
    /// Its content type.
    pub content_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// SHA-256 of the stored bytes, in hexadecimal.
    pub digest: String,
}

/// What validation needs to know.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The workspace's channels among those asked for.
    pub channels: Vec<ChannelFacts>,
    /// The workspace's media among those asked for.
    pub media: Vec<MediaFacts>,
    /// How late a post of this workspace may still go out.
    pub publish_late_by: std::time::Duration,
}

/// A publication to be written when a post is scheduled.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The id, if this channel has none yet.
    pub id: PublicationId,
    /// Where to.
    pub channel: ChannelId,
    /// The channel's platform.
    pub platform: Platform,
    /// Exactly what goes out.
    pub content: ApprovedContent,
    /// Its hash.
    pub content_hash: ContentHash,
    /// When.
    pub due_at: DateTime<Utc>,
    /// Until when it makes sense.
    pub deadline_at: DateTime<Utc>,
    /// When it is first touched: when preparation begins, or the permit where there is nothing to prepare.
    pub next_step_at: DateTime<Utc>,
}

impl Planned {
    /// The same at another time: as late as before it may still go out, and as early its first step is.
    #[must_use]
    pub fn moved(self, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let (late, lead) = (self.deadline_at - self.due_at, self.due_at - self.next_step_at);
        Self { due_at, deadline_at: due_at + late, next_step_at: (due_at - lead).max(now), ..self }
    }
}

/// A schedule to be written.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The approval all of them refer to.
    pub approval: Approval,
    /// One per channel.
    pub publications: Vec<Planned>,
}

/// A post that is scheduled, the first time or anew, and not saved yet.
#[derive(Debug, Clone)]
pub struct Rescheduled {
    /// The post as it is to be.
    pub post: Post,
    /// The version that it was made from.
    pub expected: i64,
    /// Its publications and their approval.
    pub plan: Plan,
}

/// An idempotency key under which many posts are to be made.
#[derive(Debug, Clone)]
pub struct BulkKey {
    /// The key's fence.
    pub fence: Fence,
    /// What is written down beside the key: names what was made, for who asks again.
    pub id: Uuid,
    /// The place of each post in the request; the others were not made.
    pub places: Vec<usize>,
    /// How many the request had.
    pub asked: usize,
}

/// Where in a list of changes one stands that could not be made, and why. Nothing of the list was.
pub type InTheWay = (usize, PostError);

/// Which posts to list.
#[derive(Debug, Clone, Default)]
pub struct PostFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only with this status.
    pub status: Option<PostStatus>,
    /// Only for this channel.
    pub channel: Option<ChannelId>,
    /// Only with a publication, of the channel if one is named, that is due at or after this instant; without publications, posts
    /// that are themselves.
    pub due_from: Option<DateTime<Utc>>,
    /// Only due before this instant in the same sense. With both, one publication is due between the two.
    pub due_before: Option<DateTime<Utc>>,
    /// After this one, newest first.
    pub after: Option<PostId>,
    /// At most so many.
    pub limit: usize,
}

/// Which publications to list.
#[derive(Debug, Clone, Default)]
pub struct PublicationFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only of this post.
    pub post: Option<PostId>,
    /// Only for this channel.
    pub channel: Option<ChannelId>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only those (not) waiting for a person.
    pub needs_person: Option<bool>,
    /// Only those that are (not) at risk, see [`crate::preflight`].
    pub at_risk: Option<bool>,
    /// After this one, newest first.
    pub after: Option<PublicationId>,
    /// At most so many.
    pub limit: usize,
}

/// A person's decision about an unconfirmed publication.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It is public, under this id.
    Live {
        /// The platform's id.
        id: String,
        /// Where people see it.
        permalink: Option<url::Url>,
    },
    /// It is not; send it (again) now, under this approval, if the last permit is so old that its call has ended.
    SendAgain(Box<Planned>, Approval, std::time::Duration),
}

/// Keeps posts and publications. Every method sees only what the caller reaches; all else is not found.
#[async_trait]
pub trait PostStore: Send + Sync {
    /// What validation needs, as far as the workspace owns it.
    async fn facts(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        channels: &[ChannelId],
        media: &[MediaId],
    ) -> Result<Option<Facts>, PostError>;
    /// Keeps a new draft. [`PostError::Superseded`], and nothing kept, if the key behind the fence is lost.
    async fn insert(&self, post: &Post, fence: Option<Fence>) -> Result<(), PostError>;
    /// Keeps new posts, and schedules those that have a plan. Says which of them are kept: all but those whose plan names a channel
    /// that was disconnected meanwhile. If `together`, either all are kept or none. What is kept is written down beside the key.
    async fn insert_all(
        &self,
        posts: &[Composed],
        together: bool,
        key: Option<&BulkKey>,
    ) -> Result<Vec<bool>, PostError>;
    /// What was made under a key of [`BulkKey`], by its place in the request; `None` if that is not known any more.
    async fn made(&self, caller: &Caller, bulk: Uuid) -> Result<Option<Vec<Option<PostId>>>, PostError>;
    /// Those of the posts that the caller reaches, with their publications, in no particular order.
    async fn get_all(&self, caller: &Caller, ids: &[PostId]) -> Result<Vec<PostView>, PostError>;
    /// [`Self::save`] for many: all of them or none.
    async fn save_together(&self, changes: &[Rescheduled]) -> Result<Vec<PostView>, InTheWay>;
    /// [`Self::cancel`] for many: all of them or none, and then everything that stood in the way.
    async fn cancel_together(&self, caller: &Caller, ids: &[PostId]) -> Result<Vec<PostView>, Vec<InTheWay>>;
    /// One post with its publications.
    async fn get(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError>;
    /// Posts, newest first.
    async fn list(&self, caller: &Caller, filter: &PostFilter) -> Result<Vec<PostView>, PostError>;
    /// Saves a changed post if its version is still `expected`, and with a plan its publications: those that are there are
    /// planned anew, those that are not are made, those of removed and unplanned targets are cancelled. Refused once
    /// publishing began. What is planned for a queue is moved to the slot that it holds there or gets; a slot that it leaves
    /// is refilled.
    async fn save(&self, post: &Post, expected: i64, plan: Option<&Plan>) -> Result<PostView, PostError>;
    /// Takes back every publication that can be, and marks the post. Refused if nothing can be taken back. Slots that it held
    /// in queues are refilled.
    async fn cancel(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError>;
    /// Takes a post out of every queue it waits in; refused if there is none. Publications with times of their own stay.
    async fn leave_queues(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError>;
    /// Deletes a post none of whose publications is, or may be, public. Slots that it held in queues are refilled.
    async fn delete(&self, caller: &Caller, id: PostId) -> Result<(), PostError>;
    /// One publication.
    async fn publication(&self, caller: &Caller, id: PublicationId) -> Result<Publication, PostError>;
    /// Publications, newest first.
    async fn publications(
        &self,
        caller: &Caller,
        filter: &PublicationFilter,
    ) -> Result<Vec<Publication>, PostError>;
    /// The history of a publication, oldest first.
    async fn attempts(&self, caller: &Caller, id: PublicationId) -> Result<Vec<Attempt>, PostError>;
    /// Plans one publication again, at a time that its channel has for itself from then on; only from states that can start over.
    async fn retry(
        &self,
        caller: &Caller,
        plan: &Planned,
        schedule: Schedule,
        approval: &Approval,
    ) -> Result<Publication, PostError>;
    /// Writes a person's decision; only while the publication is unconfirmed.
    async fn resolve(
        &self,
        caller: &Caller,
        id: PublicationId,
        decision: &Decision,
    ) -> Result<Publication, PostError>;
}

/// A draft as it comes in.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What is said.
    pub content: crate::content::Content,
    /// Where to.
    pub targets: Vec<Target>,
    /// Who writes it.
    pub author: Author,
    /// How late it may still go out; `None` means as its workspace says.
    pub late_limit: Option<tenancy::organization::LateLimit>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

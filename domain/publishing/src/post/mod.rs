//! Posts: writing, validating, scheduling, taking back, and deciding what nobody else can know.

mod cancel;
mod enqueue;
mod error;
mod read;
mod resolve;
mod schedule;
pub mod store;
pub mod validate;
mod write;

use chrono::{DateTime, Utc};
use scheduling::{Schedule, queue::Place};
use tenancy::{Actor, OrganizationId, WorkspaceId};

pub use error::{PostError, Violation};
pub use resolve::Resolution;
pub use schedule::{OwnTime, When};
pub use write::PostPatch;

use crate::{
    content::{Content, Override},
    id::{ChannelId, PostId},
    publication::Publication,
    status::{Part, PostStatus, derive},
};

/// A channel a post goes to, with what differs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which channel.
    pub channel: ChannelId,
    /// What differs.
    pub change: Override,
    /// When, there.
    pub time: TargetTime,
}

/// When a post goes out on one of its channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TargetTime {
    /// With the post.
    #[default]
    Post,
    /// At a time of its own.
    Own(Schedule),
    /// In a slot of the channel's queue. The place is where it is added if it does not wait there yet.
    Queued(Place),
    /// Not at all, until it is scheduled anew.
    Unplanned,
}

impl TargetTime {
    /// What is kept of it: one of a closed list.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Own(_) => "own",
            Self::Queued(_) => "queue",
            Self::Unplanned => "unplanned",
        }
    }
}

/// What the team writes.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What is said.
    pub content: Content,
    /// Where to.
    pub targets: Vec<Target>,
    /// When, as the team said it, on every channel without another time.
    pub schedule: Option<Schedule>,
    /// Whether it was scheduled and not taken back since.
    pub scheduled: bool,
    /// Counts every change; the entity tag.
    pub version: i64,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Post {
    /// When it goes out on a channel, if that is a time of its own or the post's.
    pub fn time_on(&self, target: &Target) -> Option<DateTime<Utc>> {
        match target.time {
            TargetTime::Post => self.schedule.map(|schedule| schedule.resolve()),
            TargetTime::Own(schedule) => Some(schedule.resolve()),
            TargetTime::Queued(_) | TargetTime::Unplanned => None,
        }
    }
}

/// Who wrote a post, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// The person who answers for it.
    pub person: tenancy::PersonId,
    /// The API key it came with, if any.
    pub api_key: Option<tenancy::ApiKeyId>,
}

impl From<&Actor> for Author {
    fn from(actor: &Actor) -> Self {
        let api_key = match actor {
            Actor::ApiKey { key, .. } => Some(*key),
            Actor::Member { .. } => None,
        };
        Self { person: actor.answerable(), api_key }
    }
}

/// A post with its publications.
#[derive(Debug, Clone)]
pub struct PostView {
    /// The post.
    pub post: Post,
    /// Its publications, in the order of its targets.
    pub publications: Vec<Publication>,
}

impl PostView {
    /// The status to show.
    pub fn status(&self) -> PostStatus {
        let part = |p: &Publication| Part { state: p.state, needs_person: p.needs_person };
        derive(&self.publications.iter().map(part).collect::<Vec<_>>())
    }
}

/// The use cases of posts.
pub struct Posts {
    /// Posts and publications.
    pub store: std::sync::Arc<dyn store::PostStore>,
    /// The time.
    pub clock: std::sync::Arc<dyn tenancy::Clock>,
    /// The pauses, for when preparation begins.
    pub timing: crate::timing::Timing,
}

//! Posts: writing, validating, scheduling, taking back, and deciding what nobody else can know.

mod bulk;
mod cancel;
mod compose;
mod enqueue;
mod error;
mod read;
mod resolve;
pub(crate) mod schedule;
pub mod store;
pub mod validate;
pub(crate) mod write;

use chrono::{DateTime, NaiveDateTime, Utc};
use scheduling::{Schedule, queue::Place};
use tenancy::{Actor, OrganizationId, WorkspaceId, organization::LateLimit};

pub use bulk::{Bulk, MAX_ITEMS, Wish};
pub use compose::Composed;
pub use error::{PostError, Violation};
pub use resolve::Resolution;
pub use schedule::{OwnTime, When};
pub use write::PostPatch;

use crate::{
    content::{Content, Override},
    id::{ChannelId, PostId, SeriesId},
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
    /// The time that the channel has for itself.
    pub const fn own(self) -> Option<Schedule> {
        match self {
            Self::Own(schedule) => Some(schedule),
            Self::Post | Self::Queued(_) | Self::Unplanned => None,
        }
    }

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
    /// How late it may still go out; `None` means as its workspace says.
    pub late_limit: Option<LateLimit>,
    /// Whether it was scheduled and not taken back since.
    pub scheduled: bool,
    /// Counts every change; the entity tag.
    pub version: i64,
    /// Who wrote it.
    pub author: Author,
    /// Which occurrence of a series it is, if it is one.
    pub occurrence: Option<OccurrenceKey>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// By what an occurrence of a series is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccurrenceKey {
    /// The series.
    pub series: SeriesId,
    /// The local time that the rule of the series gives it, wherever it was moved to.
    pub original: NaiveDateTime,
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

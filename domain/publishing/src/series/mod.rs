//! Series: posts that recur. A series is a content, channels, and a plan ([`scheduling::recurrence`]); its occurrences become
//! ordinary posts some days ahead, and from then on they are posts like any other.
//!
//! - **An occurrence becomes a post once.** What somebody does to that post by hand is not undone: a post that was taken back,
//!   changed or deleted stays so, until somebody restores the occurrence.
//! - **The series is a standing instruction** of whoever made it or changed it last. Whether they still may give it is asked
//!   again whenever posts are made. If not, or if a channel is gone, the series pauses and says why.
//! - **What changes the series changes its posts** in the same transaction, as long as they are not under way and nobody changed
//!   them by hand.

mod cancel;
mod change;
mod create;
mod instruction;
mod materialise;
mod occurrence;
mod read;
mod spacing;
mod split;
pub mod store;
#[cfg(test)]
mod tests;
mod validate;

use std::{collections::BTreeMap, fmt, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use scheduling::{
    LocalSchedule, Schedule,
    recurrence::{self, LAST_DAY, LONGEST_WINDOW_DAYS, Occurrence, variation},
};
use tenancy::{OrganizationId, WorkspaceId};

pub use self::{
    change::SeriesPatch,
    create::NewSeries,
    instruction::{Instructor, KeyStanding},
    occurrence::OccurrenceEdit,
    read::{OccurrenceView, Place, Window},
    split::SplitOff,
};
use crate::{
    content::{Content, Override},
    id::{PostId, SeriesId},
    post::{Author, Posts, Target},
    publication::{UnknownWord, words},
};

/// The most captions that the occurrences of a series use in turn.
pub const MOST_CAPTIONS: u32 = 50;
/// How many of the next occurrences are shown with a series.
pub const SHOWN_AHEAD: usize = 5;

words! {
    /// What a series does.
    SeriesStatus {
        /// It makes posts.
        Active => "active",
        /// It makes no posts until somebody resumes it.
        Paused => "paused",
        /// Somebody cancelled it; it stays so.
        Cancelled => "cancelled",
        /// Its last occurrence has passed.
        Ended => "ended",
    }
}

words! {
    /// Why a series was paused.
    PauseReason {
        /// The API key it came with was revoked, has expired, or may not publish there any more.
        KeyRevoked => "key_revoked",
        /// The person on whose word it publishes has left the organization, or may not publish any more.
        MemberRemoved => "member_removed",
        /// A channel is not connected, or its grant lacks permissions.
        ChannelNotConnected => "channel_not_connected",
        /// A channel does not accept the content any more; a picture may have been deleted.
        ContentRefused => "content_refused",
    }
}

words! {
    /// What became of an occurrence.
    OccurrenceState {
        /// It has no post yet; it gets one some days ahead.
        Planned => "planned",
        /// It has a post.
        Made => "made",
        /// It had a post, which somebody deleted.
        Deleted => "deleted",
        /// Somebody skipped it.
        Skipped => "skipped",
        /// The series was cancelled before.
        Cancelled => "cancelled",
        /// Its time passed before it got a post: it lay before the series was made, or the series was paused.
        Passed => "passed",
    }
}

/// Where a series stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesState {
    /// It makes posts.
    Active,
    /// It makes none, until somebody resumes it.
    Paused(PauseReason),
    /// It makes none any more.
    Cancelled,
}

/// A plan of posts.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What each of its posts says.
    pub content: Content,
    /// Where to.
    pub targets: Vec<Target>,
    /// Captions that occurrences use in turn in place of that of the content; may be empty.
    pub captions: Vec<String>,
    /// When.
    pub plan: recurrence::Series,
    /// What differs in single occurrences, by their original local times.
    pub edits: BTreeMap<NaiveDateTime, Override>,
    /// Where it stands.
    pub state: SeriesState,
    /// The first occurrence that may have no post yet; none where it is paused, cancelled, or has made all.
    pub next_at: Option<DateTime<Utc>>,
    /// On whose word it publishes: who made it, or changed it last.
    pub instructor: Author,
    /// Counts every change; the entity tag.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A series with what comes next.
#[derive(Debug, Clone)]
pub struct SeriesView {
    /// The series.
    pub series: Series,
    /// Its next occurrences, at most [`SHOWN_AHEAD`]: those whose posts wait for their time, and those that have none yet.
    pub next: Vec<Next>,
}

/// An occurrence that is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// By what it is known.
    pub original: NaiveDateTime,
    /// What the clocks of the series show when it is due.
    pub local: NaiveDateTime,
    /// When it is due: its post, where it has one.
    pub due: DateTime<Utc>,
    /// Its post, if it has one.
    pub post: Option<PostId>,
}

impl SeriesView {
    /// The status to show.
    pub fn status(&self) -> SeriesStatus {
        match self.series.state {
            SeriesState::Active if self.next.is_empty() => SeriesStatus::Ended,
            SeriesState::Active => SeriesStatus::Active,
            SeriesState::Paused(_) => SeriesStatus::Paused,
            SeriesState::Cancelled => SeriesStatus::Cancelled,
        }
    }
}

/// The use cases of series.
pub struct Recurrence {
    /// The use cases of posts: an occurrence becomes one, by the same rules.
    pub posts: Arc<Posts>,
    /// Where series are kept.
    pub store: Arc<dyn store::SeriesStore>,
    /// How long before its time an occurrence becomes a post.
    pub horizon: Duration,
}

impl Series {
    /// The occurrences from an instant on, in order, found lazily.
    pub fn upcoming(&self, from: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
        let window = TimeDelta::days(LONGEST_WINDOW_DAYS);
        let windows = std::iter::successors(Some(from), move |at| at.checked_add_signed(window));
        let possible = windows.take_while(|at| at.date_naive() <= LAST_DAY);
        possible.flat_map(move |at| self.plan.occurrences(at, at + window).into_iter().flatten())
    }

    /// What an occurrence says, before what differs per channel.
    pub(crate) fn content_at(&self, occurrence: &Occurrence) -> Content {
        let caption = self.varied(occurrence.index).to_owned();
        let plain = Content { caption, ..self.content.clone() };
        match self.edits.get(&occurrence.original) {
            Some(edit) => plain.with(edit),
            None => plain,
        }
    }

    /// The caption of an occurrence on one channel.
    fn caption_at<'a>(&'a self, occurrence: &Occurrence, target: &'a Target) -> &'a str {
        let edited = self.edits.get(&occurrence.original).and_then(|edit| edit.caption.as_deref());
        target.change.caption.as_deref().or(edited).unwrap_or_else(|| self.varied(occurrence.index))
    }

    /// The caption of an occurrence that nobody edited.
    fn varied(&self, index: u32) -> &str {
        let captions = u32::try_from(self.captions.len()).ok().and_then(NonZeroU32::new);
        let turn = captions.and_then(|captions| self.captions.get(variation(index, captions) as usize));
        turn.unwrap_or(&self.content.caption)
    }

    /// When the post of an occurrence is due, as intended.
    fn schedule_at(&self, occurrence: &Occurrence) -> Schedule {
        Schedule::Local(LocalSchedule { local: occurrence.local, zone: self.plan.start().zone })
    }

    /// The occurrence of a day by its original local time, in this plan, of what was known by another one in an earlier plan.
    fn counterpart(&self, original: NaiveDateTime) -> Option<NaiveDateTime> {
        Some(original.date().and_time(self.plan.start().local.time())).filter(|time| self.plan.has(*time))
    }
}

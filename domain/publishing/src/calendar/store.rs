//! The port to what is due when. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use scheduling::{Tz, calendar::Days};
use tenancy::{OrganizationId, WorkspaceId};

use super::{Coming, Entry, Position};
use crate::{
    id::{ChannelId, PostId, SeriesId},
    post::{OccurrenceKey, PostError, PostView},
    status::PostStatus,
};

/// What of a workspace's calendar. Nothing of another organization is ever selected.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Only due at or after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Only due before this instant.
    pub until: Option<DateTime<Utc>>,
    /// Only for these channels.
    pub channels: Option<Vec<ChannelId>>,
    /// Only with these statuses.
    pub statuses: Option<Vec<PostStatus>>,
    /// Together with the occurrences of series that have no post yet, before this instant; without any if there is none.
    pub planned_until: Option<DateTime<Utc>>,
}

/// Which part of the entries.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// After this one.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: u16,
    /// At most so many characters of each caption.
    pub caption: u32,
}

/// How many entries a day has for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count {
    /// The number of the day among those that were asked about, from zero.
    pub day: usize,
    /// The channel; none for posts that are not planned.
    pub channel: Option<ChannelId>,
    /// So many.
    pub entries: u64,
}

/// Reads calendars.
#[async_trait]
pub trait CalendarStore: Send + Sync {
    /// The zone of a workspace; none when the organization has no such workspace, or the workspace not all of these channels.
    async fn zone(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        channels: &[ChannelId],
    ) -> Result<Option<Tz>, PostError>;
    /// Entries that are kept, in the order of their positions; planned occurrences are not among them.
    async fn entries(&self, selection: &Selection, part: Part) -> Result<Vec<Entry>, PostError>;
    /// Series of the workspace that may have an occurrence without a post before an instant, in the order of their ids.
    async fn series(
        &self,
        selection: &Selection,
        before: DateTime<Utc>,
        after: Option<SeriesId>,
        limit: u16,
    ) -> Result<Vec<Coming>, PostError>;
    /// Those of these occurrences that became posts, also where the post is gone.
    async fn made(&self, occurrences: &[OccurrenceKey]) -> Result<Vec<OccurrenceKey>, PostError>;
    /// The posts that have entries, in the order of their ids.
    async fn posts_due(
        &self,
        selection: &Selection,
        after: Option<PostId>,
        limit: u16,
    ) -> Result<Vec<PostId>, PostError>;
    /// The entries of posts in the order of the posts' ids, with all of their captions.
    async fn entries_of(&self, selection: &Selection, posts: &[PostId]) -> Result<Vec<Entry>, PostError>;
    /// How many entries each day has for each channel, where it has any. The days bound the selection.
    async fn counts(&self, selection: &Selection, days: &Days) -> Result<Vec<Count>, PostError>;
    /// Posts in the order of their ids, drafts without a time only if the selection is not bounded by time. The statuses of the
    /// selection are those of whole posts: fewer than `limit` may be found before the end, which is where none is.
    async fn posts(
        &self,
        selection: &Selection,
        after: Option<PostId>,
        limit: u16,
    ) -> Result<Vec<PostView>, PostError>;
    /// A text that differs whenever an entry of the selection does, a planned occurrence or another.
    async fn fingerprint(&self, selection: &Selection) -> Result<String, PostError>;
}

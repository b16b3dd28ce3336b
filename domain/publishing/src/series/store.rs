//! The port to where series are kept. One method is one transaction.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use tenancy::{Caller, WorkspaceId, idempotency::Fence};

use super::{Instructor, PauseReason, Series};
use crate::{
    id::{PostId, SeriesId},
    post::{Post, PostError, PostView, store::Plan},
};

/// Which series to list.
#[derive(Debug, Clone, Default)]
pub struct SeriesFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// After this one, newest first.
    pub after: Option<SeriesId>,
    /// At most so many.
    pub limit: usize,
}

/// An occurrence that became a post.
#[derive(Debug, Clone)]
pub struct Made {
    /// By what it is known.
    pub original: NaiveDateTime,
    /// Its post, unless somebody deleted it.
    pub post: Option<PostView>,
    /// The version of the post that the series wrote. With another one, somebody changed it by hand.
    pub version: i64,
}

/// An occurrence that became a post, with when that is still to come.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Of which series.
    pub series: SeriesId,
    /// By what it is known.
    pub original: NaiveDateTime,
    /// Its post, unless somebody deleted it.
    pub post: Option<PostId>,
    /// When the first of its publications that wait for their time is due; none where none does.
    pub due: Option<DateTime<Utc>>,
}

/// A post to be made for an occurrence.
#[derive(Debug, Clone)]
pub struct NewOccurrence {
    /// By what it is known.
    pub original: NaiveDateTime,
    /// Its post.
    pub post: Post,
    /// The publications of the post.
    pub plan: Plan,
}

/// Posts to be made at once.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Of which series.
    pub series: SeriesId,
    /// The version of the series they were made from.
    pub version: i64,
    /// The posts.
    pub occurrences: Vec<NewOccurrence>,
    /// When the first occurrence after them is due.
    pub next_at: Option<DateTime<Utc>>,
}

/// What becomes of an occurrence that has a post, or had one.
#[derive(Debug, Clone)]
pub struct Adjustment {
    /// By what it is known before the change.
    pub original: NaiveDateTime,
    /// What it becomes.
    pub becomes: Becomes,
}

/// See [`Adjustment`].
#[derive(Debug, Clone)]
pub enum Becomes {
    /// Known by this; its post stays as it is.
    Known(NaiveDateTime),
    /// Known by this, with its post changed and planned anew.
    Planned {
        /// By what it is known.
        original: NaiveDateTime,
        /// The post as it becomes.
        post: Box<Post>,
        /// The version it must still have.
        expected: i64,
        /// Its publications.
        plan: Box<Plan>,
    },
    /// Still an occurrence, with its post taken back.
    TakenBack(PostId),
    /// No occurrence any more, or one without a post; its post, if there is one, is taken back and belongs to no series.
    Gone(Option<PostId>),
}

/// The second of two series that one was split into.
#[derive(Debug, Clone)]
pub struct Following {
    /// The new series.
    pub series: Series,
    /// Its first occurrence. This one and later ones become its own, before any adjustment.
    pub from: NaiveDateTime,
}

/// A change of a series with its consequences.
#[derive(Debug, Clone)]
pub struct Change {
    /// The series as it becomes.
    pub series: Series,
    /// The version it must still have.
    pub expected: i64,
    /// What is split off.
    pub following: Option<Following>,
    /// What becomes of occurrences: of those of the series that is split off, if there is one, else of the series.
    pub adjustments: Vec<Adjustment>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// Keeps series. What takes a caller sees only what the caller reaches; all else is not found.
#[async_trait]
pub trait SeriesStore: Send + Sync {
    /// Keeps a new series. [`PostError::Superseded`], and nothing kept, if the key behind the fence is lost.
    async fn insert(&self, series: &Series, fence: Option<Fence>) -> Result<(), PostError>;
    /// One series.
    async fn get(&self, caller: &Caller, id: SeriesId) -> Result<Series, PostError>;
    /// Series, newest first.
    async fn list(&self, caller: &Caller, filter: &SeriesFilter) -> Result<Vec<Series>, PostError>;
    /// Those of these occurrences that became posts, with the posts that are still there.
    async fn made(
        &self,
        id: SeriesId,
        originals: &[NaiveDateTime],
    ) -> Result<Vec<(NaiveDateTime, Option<PostId>)>, PostError>;
    /// The same with the posts as they are.
    async fn made_at(&self, id: SeriesId, originals: &[NaiveDateTime]) -> Result<Vec<Made>, PostError>;
    /// Of these series the occurrences that became posts and are, by their original local time or by their post's time, not
    /// before these.
    async fn known_since(
        &self,
        ids: &[SeriesId],
        original: NaiveDateTime,
        due: DateTime<Utc>,
    ) -> Result<Vec<Known>, PostError>;
    /// The occurrences that became posts and are, by their original local time or by their post's time, not before these.
    async fn made_since(
        &self,
        id: SeriesId,
        original: NaiveDateTime,
        due: DateTime<Utc>,
    ) -> Result<Vec<Made>, PostError>;
    /// Saves a changed series if its version is still `expected`, with everything that follows from it, or nothing of it.
    async fn save(&self, change: &Change) -> Result<(), PostError>;
    /// Hands out active series with an occurrence before an instant that may have no post yet, each to one worker for a minute.
    async fn claim(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Series>, PostError>;
    /// What is known of the one on whose word a series publishes.
    async fn instructor(&self, series: &Series) -> Result<Instructor, PostError>;
    /// Makes those posts of the batch whose occurrences have none, and says how many. [`PostError::Stale`], and none made, if
    /// the series has changed.
    async fn materialise(&self, batch: &Batch) -> Result<u64, PostError>;
    /// Pauses a series, if it has not changed, and tells of it.
    async fn pause(&self, series: &Series, reason: PauseReason) -> Result<(), PostError>;
}

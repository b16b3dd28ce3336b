//! Taking a calendar elsewhere, in batches: memory does not grow with the number of posts.

use std::collections::VecDeque;

use chrono::NaiveDate;
use scheduling::{
    Tz,
    calendar::{DaysError, end_of, start_of},
};
use tenancy::{Caller, WorkspaceId};

use super::{Calendar, Entry, Selection, view::ViewError};
use crate::{
    id::{ChannelId, PostId},
    post::{PostError, PostView},
    status::PostStatus,
};

/// How many things a batch has; captions may be long.
const BATCH: u16 = 100;

/// How many ids of posts are read ahead, in 800 kB: so that what is due is looked up by its time once for many batches.
const AHEAD: u16 = 50_000;

/// Which days, both included; without an end, all that there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    /// The zone of the days; the workspace's if nobody says.
    pub zone: Option<Tz>,
}

/// What is to be taken.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose calendar.
    pub workspace: WorkspaceId,
    /// Which days.
    pub range: Range,
    /// Only for this channel.
    pub channel: Option<ChannelId>,
    /// Only with this status.
    pub status: Option<PostStatus>,
}

/// What an export still has to write. It goes by posts in the order of their ids, which never change, and all that a post has is
/// read at once: what moves while it is written, or is planned only then, neither comes twice nor is left out.
#[derive(Debug, Clone, Default)]
pub struct Unwritten {
    posts: VecDeque<PostId>,
    after: Option<PostId>,
    is_last: bool,
}

impl Calendar {
    /// What an export reads, for a caller who may.
    pub async fn select(&self, caller: &Caller, wanted: &Wanted) -> Result<Selection, ViewError> {
        let own = self.enter(caller, wanted.workspace, wanted.channel).await?;
        let Range { from, to, zone } = wanted.range;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(DaysError::Backwards.into());
        }
        let zone = zone.unwrap_or(own);
        Ok(Selection {
            from: from.map(|date| start_of(date, zone)),
            until: to.map(|date| end_of(date, zone)),
            channels: wanted.channel.map(|channel| vec![channel]),
            statuses: wanted.status.map(|status| vec![status]),
            ..Selection::of(caller.organization, wanted.workspace)
        })
    }

    /// The next entries, with all of their captions; none after the last.
    pub async fn entries(
        &self,
        selection: &Selection,
        unwritten: &mut Unwritten,
    ) -> Result<Vec<Entry>, PostError> {
        loop {
            if unwritten.posts.is_empty() && !unwritten.is_last {
                let posts = self.store.posts_due(selection, unwritten.after, AHEAD).await?;
                unwritten.is_last = posts.len() < AHEAD.into();
                unwritten.after = posts.last().copied();
                unwritten.posts = posts.into();
            }
            let count = unwritten.posts.len().min(BATCH.into());
            let posts: Vec<PostId> = unwritten.posts.drain(..count).collect();
            if posts.is_empty() {
                return Ok(Vec::new());
            }
            // What moved out of the selection meanwhile is not in it any more.
            let entries = self.store.entries_of(selection, &posts).await?;
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    /// The next posts in order of creation; none after the last.
    pub async fn posts(
        &self,
        selection: &Selection,
        after: Option<PostId>,
    ) -> Result<Vec<PostView>, PostError> {
        self.store.posts(selection, after, BATCH).await
    }
}

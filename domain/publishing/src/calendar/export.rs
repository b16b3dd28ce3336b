//! Taking a calendar elsewhere, in batches: memory does not grow with the number of posts.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use scheduling::{
    Tz,
    calendar::{DaysError, end_of, start_of},
};
use tenancy::{Caller, WorkspaceId};

use super::{Calendar, Entry, EntryStatus, Part, Position, Selection, planned::First, view::ViewError};
use crate::{
    id::{ChannelId, PostId},
    post::{PostError, PostView},
};

/// How many things a batch has; captions may be long.
const BATCH: u16 = 100;

/// How far ahead occurrences of series are exported, in days: most series have no end.
const PLANNED_AHEAD: TimeDelta = TimeDelta::days(366);

/// How many days of planned occurrences are looked at together.
const DAYS_AT_ONCE: TimeDelta = TimeDelta::days(14);

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
    pub status: Option<EntryStatus>,
}

/// What an export still has to write. It goes by posts in the order of their ids, which never change, and all that a post has is
/// read at once: what moves while it is written, or is planned only then, neither comes twice nor is left out.
#[derive(Debug, Clone, Default)]
pub struct Unwritten {
    posts: VecDeque<PostId>,
    after: Option<PostId>,
    is_last: bool,
    /// The planned occurrences come last: from this instant on, and behind this position.
    planned_from: Option<DateTime<Utc>>,
    planned_after: Option<Position>,
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
        let until = to.map(|date| end_of(date, zone));
        let selection = Selection {
            from: from.map(|date| start_of(date, zone)),
            until,
            channels: wanted.channel.map(|channel| vec![channel]),
            ..Selection::of(caller.organization, wanted.workspace)
        };
        let year = self.clock.now() + PLANNED_AHEAD;
        let planned_until = until.map_or(year, |until: DateTime<Utc>| until.min(year));
        Ok(selection.standing(wanted.status.as_ref().map(std::slice::from_ref), planned_until))
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
                return self.planned(selection, unwritten).await;
            }
            // What moved out of the selection meanwhile is not in it any more.
            let entries = self.store.entries_of(selection, &posts).await?;
            if !entries.is_empty() {
                return Ok(entries);
            }
        }
    }

    /// The next planned occurrences, some days at a time.
    async fn planned(
        &self,
        selection: &Selection,
        unwritten: &mut Unwritten,
    ) -> Result<Vec<Entry>, PostError> {
        let Some(all) = self.window(selection) else { return Ok(Vec::new()) };
        let mut from = unwritten.planned_from.unwrap_or(all.start);
        while from < all.end {
            let window = from..(from + DAYS_AT_ONCE).min(all.end);
            let after = unwritten.planned_after;
            let mut first = First::of(Part { after, limit: BATCH, caption: i32::MAX.unsigned_abs() });
            self.each_planned(selection, window.clone(), |planned| first.offer(planned)).await?;
            let found = first.among(Vec::new());
            if let Some(last) = found.last() {
                (unwritten.planned_from, unwritten.planned_after) = (Some(from), Some(last.position()));
                return Ok(found);
            }
            from = window.end;
        }
        unwritten.planned_from = Some(from);
        Ok(Vec::new())
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

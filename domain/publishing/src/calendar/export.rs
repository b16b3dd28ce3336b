//! Taking a calendar elsewhere, in batches: memory does not grow with the number of posts.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use scheduling::{
    Tz,
    calendar::{DaysError, end_of, start_of},
};
use tenancy::{Caller, WorkspaceId};

use super::{Calendar, Entry, EntryStatus, Part, Position, Selection, view::ViewError};
use crate::{
    id::{ChannelId, PostId},
    post::{PostError, PostView},
};

/// How many things a batch has; captions may be long.
const BATCH: u16 = 100;

/// How far ahead occurrences of series are exported, in days: most series have no end.
const AHEAD: TimeDelta = TimeDelta::days(366);

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
        let year = self.clock.now() + AHEAD;
        let planned_until = until.map_or(year, |until: DateTime<Utc>| until.min(year));
        Ok(selection.standing(wanted.status.as_ref().map(std::slice::from_ref), planned_until))
    }

    /// The next entries, with all of their captions; none after the last.
    pub async fn entries(
        &self,
        selection: &Selection,
        after: Option<Position>,
    ) -> Result<Vec<Entry>, PostError> {
        self.part(selection, Part { after, limit: BATCH, caption: i32::MAX.unsigned_abs() }).await
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

//! Looking at some days of a calendar.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use scheduling::{
    Tz,
    calendar::{Days, DaysError},
};
use tenancy::{Caller, WorkspaceId};

use super::{
    Calendar, Count, Entry, EntryStatus, Part, Position, Selection,
    entry::EXCERPT_OF,
    planned::{First, Planned},
};
use crate::{id::ChannelId, post::PostError};

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whose calendar.
    pub workspace: WorkspaceId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The zone of whoever looks; the workspace's if they do not say.
    pub zone: Option<Tz>,
    /// Only for this channel.
    pub channel: Option<ChannelId>,
    /// Only with this status.
    pub status: Option<EntryStatus>,
    /// Entries after this one.
    pub after: Option<Position>,
    /// At most so many entries.
    pub limit: u16,
}

/// Some days of a calendar.
#[derive(Debug, Clone)]
pub struct View {
    /// The days.
    pub days: Days,
    /// How many entries each day has for each channel, planned occurrences among them, whatever part of them is shown.
    pub counts: Vec<Count>,
    /// The entries of this part, in the order of their positions.
    pub entries: Vec<Entry>,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The days make no calendar.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// It cannot be read.
    #[error(transparent)]
    Post(#[from] PostError),
}

impl Calendar {
    /// Some days as somebody in a zone sees them.
    pub async fn view(&self, caller: &Caller, asked: &Asked) -> Result<View, ViewError> {
        let own = self.enter(caller, asked.workspace, asked.channel).await?;
        let days = Days::new(asked.from, asked.to, asked.zone.unwrap_or(own))?;
        let selection = Selection {
            from: days.starts().first().copied(),
            until: days.starts().last().copied(),
            channels: asked.channel.map(|channel| vec![channel]),
            ..Selection::of(caller.organization, asked.workspace)
        };
        let until = selection.until.unwrap_or_default();
        let selection = selection.standing(asked.status.as_ref().map(std::slice::from_ref), until);
        let counts = self.store.counts(&selection, &days).await?;
        let part = Part { after: asked.after, limit: asked.limit, caption: EXCERPT_OF };
        let entries = self.store.entries(&selection, part).await?;
        let (mut counts, mut first) = (Counted::of(counts), First::of(part));
        if let Some(window) = self.window(&selection) {
            let see = |planned: &Planned<'_>| {
                counts.one_more(&days, planned.at(), planned.channel());
                first.offer(planned);
            };
            self.each_planned(&selection, window, see).await?;
        }
        Ok(View { counts: counts.into(), entries: first.among(entries), days })
    }
}

/// How many entries there are, by the number of the day and the channel.
struct Counted(BTreeMap<(usize, Option<ChannelId>), u64>);

impl Counted {
    fn of(counts: Vec<Count>) -> Self {
        Self(counts.into_iter().map(|count| ((count.day, count.channel), count.entries)).collect())
    }

    fn one_more(&mut self, days: &Days, at: DateTime<Utc>, channel: ChannelId) {
        if let Some(day) = days.index_of(at) {
            *self.0.entry((day, Some(channel))).or_default() += 1;
        }
    }
}

impl From<Counted> for Vec<Count> {
    fn from(counted: Counted) -> Self {
        let count = |((day, channel), entries)| Count { day, channel, entries };
        counted.0.into_iter().map(count).collect()
    }
}

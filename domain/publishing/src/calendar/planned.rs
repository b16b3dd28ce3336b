//! Occurrences of series that have no post yet, as entries of a calendar. Series are read some at a time and expanded within
//! the days that are asked about: what it takes grows with series times days, what it keeps does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use chrono::{DateTime, Utc};
use scheduling::{LocalSchedule, recurrence::Occurrence};

use super::{Calendar, Entry, EntryStatus, Part, Position, Selection, entry::known_by};
use crate::{
    id::ChannelId,
    post::{OccurrenceKey, PostError, Target},
    series::Series,
};

/// How many series are read at a time.
const SERIES: u16 = 50;

/// A series with what its channels are called.
#[derive(Debug, Clone)]
pub struct Coming {
    /// The series.
    pub series: Series,
    /// The names of its channels.
    pub names: BTreeMap<ChannelId, String>,
}

/// An occurrence on one channel.
pub(super) struct Planned<'a> {
    coming: &'a Coming,
    occurrence: Occurrence,
    target: &'a Target,
}

impl Planned<'_> {
    /// Where it stands in the order of a calendar.
    fn position(&self) -> Position {
        let id = known_by(self.coming.key(&self.occurrence));
        Position { at: self.occurrence.due, channel: self.target.channel.uuid(), id }
    }

    /// When it takes place.
    pub(super) fn at(&self) -> DateTime<Utc> {
        self.occurrence.due
    }

    /// Its channel.
    pub(super) fn channel(&self) -> ChannelId {
        self.target.channel
    }

    /// As an entry with the beginning of its caption.
    fn entry(&self, caption: u32) -> Entry {
        let series = &self.coming.series;
        let content = series.content_at(&self.occurrence).with(&self.target.change);
        let shown = usize::try_from(caption).unwrap_or(usize::MAX);
        Entry {
            at: self.occurrence.due,
            post: None,
            publication: None,
            occurrence: Some(self.coming.key(&self.occurrence)),
            channel: Some(self.target.channel),
            channel_name: self.coming.names.get(&self.target.channel).cloned(),
            local: Some(LocalSchedule { local: self.occurrence.local, zone: series.plan.start().zone }),
            status: EntryStatus::Planned,
            caption: content.caption.chars().take(shown).collect(),
            media: content.media.first().map(|picture| picture.media),
            permalink: None,
            revision: series.version,
            updated_at: series.updated_at,
        }
    }
}

/// The first entries after a position, whatever the order in which they are offered.
pub(super) struct First {
    part: Part,
    found: BTreeMap<Position, Entry>,
}

impl First {
    pub(super) fn of(part: Part) -> Self {
        Self { part, found: BTreeMap::new() }
    }

    pub(super) fn offer(&mut self, planned: &Planned<'_>) {
        let (position, most) = (planned.position(), usize::from(self.part.limit));
        let is_full = self.found.len() >= most;
        let is_behind = |last: (&Position, &Entry)| position > *last.0;
        if self.part.after.is_some_and(|after| position <= after)
            || is_full && self.found.last_key_value().is_none_or(is_behind)
        {
            return;
        }
        self.found.insert(position, planned.entry(self.part.caption));
        if self.found.len() > most {
            self.found.pop_last();
        }
    }

    /// These and other entries in their order, as many as the part has.
    pub(super) fn among(self, others: Vec<Entry>) -> Vec<Entry> {
        let most = self.part.limit.into();
        let mut all: Vec<_> = self.found.into_values().chain(others).collect();
        all.sort_by_key(Entry::position);
        all.truncate(most);
        all
    }
}

impl Calendar {
    /// When the planned occurrences of a selection take place: what has passed does not any more.
    pub(super) fn window(&self, selection: &Selection) -> Option<Range<DateTime<Utc>>> {
        let (now, until) = (self.clock.now(), selection.planned_until?);
        let from = selection.from.map_or(now, |from| from.max(now));
        (from < until).then_some(from..until)
    }

    /// Shows each occurrence within a window that has no post yet, on each of its channels that is selected.
    pub(super) async fn each_planned(
        &self,
        selection: &Selection,
        window: Range<DateTime<Utc>>,
        mut see: impl FnMut(&Planned<'_>) + Send,
    ) -> Result<(), PostError> {
        if window.start >= window.end {
            return Ok(());
        }
        let mut after = None;
        loop {
            let found = self.store.series(selection, window.end, after, SERIES).await?;
            let Some(last) = found.last() else { return Ok(()) };
            after = Some(last.series.id);
            let within: Vec<_> = found.iter().flat_map(|coming| coming.within(&window)).collect();
            let keys: Vec<_> = within.iter().map(|(coming, one)| coming.key(one)).collect();
            let made = self.store.made(&keys).await?;
            let made: BTreeSet<_> = made.iter().map(|key| (key.series.uuid(), key.original)).collect();
            let has_none = |(coming, one): &&(&Coming, Occurrence)| {
                !made.contains(&(coming.series.id.uuid(), one.original))
            };
            for (coming, occurrence) in within.iter().filter(has_none) {
                coming.on_channels(*occurrence, selection, &mut see);
            }
        }
    }
}

impl Coming {
    fn within(&self, window: &Range<DateTime<Utc>>) -> impl Iterator<Item = (&Self, Occurrence)> {
        let found = self.series.plan.occurrences(window.start, window.end).into_iter().flatten();
        found.map(move |one| (self, one))
    }

    fn key(&self, occurrence: &Occurrence) -> OccurrenceKey {
        OccurrenceKey { series: self.series.id, original: occurrence.original }
    }

    fn on_channels(&self, occurrence: Occurrence, selection: &Selection, see: &mut impl FnMut(&Planned<'_>)) {
        let is_selected = |target: &&Target| {
            selection.channels.as_ref().is_none_or(|channels| channels.contains(&target.channel))
        };
        for target in self.series.targets.iter().filter(is_selected) {
            see(&Planned { coming: self, occurrence, target });
        }
    }
}

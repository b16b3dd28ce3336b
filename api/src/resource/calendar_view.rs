//! Calendars, as they are shown.

use std::collections::BTreeMap;

use poem_openapi::Object;
use publishing::{
    calendar,
    id::{Channel, ChannelId, Media, Post, Publication, Series},
};
use scheduling::{LocalSchedule, Tz, calendar::Days};
use uuid::Uuid;

use crate::value::{CalendarStatusName, Date, Id, Instant, Link, LocalTime, Zone};

/// Some days of a calendar.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Calendar {
    /// The zone of the days and of their local times.
    pub(super) time_zone: Zone,
    /// The days that have something, in order.
    pub(super) data: Vec<CalendarDay>,
    /// Give this as `after` to see further entries; absent when these are the last.
    pub(super) next_cursor: Option<String>,
}

/// A day, from the first instant at which the clocks show its date to that of the next date: it has 23 or 25 hours where they change.
#[derive(Object)]
pub(super) struct CalendarDay {
    /// The date.
    date: Date,
    /// Its first instant.
    begins_at: Instant,
    /// The first instant after it.
    ends_at: Instant,
    /// How many entries it has, planned occurrences among them, on whichever page.
    count: u64,
    /// What it has for each channel.
    channels: Vec<CalendarColumn>,
}

/// What a day has for one channel.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct CalendarColumn {
    /// The channel; absent for posts that have a time and are not planned for it.
    channel_id: Option<Id<Channel>>,
    /// How many entries there are, planned occurrences among them, on whichever page.
    count: u64,
    /// Those of this page, in the order of their time.
    entries: Vec<CalendarEntry>,
}

/// A publication, a post that has a time and is not planned for it, or an occurrence of a series that has no post yet.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct CalendarEntry {
    /// The post; absent for an occurrence that has none yet.
    post_id: Option<Id<Post>>,
    /// The publication; absent for a post that is not planned, and for an occurrence that has no post yet.
    publication_id: Option<Id<Publication>>,
    /// The series, of an occurrence that has no post yet.
    series_id: Option<Id<Series>>,
    /// By what such an occurrence is known, wherever it was moved to: the wall-clock time that the rule of its series gives it.
    original_local_time: Option<LocalTime>,
    /// The channel; absent for a post that is not planned.
    channel_id: Option<Id<Channel>>,
    /// When it is due.
    at: Instant,
    /// What the clocks of the calendar's zone show then.
    local_time: String,
    /// The wall-clock time that the post was scheduled by on this channel, if it was, or at which the occurrence takes place; none for
    /// a slot of a queue.
    post_local_time: Option<String>,
    /// The zone of that.
    post_time_zone: Option<Zone>,
    /// Where it stands, as a post with this publication alone shows it; `planned` for an occurrence that has no post yet.
    status: CalendarStatusName,
    /// The beginning of the text in one line of at most 140 characters.
    excerpt: String,
    /// The first picture.
    media_id: Option<Id<Media>>,
    /// Where people see it.
    permalink: Option<Link>,
}

/// A wall-clock time as the API writes it.
fn written(wall: &LocalSchedule) -> String {
    wall.local.format("%Y-%m-%dT%H:%M:%S").to_string()
}

impl CalendarEntry {
    fn of(entry: calendar::Entry, zone: Tz) -> Self {
        let excerpt = entry.excerpt();
        Self {
            post_id: entry.post.map(Into::into),
            publication_id: entry.publication.map(Into::into),
            series_id: entry.occurrence.map(|occurrence| occurrence.series.into()),
            original_local_time: entry.occurrence.map(|occurrence| occurrence.original.into()),
            channel_id: entry.channel.map(Into::into),
            at: entry.at.into(),
            local_time: written(&LocalSchedule::showing(entry.at, zone)),
            post_local_time: entry.local.as_ref().map(written),
            post_time_zone: entry.local.map(|wall| Zone(wall.zone)),
            status: CalendarStatusName(entry.status),
            excerpt,
            media_id: entry.media.map(Into::into),
            permalink: entry.permalink.map(Into::into),
        }
    }
}

/// By the number of the day and the channel.
type Columns = BTreeMap<(usize, Option<Uuid>), CalendarColumn>;

/// The column of a channel on a day; an entry may have come between the two questions to the store.
fn column(columns: &mut Columns, day: usize, channel: Option<ChannelId>) -> &mut CalendarColumn {
    let empty = || CalendarColumn { channel_id: channel.map(Into::into), count: 0, entries: Vec::new() };
    columns.entry((day, channel.map(|channel| channel.uuid()))).or_insert_with(empty)
}

/// Entries by day and channel, with the counts of all pages.
pub(super) fn by_day(
    days: &Days,
    counts: &[calendar::Count],
    entries: Vec<calendar::Entry>,
) -> Vec<CalendarDay> {
    let mut columns = Columns::new();
    for count in counts {
        column(&mut columns, count.day, count.channel).count = count.entries;
    }
    for entry in entries {
        let Some(day) = days.index_of(entry.at) else { continue };
        let column = column(&mut columns, day, entry.channel);
        column.entries.push(CalendarEntry::of(entry, days.zone()));
        column.count = column.count.max(column.entries.len() as u64);
    }
    let mut by_day: BTreeMap<usize, Vec<CalendarColumn>> = BTreeMap::new();
    for ((day, _), column) in columns {
        by_day.entry(day).or_default().push(column);
    }
    by_day.into_iter().filter_map(|(index, channels)| day(days, index, channels)).collect()
}

fn day(days: &Days, index: usize, channels: Vec<CalendarColumn>) -> Option<CalendarDay> {
    let day = days.day(index)?;
    Some(CalendarDay {
        date: Date(day.date),
        begins_at: day.begins_at.into(),
        ends_at: day.ends_at.into(),
        count: channels.iter().map(|column| column.count).sum(),
        channels,
    })
}

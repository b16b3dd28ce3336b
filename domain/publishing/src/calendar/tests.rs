use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use futures::executor::block_on;
use scheduling::{LocalSchedule, Tz, calendar::Days, recurrence};
use tenancy::{Actor, Caller, PersonId, Reach, Role};
use uuid::Uuid;

use super::*;
use crate::{
    content::{Content, Override},
    id::{PostId, PublicationId, SeriesId},
    post::{Author, OccurrenceKey, PostView, Target, TargetTime},
    series::{Series, SeriesState},
};

/// A calendar without a database.
#[derive(Default)]
struct Kept {
    entries: Vec<Entry>,
    series: Vec<Coming>,
    made: Vec<OccurrenceKey>,
}

struct Now;

impl Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        utc("2027-01-01T00:00:00Z")
    }
}

#[async_trait]
impl CalendarStore for Kept {
    async fn zone(
        &self,
        _: OrganizationId,
        _: WorkspaceId,
        _: &[ChannelId],
    ) -> Result<Option<Tz>, PostError> {
        Ok(Some(Tz::UTC))
    }

    async fn entries(&self, selection: &Selection, part: Part) -> Result<Vec<Entry>, PostError> {
        let is_among = |entry: &&Entry| {
            selection.from.is_none_or(|from| entry.at >= from)
                && selection.until.is_none_or(|until| entry.at < until)
                && part.after.is_none_or(|after| entry.position() > after)
        };
        let mut found: Vec<_> = self.entries.iter().filter(is_among).cloned().collect();
        found.sort_by_key(Entry::position);
        found.truncate(part.limit.into());
        Ok(found)
    }

    async fn series(
        &self,
        _: &Selection,
        before: DateTime<Utc>,
        after: Option<SeriesId>,
        limit: u16,
    ) -> Result<Vec<Coming>, PostError> {
        let is_next = |one: &&Coming| {
            after.is_none_or(|after| one.series.id.uuid() > after.uuid())
                && one.series.next_at.is_some_and(|next| next < before)
        };
        let mut found: Vec<_> = self.series.iter().filter(is_next).cloned().collect();
        found.sort_by_key(|one| one.series.id.uuid());
        found.truncate(limit.into());
        Ok(found)
    }

    async fn made(&self, occurrences: &[OccurrenceKey]) -> Result<Vec<OccurrenceKey>, PostError> {
        Ok(self.made.iter().copied().filter(|one| occurrences.contains(one)).collect())
    }

    async fn posts_due(
        &self,
        _: &Selection,
        after: Option<PostId>,
        limit: u16,
    ) -> Result<Vec<PostId>, PostError> {
        let mut posts: Vec<_> = self.entries.iter().filter_map(|entry| entry.post).collect();
        posts.retain(|post| after.is_none_or(|after| post.uuid() > after.uuid()));
        posts.sort_by_key(PostId::uuid);
        posts.dedup();
        posts.truncate(limit.into());
        Ok(posts)
    }

    async fn entries_of(&self, _: &Selection, posts: &[PostId]) -> Result<Vec<Entry>, PostError> {
        let is_of = |entry: &&Entry| entry.post.is_some_and(|post| posts.contains(&post));
        let mut found: Vec<_> = self.entries.iter().filter(is_of).cloned().collect();
        found.sort_by_key(|entry| entry.post.map(|post| post.uuid()));
        Ok(found)
    }

    async fn counts(&self, _: &Selection, days: &Days) -> Result<Vec<Count>, PostError> {
        let count =
            |entry: &Entry| Some(Count { day: days.index_of(entry.at)?, channel: entry.channel, entries: 1 });
        Ok(self.entries.iter().filter_map(count).collect())
    }

    async fn posts(&self, _: &Selection, _: Option<PostId>, _: u16) -> Result<Vec<PostView>, PostError> {
        Ok(Vec::new())
    }

    async fn fingerprint(&self, _: &Selection) -> Result<String, PostError> {
        Ok(String::new())
    }
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn number<T>(make: fn(Uuid) -> T, number: u128) -> T {
    make(Uuid::from_u128(number))
}

/// An active series on channels with these numbers.
fn series(id: u128, channels: &[u128], start: &str, rule: &str) -> Series {
    let start = LocalSchedule { local: local(start), zone: Tz::known("Europe/Berlin") };
    let plan = recurrence::Series::new(start, rule.parse().unwrap()).unwrap();
    let target = |channel: &u128| Target {
        channel: number(ChannelId::from_uuid, *channel),
        change: Override::default(),
        time: TargetTime::Post,
    };
    Series {
        id: number(SeriesId::from_uuid, id << 64),
        organization: OrganizationId::from_uuid(Uuid::nil()),
        workspace: WorkspaceId::from_uuid(Uuid::nil()),
        content: Content { caption: "Good morning".into(), ..Content::default() },
        targets: channels.iter().map(target).collect(),
        captions: Vec::new(),
        next_at: Some(plan.start().resolve()),
        plan,
        edits: BTreeMap::new(),
        state: SeriesState::Active,
        instructor: Author { person: PersonId::from_uuid(Uuid::nil()), api_key: None },
        version: 3,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn coming(series: Series) -> Coming {
    let names = series.targets.iter().map(|target| (target.channel, "Harbour".to_owned())).collect();
    Coming { series, names }
}

/// A publication on a channel.
fn publication(id: u128, channel: u128, at: &str) -> Entry {
    Entry {
        at: utc(at),
        post: Some(number(PostId::from_uuid, id)),
        publication: Some(number(PublicationId::from_uuid, id)),
        occurrence: None,
        channel: Some(number(ChannelId::from_uuid, channel)),
        channel_name: None,
        local: None,
        status: EntryStatus::Scheduled,
        caption: "By hand".into(),
        media: None,
        permalink: None,
        revision: 1,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn calendar(kept: Kept) -> Calendar {
    Calendar { store: Arc::new(kept), clock: Arc::new(Now) }
}

fn date(month: u32, day: u32) -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(if month == 12 { 2026 } else { 2027 }, month, day).unwrap()
}

fn january() -> Asked {
    Asked {
        workspace: WorkspaceId::from_uuid(Uuid::nil()),
        from: date(12, 15),
        to: date(1, 31),
        zone: Some(Tz::UTC),
        channel: None,
        status: None,
        after: None,
        limit: 500,
    }
}

fn caller() -> Caller {
    Caller {
        organization: OrganizationId::from_uuid(Uuid::nil()),
        actor: Actor::ApiKey {
            key: tenancy::ApiKeyId::from_uuid(Uuid::nil()),
            granted_by: PersonId::from_uuid(Uuid::nil()),
        },
        scopes: Role::Owner.scopes(),
        reach: Reach::All,
    }
}

/// All entries, read in parts of a size.
fn all(calendar: &Calendar, asked: &Asked, size: u16) -> Vec<Entry> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let asked = Asked { after, limit: size, ..asked.clone() };
        let part = block_on(calendar.view(&caller(), &asked)).unwrap().entries;
        let Some(last) = part.last() else { return found };
        after = Some(last.position());
        found.extend(part);
    }
}

fn lines(entries: &[Entry]) -> Vec<String> {
    let line =
        |entry: &Entry| format!("{} {} {}", entry.at.format("%m-%dT%H:%M"), entry.status, entry.caption);
    entries.iter().map(line).collect()
}

#[test]
fn planned_occurrences_stand_between_publications_once_whatever_the_size_of_a_part() {
    let daily = || series(9, &[1, 2], "2027-01-03T09:00:00", "FREQ=DAILY");
    let weekly = series(4, &[2], "2026-12-01T09:00:00", "FREQ=WEEKLY");
    let by_hand = ["2026-12-20T08:00:00Z", "2027-01-10T08:00:00Z", "2027-01-10T08:00:00Z"];
    let entries = || by_hand.iter().zip(50..).map(|(at, id)| publication(id, 1, at)).collect();
    let kept = Kept {
        entries: entries(),
        series: vec![coming(daily()), coming(weekly)],
        made: vec![OccurrenceKey { series: daily().id, original: local("2027-01-04T09:00:00") }],
    };
    let calendar = calendar(kept);
    let whole = all(&calendar, &january(), 500);
    // Twenty-nine days on two channels without the one that has a post, four weeks from the fifth on, and three by hand.
    assert_eq!(whole.len(), 28 * 2 + 4 + 3);
    assert!(whole.is_sorted_by(|one, next| one.position() < next.position()));
    assert!(!lines(&whole).contains(&"01-04T08:00 planned Good morning".to_owned()), "it has a post");
    let positions = |entries: &[Entry]| entries.iter().map(Entry::position).collect::<Vec<_>>();
    for size in [1, 2, 3, 7, 50] {
        let parts = all(&calendar, &january(), size);
        assert_eq!(positions(&parts), positions(&whole), "{size} at a time");
    }
}

#[test]
fn what_was_skipped_moved_or_edited_is_shown_so_on_the_channels_that_are_asked_for() {
    let mut weekly = series(9, &[1, 2], "2027-01-05T09:00:00", "FREQ=WEEKLY");
    weekly.plan = weekly.plan.skip(local("2027-01-12T09:00:00")).unwrap();
    weekly.plan = weekly.plan.move_one(local("2027-02-02T09:00:00"), local("2027-01-29T18:30:00")).unwrap();
    weekly.plan = weekly.plan.move_one(local("2027-01-26T09:00:00"), local("2027-03-01T09:00:00")).unwrap();
    let says = |text: &str| Override { caption: Some(text.into()), ..Override::default() };
    weekly.edits.insert(local("2027-01-19T09:00:00"), says("Holiday"));
    weekly.targets[1].change = says("Only here");
    let calendar = calendar(Kept { series: vec![coming(weekly)], ..Kept::default() });
    let of = |channel: u128| Asked { channel: Some(number(ChannelId::from_uuid, channel)), ..january() };
    let first = all(&calendar, &of(1), 2);
    assert_eq!(
        lines(&first),
        [
            "01-05T08:00 planned Good morning",
            "01-19T08:00 planned Holiday",
            "01-29T17:30 planned Good morning"
        ]
    );
    let moved = first.last().unwrap();
    assert_eq!(moved.occurrence.unwrap().original, local("2027-02-02T09:00:00"));
    assert_eq!(moved.local.unwrap().local, local("2027-01-29T18:30:00"));
    assert_eq!((moved.post, moved.channel_name.as_deref(), moved.revision), (None, Some("Harbour"), 3));
    let second = all(&calendar, &of(2), 9);
    assert!(second.len() == 3 && second.iter().all(|entry| entry.caption == "Only here"));
    assert!(all(&calendar, &of(3), 9).is_empty());
}

#[test]
fn what_has_passed_or_stands_otherwise_is_not_planned() {
    let daily = series(9, &[1], "2026-12-01T09:00:00", "FREQ=DAILY");
    let calendar = calendar(Kept { series: vec![coming(daily)], ..Kept::default() });
    let found = all(&calendar, &january(), 100);
    assert_eq!((found.len(), found[0].at), (31, utc("2027-01-01T08:00:00Z")), "from now on");
    let scheduled = Asked { status: Some(EntryStatus::Scheduled), ..january() };
    assert!(all(&calendar, &scheduled, 9).is_empty());
    let planned = Asked { status: Some(EntryStatus::Planned), ..january() };
    assert_eq!(all(&calendar, &planned, 9).len(), 31);
}

#[test]
fn counts_have_the_planned_occurrences_of_every_part() {
    let daily = series(9, &[1, 2], "2027-01-04T23:30:00", "FREQ=DAILY;COUNT=3");
    let kept = Kept {
        entries: vec![publication(50, 1, "2027-01-05T08:00:00Z")],
        series: vec![coming(daily)],
        ..Kept::default()
    };
    let zone = Some(Tz::known("Asia/Kolkata"));
    let asked = Asked { from: date(1, 4), to: date(1, 5), zone, limit: 2, ..january() };
    let caller = caller();
    let view = block_on(calendar(kept).view(&caller, &asked)).unwrap();
    // Half past eleven in Berlin is four in the morning of the next day in Kolkata.
    assert_eq!(view.entries.len(), 2);
    let counts: Vec<_> = view.counts.iter().map(|count| (count.day, count.entries)).collect();
    assert_eq!(counts, [(1, 2), (1, 1)]);
    assert_eq!(view.entries[0].at - utc("2027-01-04T22:30:00Z"), TimeDelta::zero());
}

#[test]
fn an_export_has_every_planned_occurrence_once_behind_what_is_kept() {
    let daily = series(9, &[1, 2], "2027-01-03T09:00:00", "FREQ=DAILY");
    let entries =
        vec![publication(50, 1, "2027-03-10T08:00:00Z"), publication(51, 1, "2027-01-10T08:00:00Z")];
    let calendar = calendar(Kept { entries, series: vec![coming(daily)], ..Kept::default() });
    let wanted = Wanted {
        workspace: WorkspaceId::from_uuid(Uuid::nil()),
        range: Range { to: Some(date(6, 30)), ..Range::default() },
        channel: None,
        status: None,
    };
    let selection = block_on(calendar.select(&caller(), &wanted)).unwrap();
    let (mut found, mut unwritten) = (Vec::new(), Unwritten::default());
    loop {
        let batch = block_on(calendar.entries(&selection, &mut unwritten)).unwrap();
        if batch.is_empty() {
            break;
        }
        found.extend(batch);
    }
    // From 3 January to 30 June on two channels.
    assert_eq!(found.len(), 2 + 2 * 179);
    assert!(found[2..].is_sorted_by(|one, next| one.position() < next.position()));
}

//! The slots of a posting schedule as instants, one after another.
//!
//! * A slot is a time on the wall, and means what every time on the wall means here: one that the clocks skip moves forward
//!   by the gap, one that occurs twice means the first (RFC 5545, section 3.3.5).
//! * Slots that come to mean the same instant, because one of them moved, are one slot.
//! * A slot is left out on a blackout date, and also where it moves into one.
//! * Slots come in the order of their instants, which near a gap is not the order of their times on the wall.
//! * They end at the [`horizon`], so that a schedule without slots ends as well.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use crate::{LocalSchedule, posting::PostingSchedule, schedule::horizon};

/// How far the date on the wall of a slot and the date of its instant in UTC may lie apart: one is an offset away from the other, and
/// no offset reaches a day. For a skipped time this is the offset before the gap.
const APART: Days = Days::new(1);

/// The slots from one instant to another, both included. See the module for the rules.
#[derive(Debug, Clone)]
pub struct Slots<'a> {
    schedule: &'a PostingSchedule,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    unread: Option<NaiveDate>,
    last: NaiveDate,
    ready: BTreeSet<DateTime<Utc>>,
}

impl PostingSchedule {
    /// The slots from an instant up to the [`horizon`] seen from it, both included.
    pub fn slots(&self, from: DateTime<Utc>) -> Slots<'_> {
        self.slots_until(from, horizon(from))
    }

    /// The slots from one instant to another, both included, but never beyond the [`horizon`] seen from the first.
    pub fn slots_until(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Slots<'_> {
        let until = until.min(horizon(from));
        let (first, last) = (from.naive_utc().date(), until.naive_utc().date());
        Slots {
            schedule: self,
            from,
            until,
            unread: Some(first.checked_sub_days(APART).unwrap_or(first)),
            last: last.checked_add_days(APART).unwrap_or(last),
            ready: BTreeSet::new(),
        }
    }

    /// Whether an instant is one of the slots.
    pub fn has_slot(&self, at: DateTime<Utc>) -> bool {
        self.slots_until(at, at).next().is_some()
    }
}

impl Slots<'_> {
    /// The next day to read, if its slots may come before the earliest that is ready.
    fn wanted(&self) -> Option<NaiveDate> {
        let unread = self.unread.filter(|date| *date <= self.last)?;
        let reach = self.ready.first().and_then(|at| at.naive_utc().date().checked_add_days(APART));
        reach.is_none_or(|reach| unread <= reach).then_some(unread)
    }

    fn read(&mut self, date: NaiveDate) {
        let PostingSchedule { zone, week, blackouts, .. } = self.schedule;
        if blackouts.contains(date) {
            return;
        }
        for time in week.on(date.weekday()) {
            let at = LocalSchedule { local: time.on(date), zone: *zone }.resolve();
            let shown = || LocalSchedule::showing(at, *zone).local.date();
            if (self.from..=self.until).contains(&at) && !blackouts.contains(shown()) {
                self.ready.insert(at);
            }
        }
    }
}

impl Iterator for Slots<'_> {
    type Item = DateTime<Utc>;

    fn next(&mut self) -> Option<DateTime<Utc>> {
        while let Some(date) = self.wanted() {
            self.read(date);
            self.unread = date.succ_opt();
        }
        self.ready.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Weekday};
    use proptest::prelude::*;
    use zone::Tz;

    use super::*;
    use crate::{posting::Blackouts, week::Week};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn every_day(zone: Tz, times: &[&str]) -> PostingSchedule {
        let days = (0..7_u8).map(|day| Weekday::try_from(day).unwrap());
        let slots = days.flat_map(|day| times.iter().map(move |time| (day, time.parse().unwrap())));
        PostingSchedule {
            zone,
            week: Week::new(slots).unwrap(),
            blackouts: Blackouts::default(),
            spacing: crate::posting::Spacing::default(),
        }
    }

    fn blackouts(dates: &[&str]) -> Blackouts {
        dates.iter().map(|date| date.parse().unwrap()).collect::<BTreeSet<_>>().try_into().unwrap()
    }

    fn next(schedule: &PostingSchedule, from: &str, count: usize) -> Vec<String> {
        schedule.slots(utc(from)).take(count).map(|at| at.to_rfc3339()).collect()
    }

    #[test]
    fn a_slot_at_this_very_instant_counts_and_keeps_its_time_on_the_wall_when_the_clocks_change() {
        let schedule = every_day(Tz::known("America/New_York"), &["09:00"]);
        assert_eq!(
            next(&schedule, "2026-03-07T14:00:00Z", 3),
            ["2026-03-07T14:00:00+00:00", "2026-03-08T13:00:00+00:00", "2026-03-09T13:00:00+00:00"]
        );
    }

    #[test]
    fn near_a_gap_slots_come_in_the_order_of_their_instants() {
        // 02:30 is skipped and becomes 03:30, which comes after 03:00.
        let schedule = every_day(Tz::known("America/New_York"), &["02:30", "03:00"]);
        assert_eq!(
            next(&schedule, "2026-03-08T05:00:00Z", 2),
            ["2026-03-08T07:00:00+00:00", "2026-03-08T07:30:00+00:00"]
        );
    }

    #[test]
    fn slots_that_come_to_mean_the_same_instant_are_one() {
        let schedule = every_day(Tz::known("America/New_York"), &["02:30", "03:30"]);
        assert_eq!(
            next(&schedule, "2026-03-08T05:00:00Z", 2),
            ["2026-03-08T07:30:00+00:00", "2026-03-09T06:30:00+00:00"]
        );
    }

    #[test]
    fn the_slots_of_the_day_that_apia_skipped_are_those_of_the_next() {
        let schedule = every_day(Tz::known("Pacific/Apia"), &["12:00"]);
        assert_eq!(
            next(&schedule, "2011-12-29T22:00:00Z", 3),
            ["2011-12-29T22:00:00+00:00", "2011-12-30T22:00:00+00:00", "2011-12-31T22:00:00+00:00"]
        );
    }

    #[test]
    fn a_blackout_date_is_the_one_on_the_wall() {
        // 20:00 in Honolulu is the next day in UTC.
        let mut schedule = every_day(Tz::known("Pacific/Honolulu"), &["20:00"]);
        schedule.blackouts = blackouts(&["2026-12-25"]);
        assert_eq!(
            next(&schedule, "2026-12-25T06:00:00Z", 2),
            ["2026-12-25T06:00:00+00:00", "2026-12-27T06:00:00+00:00"]
        );
    }

    #[test]
    fn a_slot_that_moves_into_a_blackout_date_is_left_out_like_those_of_a_blackout_date_that_move_out() {
        // Friday 30 December 2011 did not happen in Samoa; its slots move into Saturday.
        for date in ["2011-12-31", "2011-12-30"] {
            let mut schedule = every_day(Tz::known("Pacific/Apia"), &["12:00"]);
            schedule.week = Week::new([(Weekday::Fri, "12:00".parse().unwrap())]).unwrap();
            assert!(schedule.has_slot(utc("2011-12-30T22:00:00Z")));
            schedule.blackouts = blackouts(&[date]);
            assert!(!schedule.has_slot(utc("2011-12-30T22:00:00Z")));
        }
    }

    #[test]
    fn slots_end_at_the_horizon_and_where_there_are_none() {
        let from = utc("2026-11-22T09:00:00Z");
        let schedule = every_day(Tz::UTC, &["09:00"]);
        assert_eq!(schedule.slots(from).last(), Some(utc("2028-11-22T09:00:00Z")));
        assert_eq!(schedule.slots_until(from, DateTime::<Utc>::MAX_UTC).count(), 732);
        assert_eq!(schedule.slots_until(from, from - TimeDelta::seconds(1)).count(), 0);
        assert_eq!(every_day(Tz::UTC, &[]).slots(from).next(), None);
    }

    #[test]
    fn at_the_ends_of_the_calendar_slots_end_without_a_panic() {
        for zone in [Tz::UTC, Tz::known("Pacific/Apia"), Tz::known("Pacific/Pago_Pago")] {
            let schedule = every_day(zone, &["00:00", "23:59"]);
            for from in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC - TimeDelta::days(3)] {
                schedule.slots(from).for_each(|at| assert!(at >= from));
            }
        }
    }

    /// The slots as somebody would find them with no care for time: try each minute.
    fn naive(schedule: &PostingSchedule, from: DateTime<Utc>, days: i64) -> Vec<DateTime<Utc>> {
        let first = from.naive_utc().date() - Days::new(4);
        let walls = first
            .iter_days()
            .take(usize::try_from(days).unwrap() + 8)
            .flat_map(|date| schedule.week.on(date.weekday()).map(move |time| time.on(date)));
        let mut found: Vec<_> = walls
            .filter(|local| !schedule.blackouts.contains(local.date()))
            .map(|local| LocalSchedule { local, zone: schedule.zone }.resolve())
            .filter(|at| *at >= from && *at <= from + TimeDelta::days(days))
            .filter(|at| !schedule.blackouts.contains(at.with_timezone(&schedule.zone).date_naive()))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    prop_compose! {
        fn any_schedule()(
            zone in 0..Tz::all().len(),
            slots in prop::collection::btree_set((0..7_u8, 0..1_440_u32), 0..20),
            dark in prop::collection::btree_set(0..60_u64, 0..6),
            start in 0..20_000_u64,
        ) -> (PostingSchedule, DateTime<Utc>) {
            let first = NaiveDate::from_ymd_opt(1980, 1, 1).unwrap() + Days::new(start);
            let slots = slots.into_iter().map(|(day, minute)| {
                let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap();
                (Weekday::try_from(day).unwrap(), time.try_into().unwrap())
            });
            let dark: BTreeSet<_> = dark.into_iter().map(|day| first + Days::new(day)).collect();
            let schedule = PostingSchedule {
                zone: Tz::all()[zone],
                week: Week::new(slots).unwrap(),
                blackouts: dark.try_into().unwrap(),
                spacing: crate::posting::Spacing::default(),
            };
            (schedule, first.and_hms_opt(11, 17, 0).unwrap().and_utc())
        }
    }

    proptest! {
        #[test]
        fn slots_are_those_that_a_naive_search_finds((schedule, from) in any_schedule()) {
            let found: Vec<_> = schedule.slots_until(from, from + TimeDelta::days(60)).collect();
            prop_assert_eq!(&found, &naive(&schedule, from, 60));
            prop_assert!(found.is_sorted_by(|one, next| one < next));
        }

        #[test]
        fn a_slot_is_found_again_from_what_the_clocks_show((schedule, from) in any_schedule()) {
            for at in schedule.slots(from).take(50) {
                prop_assert!(schedule.has_slot(at));
                prop_assert_eq!(LocalSchedule::showing(at, schedule.zone).resolve(), at);
            }
        }
    }
}

//! A wall-clock time in a zone: what a person means by "Sunday at half past two".

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use zone::{Reading, Tz};

/// A wall-clock time and the IANA zone whose clocks show it. This is the intent; the instant it means is worked out again
/// whenever the zone's rules change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalSchedule {
    /// The time on the wall, without an offset.
    pub local: NaiveDateTime,
    /// The zone, by its name in the IANA time zone database.
    pub zone: Tz,
}

impl LocalSchedule {
    /// What the clocks of a zone show at an instant. At the very ends of the calendar, where no offset can be applied, they
    /// show UTC.
    pub fn showing(instant: DateTime<Utc>, zone: Tz) -> Self {
        let utc = instant.naive_utc();
        Self { local: utc.checked_add_offset(zone.offset_at(utc)).unwrap_or(utc), zone }
    }

    /// The instant this means. A time that the clocks skip moves forward by the gap (RFC 5545, section 3.3.5: the offset
    /// before the gap applies); a time that occurs twice means the first.
    ///
    /// Times at the very ends of the calendar, where no offset can be applied, are read as UTC.
    pub fn resolve(&self) -> DateTime<Utc> {
        let (Reading::Once(offset) | Reading::Twice(offset, _) | Reading::Skipped(offset, _)) =
            self.zone.read(self.local);
        self.local.checked_sub_offset(offset).unwrap_or(self.local).and_utc()
    }

    /// Whether the clocks of the zone skip this time, so that it moves forward.
    pub fn is_skipped(&self) -> bool {
        matches!(self.zone.read(self.local), Reading::Skipped(..))
    }

    /// The new instant, if the zone's rules changed since `recorded` was worked out.
    pub fn moved_from(&self, recorded: DateTime<Utc>) -> Option<DateTime<Utc>> {
        Some(self.resolve()).filter(|instant| *instant != recorded)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};
    use proptest::prelude::*;
    use zone::Tz;

    use super::*;

    fn at(zone: Tz, local: &str) -> LocalSchedule {
        LocalSchedule { local: local.parse().unwrap(), zone }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_ordinary_time_is_read_with_the_offset_of_its_day() {
        assert_eq!(
            at(Tz::known("Europe/Tallinn"), "2026-01-15T09:00:00").resolve(),
            utc("2026-01-15T07:00:00Z")
        );
        assert_eq!(
            at(Tz::known("Europe/Tallinn"), "2026-07-15T09:00:00").resolve(),
            utc("2026-07-15T06:00:00Z")
        );
    }

    #[test]
    fn a_time_the_clocks_skip_moves_forward_by_the_gap() {
        // 02:30 becomes 03:30 EDT.
        let skipped = at(Tz::known("America/New_York"), "2026-03-08T02:30:00");
        assert!(skipped.is_skipped());
        assert_eq!(skipped.resolve(), utc("2026-03-08T07:30:00Z"));
        assert_eq!(
            at(Tz::known("America/New_York"), "2026-03-08T03:00:00").resolve(),
            utc("2026-03-08T07:00:00Z")
        );
    }

    #[test]
    fn a_time_that_occurs_twice_means_the_first() {
        let twice = at(Tz::known("America/New_York"), "2026-11-01T01:30:00");
        assert!(!twice.is_skipped());
        assert_eq!(twice.resolve(), utc("2026-11-01T05:30:00Z"));
    }

    #[test]
    fn lord_howe_changes_by_half_an_hour() {
        // Forward from 02:00 to 02:30: 02:15 becomes 02:45 at +11:00.
        assert_eq!(
            at(Tz::known("Australia/Lord_Howe"), "2026-10-04T02:15:00").resolve(),
            utc("2026-10-03T15:45:00Z")
        );
        // Back from 02:00 to 01:30: the first 01:45 is still at +11:00.
        assert_eq!(
            at(Tz::known("Australia/Lord_Howe"), "2026-04-05T01:45:00").resolve(),
            utc("2026-04-04T14:45:00Z")
        );
    }

    #[test]
    fn troll_changes_by_two_hours() {
        // Forward from 01:00 to 03:00 at 01:00 UTC: 02:30 becomes 04:30 at +02:00.
        assert_eq!(
            at(Tz::known("Antarctica/Troll"), "2026-03-29T02:30:00").resolve(),
            utc("2026-03-29T02:30:00Z")
        );
        // Back from 03:00 to 01:00: the first 02:30 is still at +02:00.
        assert_eq!(
            at(Tz::known("Antarctica/Troll"), "2026-10-25T02:30:00").resolve(),
            utc("2026-10-25T00:30:00Z")
        );
    }

    #[test]
    fn the_day_that_apia_skipped_moves_to_the_next() {
        // Friday 30 December 2011 did not happen in Samoa: noon becomes noon of Saturday at +14:00.
        let skipped = at(Tz::known("Pacific/Apia"), "2011-12-30T12:00:00");
        assert_eq!(skipped.resolve(), utc("2011-12-30T22:00:00Z"));
        assert_eq!(skipped.resolve(), at(Tz::known("Pacific/Apia"), "2011-12-31T12:00:00").resolve());
    }

    #[test]
    fn the_ends_of_the_calendar_resolve_without_a_panic() {
        for zone in [Tz::known("Pacific/Apia"), Tz::known("Pacific/Pago_Pago"), Tz::known("America/New_York")]
        {
            for local in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
                LocalSchedule { local, zone }.resolve();
                assert_eq!(LocalSchedule::showing(local.and_utc(), zone).zone, zone);
            }
        }
    }

    #[test]
    fn the_second_of_two_equal_times_is_shown_like_the_first() {
        for instant in ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"] {
            let shown = LocalSchedule::showing(utc(instant), Tz::known("America/New_York"));
            assert_eq!(shown, at(Tz::known("America/New_York"), "2026-11-01T01:30:00"));
            assert_eq!(shown.resolve(), utc("2026-11-01T05:30:00Z"));
        }
    }

    #[test]
    fn an_instant_that_the_zones_rules_moved_is_noticed() {
        let schedule = at(Tz::known("Europe/Tallinn"), "2026-07-15T09:00:00");
        assert_eq!(schedule.moved_from(utc("2026-07-15T06:00:00Z")), None);
        assert_eq!(schedule.moved_from(utc("2026-07-15T07:00:00Z")), Some(utc("2026-07-15T06:00:00Z")));
    }

    /// Every instant at which the clocks of `zone` show `local`, found by trying each offset in force nearby.
    fn instants_showing(zone: Tz, local: NaiveDateTime) -> Vec<DateTime<Utc>> {
        let offsets = (-48..=48).map(|hours| {
            let near = local + TimeDelta::hours(hours);
            zone.offset_at(near)
        });
        let mut found: Vec<_> = offsets
            .map(|offset| (local - offset).and_utc())
            .filter(|instant| instant.with_timezone(&zone).naive_local() == local)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    prop_compose! {
        fn any_schedule()(zone in 0..Tz::all().len(), day in 0..36_500_u64, minute in 0..1_440_i64) -> LocalSchedule {
            let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Days::new(day);
            let local = date.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(minute);
            LocalSchedule { local, zone: Tz::all()[zone] }
        }
    }

    fn means_the_first_or_moves_forward(schedule: LocalSchedule) {
        let resolved = schedule.resolve();
        let candidates = instants_showing(schedule.zone, schedule.local);
        if let Some(first) = candidates.first() {
            assert_eq!(resolved, *first, "{schedule:?}");
            return;
        }
        let shown = resolved.with_timezone(&schedule.zone).naive_local();
        let moved = shown - schedule.local;
        assert!(moved > TimeDelta::zero() && moved <= TimeDelta::hours(24), "{schedule:?} moved by {moved}");
        // The gap is the difference of the offsets on its two sides, and that is how far the time moved.
        let before = schedule.zone.offset_at((resolved - moved).naive_utc());
        let after = schedule.zone.offset_at(resolved.naive_utc());
        let gap = TimeDelta::seconds((after.local_minus_utc() - before.local_minus_utc()).into());
        assert_eq!(moved, gap, "{schedule:?}");
    }

    proptest! {
        #[test]
        fn every_local_time_of_every_zone_means_its_first_instant_or_moves_by_the_gap(schedule in any_schedule()) {
            means_the_first_or_moves_forward(schedule);
        }
    }

    #[test]
    fn every_quarter_hour_around_a_change_of_clocks_means_its_first_instant_or_moves_by_the_gap() {
        let changes = [
            (Tz::known("America/New_York"), "2026-03-08T02:00:00"),
            (Tz::known("America/New_York"), "2026-11-01T01:00:00"),
            (Tz::known("Australia/Lord_Howe"), "2026-10-04T02:00:00"),
            (Tz::known("Australia/Lord_Howe"), "2026-04-05T01:30:00"),
            (Tz::known("Antarctica/Troll"), "2026-03-29T01:00:00"),
            (Tz::known("Antarctica/Troll"), "2026-10-25T01:00:00"),
            (Tz::known("Pacific/Apia"), "2011-12-30T00:00:00"),
        ];
        for (zone, local) in changes {
            let start = at(zone, local).local - TimeDelta::hours(30);
            for quarters in 0..240 {
                let local = start + TimeDelta::minutes(15 * quarters);
                means_the_first_or_moves_forward(LocalSchedule { local, zone });
            }
        }
    }
}

//! A schedule: when something is to happen, as somebody asked for it.

use chrono::{DateTime, Months, Utc};
use serde::{Deserialize, Serialize};

use crate::LocalSchedule;

/// How far ahead a schedule may lie, in months. Further ahead neither zones' rules nor grants of access can be relied on.
pub const FARTHEST_MONTHS: u32 = 24;

/// The last instant that a schedule made now may mean: [`FARTHEST_MONTHS`] ahead.
pub fn horizon(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_months(Months::new(FARTHEST_MONTHS)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// When something is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// At an instant.
    At(DateTime<Utc>),
    /// When the clocks of a zone show a time.
    Local(LocalSchedule),
}

/// A schedule that cannot be kept.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    /// It lies before now.
    #[error("the time {due} has passed")]
    Past {
        /// The instant that was asked for.
        due: DateTime<Utc>,
    },
    /// It lies further ahead than [`FARTHEST_MONTHS`].
    #[error("the time {due} is too far ahead; the last possible is {latest}")]
    TooFar {
        /// The instant that was asked for.
        due: DateTime<Utc>,
        /// The last instant that is accepted.
        latest: DateTime<Utc>,
    },
}

impl Schedule {
    /// The instant this means.
    pub fn resolve(&self) -> DateTime<Utc> {
        match self {
            Self::At(instant) => *instant,
            Self::Local(local) => local.resolve(),
        }
    }

    /// The instant this means, if it can still be kept: not before `now`, and not too far ahead.
    pub fn due(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, ScheduleError> {
        let due = self.resolve();
        if due < now {
            return Err(ScheduleError::Past { due });
        }
        let latest = horizon(now);
        if due > latest { Err(ScheduleError::TooFar { due, latest }) } else { Ok(due) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: &str = "2028-02-29T12:00:00Z";

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn this_very_instant_can_be_kept_and_the_one_before_cannot() {
        let now = utc(NOW);
        assert_eq!(Schedule::At(now).due(now), Ok(now));
        let due = now - TimeDelta::nanoseconds(1);
        assert_eq!(Schedule::At(due).due(now), Err(ScheduleError::Past { due }));
    }

    #[test]
    fn two_years_ahead_can_be_kept_and_anything_further_cannot() {
        let now = utc(NOW);
        let latest = utc("2030-02-28T12:00:00Z");
        assert_eq!(Schedule::At(latest).due(now), Ok(latest));
        let due = latest + TimeDelta::seconds(1);
        assert_eq!(Schedule::At(due).due(now), Err(ScheduleError::TooFar { due, latest }));
    }

    #[test]
    fn a_local_time_is_judged_by_the_instant_it_means() {
        let wall = LocalSchedule {
            local: "2028-02-29T13:30:00".parse().unwrap(),
            zone: zone::Tz::known("Europe/Tallinn"),
        };
        let due = utc("2028-02-29T11:30:00Z");
        assert_eq!(Schedule::Local(wall).due(utc(NOW)), Err(ScheduleError::Past { due }));
    }

    #[test]
    fn the_written_form_names_the_zone() {
        let wall = LocalSchedule {
            local: "2028-03-01T09:00:00".parse().unwrap(),
            zone: zone::Tz::known("Europe/Tallinn"),
        };
        let written = serde_json::to_value(Schedule::Local(wall)).unwrap();
        assert_eq!(written, json!({"local": {"local": "2028-03-01T09:00:00", "zone": "Europe/Tallinn"}}));
        assert_eq!(
            serde_json::to_value(Schedule::At(utc(NOW))).unwrap(),
            json!({"at": "2028-02-29T12:00:00Z"})
        );
    }

    #[test]
    fn an_unknown_zone_and_an_unknown_field_are_refused() {
        for value in [
            json!({"local": {"local": "2028-03-01T09:00:00", "zone": "Europe/Atlantis"}}),
            json!({"local": {"local": "2028-03-01T09:00:00", "zone": "Europe/Tallinn", "offset": 2}}),
        ] {
            assert!(serde_json::from_value::<Schedule>(value).is_err());
        }
    }

    proptest! {
        #[test]
        fn every_schedule_reads_back_from_its_written_form(seconds in 0..4_000_000_000_i64, zone in 0..zone::Tz::all().len()) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let local = LocalSchedule { local: at.naive_utc(), zone: zone::Tz::all()[zone] };
            for schedule in [Schedule::At(at), Schedule::Local(local)] {
                let written = serde_json::to_string(&schedule).unwrap();
                prop_assert_eq!(serde_json::from_str::<Schedule>(&written).unwrap(), schedule);
            }
        }

        #[test]
        fn what_is_due_never_lies_in_the_past(seconds in 0..4_000_000_000_i64, now in 0..4_000_000_000_i64) {
            let now = DateTime::from_timestamp(now, 0).unwrap();
            if let Ok(due) = Schedule::At(DateTime::from_timestamp(seconds, 0).unwrap()).due(now) {
                prop_assert!(due >= now && due - now <= TimeDelta::days(731));
            }
        }
    }
}

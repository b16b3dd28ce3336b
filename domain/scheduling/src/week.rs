//! The slots of a week: on which days, at which times on the wall.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

/// How many slots one day may have: one each quarter of an hour.
pub const MOST_SLOTS_A_DAY: usize = 96;

/// A time of day in whole minutes. Written as `09:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotTime(NaiveTime);

/// The slots of a week. Written as `{"monday": ["09:00", "17:30"]}`; a day without slots may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Days", into = "Days")]
pub struct Week([BTreeSet<SlotTime>; 7]);

/// Slots that do not make a week.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum WeekError {
    /// What should be a time of day in whole minutes is none.
    #[error("a slot needs a time of day in whole minutes, such as 09:30")]
    NotATime,
    /// A day names a time twice.
    #[error("{day} has the slot {time} twice")]
    Twice {
        /// The day.
        day: Weekday,
        /// The time.
        time: SlotTime,
    },
    /// A day has more than [`MOST_SLOTS_A_DAY`].
    #[error("{day} has more than {MOST_SLOTS_A_DAY} slots")]
    TooMany {
        /// The day.
        day: Weekday,
    },
}

impl SlotTime {
    /// This time on the wall of a day.
    pub fn on(self, date: NaiveDate) -> NaiveDateTime {
        date.and_time(self.0)
    }
}

impl TryFrom<NaiveTime> for SlotTime {
    type Error = WeekError;

    fn try_from(time: NaiveTime) -> Result<Self, WeekError> {
        if time.second() == 0 && time.nanosecond() == 0 { Ok(Self(time)) } else { Err(WeekError::NotATime) }
    }
}

impl FromStr for SlotTime {
    type Err = WeekError;

    /// Reads two digits, a colon, two digits, and nothing else.
    fn from_str(text: &str) -> Result<Self, WeekError> {
        let digit = |place: usize| text.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
        if ![0, 1, 3, 4].into_iter().all(digit) {
            return Err(WeekError::NotATime);
        }
        NaiveTime::parse_from_str(text, "%H:%M").map(Self).map_err(|_| WeekError::NotATime)
    }
}

impl TryFrom<String> for SlotTime {
    type Error = WeekError;

    fn try_from(text: String) -> Result<Self, WeekError> {
        text.parse()
    }
}

impl From<SlotTime> for String {
    fn from(time: SlotTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for SlotTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl Week {
    /// A week with these slots, in any order.
    pub fn new(slots: impl IntoIterator<Item = (Weekday, SlotTime)>) -> Result<Self, WeekError> {
        let mut week = Self::default();
        for (day, time) in slots {
            let times = &mut week.0[index(day)];
            if !times.insert(time) {
                return Err(WeekError::Twice { day, time });
            }
            if times.len() > MOST_SLOTS_A_DAY {
                return Err(WeekError::TooMany { day });
            }
        }
        Ok(week)
    }

    /// The slots of a day, earliest first.
    pub fn on(&self, day: Weekday) -> impl Iterator<Item = SlotTime> {
        self.0[index(day)].iter().copied()
    }

    /// Whether there is no slot at all.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(BTreeSet::is_empty)
    }
}

fn index(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

/// The written form.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Days {
    monday: Vec<SlotTime>,
    tuesday: Vec<SlotTime>,
    wednesday: Vec<SlotTime>,
    thursday: Vec<SlotTime>,
    friday: Vec<SlotTime>,
    saturday: Vec<SlotTime>,
    sunday: Vec<SlotTime>,
}

impl TryFrom<Days> for Week {
    type Error = WeekError;

    fn try_from(days: Days) -> Result<Self, WeekError> {
        let days = [
            (Weekday::Mon, days.monday),
            (Weekday::Tue, days.tuesday),
            (Weekday::Wed, days.wednesday),
            (Weekday::Thu, days.thursday),
            (Weekday::Fri, days.friday),
            (Weekday::Sat, days.saturday),
            (Weekday::Sun, days.sunday),
        ];
        Self::new(days.into_iter().flat_map(|(day, times)| times.into_iter().map(move |time| (day, time))))
    }
}

impl From<Week> for Days {
    fn from(Week(days): Week) -> Self {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
            days.map(|times| times.into_iter().collect());
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn slot(text: &str) -> SlotTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_of_day_is_two_digits_a_colon_and_two_digits() {
        assert_eq!(slot("00:00").to_string(), "00:00");
        assert_eq!(slot("23:59").to_string(), "23:59");
        for text in [
            "", "9:00", "09:0", "24:00", "12:60", "+9:00", "09:00 ", " 9:00", "09:00:00", "0a:00", "½:00",
            "09.00",
        ] {
            assert_eq!(text.parse::<SlotTime>(), Err(WeekError::NotATime), "{text:?}");
        }
    }

    #[test]
    fn seconds_make_no_slot() {
        for (second, nano) in [(1, 0), (0, 1)] {
            let time = NaiveTime::from_hms_nano_opt(9, 0, second, nano).unwrap();
            assert_eq!(SlotTime::try_from(time), Err(WeekError::NotATime));
        }
    }

    #[test]
    fn the_slots_of_a_day_come_in_order() {
        let week: Week = serde_json::from_value(json!({"friday": ["17:30", "09:00"]})).unwrap();
        assert_eq!(week.on(Weekday::Fri).collect::<Vec<_>>(), [slot("09:00"), slot("17:30")]);
        assert_eq!(week.on(Weekday::Sat).count(), 0);
        assert!(!week.is_empty());
        assert!(Week::default().is_empty());
    }

    #[test]
    fn a_slot_named_twice_and_an_unknown_day_are_refused() {
        for value in [json!({"friday": ["09:00", "09:00"]}), json!({"someday": []}), json!({"friday": ["9"]})]
        {
            assert!(serde_json::from_value::<Week>(value).is_err());
        }
        let twice =
            [(Weekday::Fri, slot("09:00")), (Weekday::Sat, slot("09:00")), (Weekday::Fri, slot("09:00"))];
        assert_eq!(Week::new(twice), Err(WeekError::Twice { day: Weekday::Fri, time: slot("09:00") }));
    }

    #[test]
    fn a_day_holds_ninety_six_slots_and_no_more() {
        let minutes = |count: u32| {
            (0..count).map(|minute| (Weekday::Sun, slot(&format!("{:02}:{:02}", minute / 60, minute % 60))))
        };
        assert!(Week::new(minutes(96)).is_ok());
        assert_eq!(Week::new(minutes(97)), Err(WeekError::TooMany { day: Weekday::Sun }));
    }

    proptest! {
        #[test]
        fn every_week_reads_back_from_its_written_form(slots in prop::collection::btree_set((0..7_u8, 0..1_440_u32), 0..40)) {
            let slots = slots.into_iter().map(|(day, minute)| {
                (Weekday::try_from(day).unwrap(), slot(&format!("{:02}:{:02}", minute / 60, minute % 60)))
            });
            let week = Week::new(slots).unwrap();
            let written = serde_json::to_string(&week).unwrap();
            prop_assert_eq!(serde_json::from_str::<Week>(&written).unwrap(), week);
        }
    }
}

//! Sets of weekdays, days of the month and months, as bits.

use chrono::Weekday;

/// The weekdays in the order of ISO 8601, with the names of RFC 5545.
pub(super) const NAMES: [(Weekday, &str); 7] = [
    (Weekday::Mon, "MO"),
    (Weekday::Tue, "TU"),
    (Weekday::Wed, "WE"),
    (Weekday::Thu, "TH"),
    (Weekday::Fri, "FR"),
    (Weekday::Sat, "SA"),
    (Weekday::Sun, "SU"),
];

/// How often a weekday can occur in a month.
pub(super) const MOST_ORDINAL: u32 = 5;

/// Some weekdays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Weekdays(u8);

impl Weekdays {
    pub(super) const ALL: Self = Self(0x7f);

    pub(super) fn only(day: Weekday) -> Self {
        Self(1 << day.num_days_from_monday())
    }

    pub(super) fn insert(&mut self, day: Weekday) {
        self.0 |= Self::only(day).0;
    }

    pub(super) fn contains(self, day: Weekday) -> bool {
        self.0 & Self::only(day).0 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// `BYDAY`: weekdays, each of them or the n-th of the month, counted from its start or its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct ByDay {
    pub(super) every: Weekdays,
    /// The first is at 0.
    pub(super) from_start: [Weekdays; MOST_ORDINAL as usize],
    /// The last is at 0.
    pub(super) from_end: [Weekdays; MOST_ORDINAL as usize],
}

impl ByDay {
    pub(super) fn has_ordinals(&self) -> bool {
        self.from_start.iter().chain(&self.from_end).any(|days| !days.is_empty())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.every.is_empty() && !self.has_ordinals()
    }

    /// Whether the `day` of a month of `length` days is among them, or nothing is asked.
    pub(super) fn admits(&self, weekday: Weekday, day: u32, length: u32) -> bool {
        let nth = |days: &[Weekdays], before: u32| days[before as usize / 7].contains(weekday);
        self.is_empty()
            || self.every.contains(weekday)
            || nth(&self.from_start, day - 1)
            || nth(&self.from_end, length - day)
    }
}

/// `BYMONTHDAY`: days of the month, counted from its start or its end. Bit `n` is the `n`-th.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct MonthDays {
    pub(super) from_start: u32,
    pub(super) from_end: u32,
}

impl MonthDays {
    pub(super) fn only(day: u32) -> Self {
        Self { from_start: 1 << day, from_end: 0 }
    }

    pub(super) fn is_empty(self) -> bool {
        self.from_start | self.from_end == 0
    }

    /// Whether the `day` of a month of `length` days is among them, or nothing is asked.
    pub(super) fn admits(self, day: u32, length: u32) -> bool {
        self.is_empty() || self.from_start & (1 << day) != 0 || self.from_end & (1 << (length + 1 - day)) != 0
    }
}

/// `BYMONTH`: months of the year. Bit `n` is the `n`-th.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Months(pub(super) u16);

impl Months {
    pub(super) fn only(month: u32) -> Self {
        Self(1 << month)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the month is among them, or nothing is asked.
    pub(super) fn admits(self, month: u32) -> bool {
        self.is_empty() || self.0 & (1 << month) != 0
    }
}

/// The numbers of the bits that are set, ascending.
pub(super) fn bits(mut set: u32) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros())?;
        set &= set - 1;
        Some(lowest)
    })
}

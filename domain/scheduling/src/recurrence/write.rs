//! Writes a rule as its text (RFC 5545, section 3.3.10), in one form: `FREQ` first, what is the default left out, lists in order.

use std::fmt;

use chrono::Weekday;

use super::{
    days::{ByDay, NAMES, Weekdays, bits},
    error::Part,
    rule::{End, Rule},
};

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FREQ={}", self.frequency.name())?;
        if self.interval != 1 {
            write!(formatter, ";INTERVAL={}", self.interval)?;
        }
        write_list(formatter, Part::ByMonth, bits(self.months.0.into()).map(|month| month.to_string()))?;
        let from_end = bits(self.month_days.from_end).map(|day| format!("-{day}"));
        let month_days = bits(self.month_days.from_start).map(|day| day.to_string()).chain(from_end);
        write_list(formatter, Part::ByMonthDay, month_days)?;
        write_list(formatter, Part::ByDay, day_items(&self.by_day).into_iter())?;
        match self.end {
            End::Never => {}
            End::Count(count) => write!(formatter, ";COUNT={count}")?,
            End::Day(day) => write!(formatter, ";UNTIL={}", day.format("%Y%m%d"))?,
            End::Instant(instant) => write!(formatter, ";UNTIL={}", instant.format("%Y%m%dT%H%M%SZ"))?,
        }
        if self.week_start != Weekday::Mon {
            write_list(formatter, Part::WeekStart, names(Weekdays::only(self.week_start), ""))?;
        }
        Ok(())
    }
}

fn day_items(days: &ByDay) -> Vec<String> {
    let mut items: Vec<_> = names(days.every, "").collect();
    for (sign, sets) in [("", &days.from_start), ("-", &days.from_end)] {
        for (before, set) in sets.iter().enumerate() {
            items.extend(names(*set, &format!("{sign}{}", before + 1)));
        }
    }
    items
}

fn names(set: Weekdays, ordinal: &str) -> impl Iterator<Item = String> {
    let ordinal = ordinal.to_owned();
    NAMES
        .iter()
        .filter(move |(weekday, _)| set.contains(*weekday))
        .map(move |(_, name)| format!("{ordinal}{name}"))
}

fn write_list(
    formatter: &mut fmt::Formatter<'_>,
    part: Part,
    items: impl Iterator<Item = String>,
) -> fmt::Result {
    let items: Vec<_> = items.collect();
    if items.is_empty() { Ok(()) } else { write!(formatter, ";{part}={}", items.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_in_one_form() {
        for (text, written) in [
            ("INTERVAL=1;FREQ=DAILY;WKST=MO", "FREQ=DAILY"),
            ("FREQ=WEEKLY;BYDAY=SU,MO,SU;WKST=SU;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
            ("FREQ=MONTHLY;BYDAY=-1FR,2TU,SA,1MO,1SU", "FREQ=MONTHLY;BYDAY=SA,1MO,1SU,2TU,-1FR"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1,31,2,-31;COUNT=07", "FREQ=MONTHLY;BYMONTHDAY=2,31,-1,-31;COUNT=7"),
            ("FREQ=YEARLY;BYMONTHDAY=1;BYMONTH=12,1", "FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=1"),
            ("FREQ=DAILY;UNTIL=20301231", "FREQ=DAILY;UNTIL=20301231"),
            ("FREQ=DAILY;UNTIL=20301231t220000z", "FREQ=DAILY;UNTIL=20301231T220000Z"),
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), written);
        }
    }
}

//! Reads a rule from its text (RFC 5545, section 3.3.10), strictly.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, Timelike, Weekday};

use super::{
    days::{ByDay, MOST_ORDINAL, MonthDays, Months, NAMES},
    error::{Part, RuleError},
    rule::{End, Frequency, MOST_COUNT, MOST_INTERVAL, Rule},
};

/// The longest text of a rule, in bytes. What a rule can say without repeating itself fits several times over.
pub const LONGEST_TEXT: usize = 512;

const SUBDAILY: &str = "a series has at most one occurrence a day, at the time of its start";

/// What RFC 5545 and RFC 7529 have and this does not, with the reason.
const UNSUPPORTED: [(&str, &str); 8] = [
    ("BYSECOND", SUBDAILY),
    ("BYMINUTE", SUBDAILY),
    ("BYHOUR", SUBDAILY),
    ("BYYEARDAY", "name the month and the day"),
    ("BYWEEKNO", "name the months, or every how many weeks"),
    ("BYSETPOS", "name the weekday with its ordinal, such as 1MO or -1FR"),
    ("RSCALE", "the calendar is the Gregorian one"),
    ("SKIP", "a day that a month does not have is passed over; -1 is always its last"),
];

const SUBDAILY_FREQUENCIES: [(&str, &str); 3] =
    [("SECONDLY", "FREQ=SECONDLY"), ("MINUTELY", "FREQ=MINUTELY"), ("HOURLY", "FREQ=HOURLY")];

/// The value of each part that stands in a text.
#[derive(Default)]
struct Values<'a>([Option<&'a str>; Part::ALL.len()]);

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        if text.len() > LONGEST_TEXT {
            return Err(RuleError::TooLong { length: text.len() });
        }
        // Names and values are case-insensitive (section 2).
        let text = text.to_ascii_uppercase();
        let values = Values::read(&text)?;
        let rule = Self {
            frequency: values.get(Part::Frequency).ok_or(RuleError::NoFrequency).and_then(frequency)?,
            interval: values.get(Part::Interval).map_or(Ok(1), interval)?,
            end: end(&values)?,
            week_start: values.get(Part::WeekStart).map_or(Ok(Weekday::Mon), week_start)?,
            months: values.get(Part::ByMonth).map_or(Ok(Months::default()), months)?,
            month_days: values.get(Part::ByMonthDay).map_or(Ok(MonthDays::default()), month_days)?,
            by_day: values.get(Part::ByDay).map_or(Ok(ByDay::default()), by_day)?,
        };
        fits(&rule)?;
        Ok(rule)
    }
}

impl<'a> Values<'a> {
    fn read(text: &'a str) -> Result<Self, RuleError> {
        let mut values = Self::default();
        for pair in text.split(';') {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| RuleError::NotAPair { text: pair.to_owned() })?;
            let part = part(name)?;
            if values.0[part as usize].replace(value).is_some() {
                return Err(RuleError::Twice(part));
            }
        }
        Ok(values)
    }

    fn get(&self, part: Part) -> Option<&'a str> {
        self.0[part as usize]
    }
}

fn part(name: &str) -> Result<Part, RuleError> {
    if let Some((name, reason)) = UNSUPPORTED.iter().find(|(unsupported, _)| *unsupported == name) {
        return Err(RuleError::Unsupported { name, reason });
    }
    let part = Part::ALL.into_iter().find(|part| part.name() == name);
    part.ok_or_else(|| RuleError::Unknown { name: name.to_owned() })
}

fn refused(part: Part, value: &str, expected: &'static str) -> RuleError {
    RuleError::Value { part, value: value.to_owned(), expected }
}

fn frequency(value: &str) -> Result<Frequency, RuleError> {
    if let Some((_, name)) = SUBDAILY_FREQUENCIES.iter().find(|(subdaily, _)| *subdaily == value) {
        return Err(RuleError::Unsupported { name, reason: SUBDAILY });
    }
    let known = Frequency::NAMES.iter().find(|(name, _)| *name == value).map(|(_, frequency)| *frequency);
    known.ok_or_else(|| refused(Part::Frequency, value, "DAILY, WEEKLY, MONTHLY or YEARLY"))
}

fn interval(value: &str) -> Result<u32, RuleError> {
    number(value, MOST_INTERVAL).ok_or_else(|| refused(Part::Interval, value, "a number from 1 to 1000"))
}

fn end(values: &Values<'_>) -> Result<End, RuleError> {
    match (values.get(Part::Count), values.get(Part::Until)) {
        (None, None) => Ok(End::Never),
        (Some(count), None) => number(count, MOST_COUNT)
            .map(End::Count)
            .ok_or_else(|| refused(Part::Count, count, "a number from 1 to 10000")),
        (None, Some(until)) => read_until(until).ok_or_else(|| {
            refused(Part::Until, until, "a day such as 20301231, or an instant such as 20301231T220000Z")
        }),
        (Some(_), Some(_)) => {
            Err(RuleError::Conflict { part: Part::Until, reason: "COUNT ends the rule already" })
        }
    }
}

fn read_until(value: &str) -> Option<End> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if value.len() == 8 && digits(value) {
        return NaiveDate::parse_from_str(value, "%Y%m%d").ok().map(End::Day);
    }
    let (day, time) = value.strip_suffix('Z')?.split_once('T')?;
    if day.len() != 8 || time.len() != 6 || !digits(day) || !digits(time) {
        return None;
    }
    let instant = NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%SZ").ok()?;
    // A leap second is read as a fraction of the second before.
    (instant.nanosecond() == 0).then(|| End::Instant(instant.and_utc()))
}

fn week_start(value: &str) -> Result<Weekday, RuleError> {
    weekday(value).ok_or_else(|| refused(Part::WeekStart, value, "MO, TU, WE, TH, FR, SA or SU"))
}

fn months(value: &str) -> Result<Months, RuleError> {
    let mut months = Months::default();
    for item in value.split(',') {
        let month = number(item, 12).ok_or_else(|| refused(Part::ByMonth, item, "a month from 1 to 12"))?;
        months.0 |= Months::only(month).0;
    }
    Ok(months)
}

fn month_days(value: &str) -> Result<MonthDays, RuleError> {
    let mut days = MonthDays::default();
    for item in value.split(',') {
        let (from_end, digits) = sign(item);
        let day = number(digits, 31)
            .ok_or_else(|| refused(Part::ByMonthDay, item, "a day from 1 to 31, or from -31 to -1"))?;
        let set = if from_end { &mut days.from_end } else { &mut days.from_start };
        *set |= 1 << day;
    }
    Ok(days)
}

fn by_day(value: &str) -> Result<ByDay, RuleError> {
    let mut days = ByDay::default();
    for item in value.split(',') {
        insert_day(&mut days, item).ok_or_else(|| {
            refused(Part::ByDay, item, "a weekday such as MO, alone or with an ordinal from -5 to 5")
        })?;
    }
    Ok(days)
}

fn insert_day(days: &mut ByDay, item: &str) -> Option<()> {
    let (ordinal, name) = item.split_at_checked(item.len().checked_sub(2)?)?;
    let weekday = weekday(name)?;
    if ordinal.is_empty() {
        days.every.insert(weekday);
        return Some(());
    }
    let (from_end, digits) = sign(ordinal);
    let nth = number(digits, MOST_ORDINAL)? as usize - 1;
    let sets = if from_end { &mut days.from_end } else { &mut days.from_start };
    sets[nth].insert(weekday);
    Some(())
}

fn weekday(name: &str) -> Option<Weekday> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(weekday, _)| *weekday)
}

/// Whether it counts from the end, and the rest.
fn sign(item: &str) -> (bool, &str) {
    item.strip_prefix('-').map_or((false, item.strip_prefix('+').unwrap_or(item)), |rest| (true, rest))
}

/// A number from 1 to `most`, of digits only.
fn number(value: &str, most: u32) -> Option<u32> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|number| digits && (1..=most).contains(number))
}

/// Whether the parts go together.
fn fits(rule: &Rule) -> Result<(), RuleError> {
    let conflict = |part, reason| Err(RuleError::Conflict { part, reason });
    match rule.frequency {
        Frequency::Daily | Frequency::Weekly => {
            let reason = "it needs FREQ=MONTHLY or FREQ=YEARLY";
            if !rule.months.is_empty() {
                return conflict(Part::ByMonth, reason);
            }
            if !rule.month_days.is_empty() {
                return conflict(Part::ByMonthDay, reason);
            }
            if rule.by_day.has_ordinals() {
                return conflict(Part::ByDay, "an ordinal needs FREQ=MONTHLY or FREQ=YEARLY");
            }
        }
        Frequency::Monthly => {}
        Frequency::Yearly => {
            let reason = "FREQ=YEARLY needs BYMONTH with it";
            if rule.months.is_empty() && !rule.month_days.is_empty() {
                return conflict(Part::ByMonthDay, reason);
            }
            if rule.months.is_empty() && !rule.by_day.is_empty() {
                return conflict(Part::ByDay, reason);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Rule>().unwrap_err().to_string()
    }

    #[test]
    fn parts_may_come_in_any_order_and_case() {
        let rule: Rule = "byday=mo,+2tu,-1FR;Count=5;freq=Monthly;WKST=SU;INTERVAL=02".parse().unwrap();
        assert_eq!(rule, "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,2TU,-1FR;COUNT=5;WKST=SU".parse().unwrap());
        assert_eq!((rule.frequency(), rule.interval(), rule.end()), (Frequency::Monthly, 2, End::Count(5)));
    }

    #[test]
    fn an_end_is_a_day_or_an_instant() {
        let end = |until: &str| format!("FREQ=DAILY;UNTIL={until}").parse::<Rule>().map(|rule| rule.end());
        assert_eq!(end("20280229"), Ok(End::Day("2028-02-29".parse().unwrap())));
        assert_eq!(end("20280229t220000z"), Ok(End::Instant("2028-02-29T22:00:00Z".parse().unwrap())));
        for wrong in [
            "",
            "20270229",
            "2028-02-29",
            "+2028022",
            "20280229T220000",
            "20280229T220060Z",
            "20280229T250000Z",
            "20280229T2200Z",
            "20280229T220000ZZ",
            "20280229Z",
        ] {
            assert!(matches!(end(wrong), Err(RuleError::Value { part: Part::Until, .. })), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_bounds_and_digits_only() {
        for (text, name) in [
            ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
            ("FREQ=DAILY;INTERVAL=1001", "INTERVAL"),
            ("FREQ=DAILY;INTERVAL=+1", "INTERVAL"),
            ("FREQ=DAILY;INTERVAL=", "INTERVAL"),
            ("FREQ=DAILY;COUNT=0", "COUNT"),
            ("FREQ=DAILY;COUNT=10001", "COUNT"),
            ("FREQ=DAILY;COUNT=1.5", "COUNT"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=-32", "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=--1", "BYMONTHDAY"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,", "BYMONTHDAY"),
            ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
            ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
            ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
            ("FREQ=MONTHLY;BYDAY=6MO", "BYDAY"),
            ("FREQ=MONTHLY;BYDAY=-6MO", "BYDAY"),
            ("FREQ=WEEKLY;BYDAY=XX", "BYDAY"),
            ("FREQ=WEEKLY;BYDAY=MÖ", "BYDAY"),
            ("FREQ=WEEKLY;BYDAY=€", "BYDAY"),
            ("FREQ=WEEKLY;WKST=1MO", "WKST"),
            ("FREQ=FORTNIGHTLY", "FREQ"),
        ] {
            assert!(refusal(text).starts_with(&format!("{name} cannot be `")), "{text}: {}", refusal(text));
        }
        for text in ["FREQ=DAILY;INTERVAL=1000", "FREQ=DAILY;COUNT=10000", "FREQ=MONTHLY;BYMONTHDAY=31,-31"] {
            assert!(text.parse::<Rule>().is_ok(), "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_part_and_the_reason() {
        for (text, expected) in [
            ("", "`` is not of the form NAME=value"),
            ("FREQ=DAILY;", "`` is not of the form NAME=value"),
            ("INTERVAL=2", "FREQ is missing"),
            ("RRULE:FREQ=DAILY", "there is no part RRULE:FREQ"),
            ("FREQ=DAILY;FREQ=WEEKLY", "FREQ stands twice"),
            ("FREQ=DAILY;COUNT=2;UNTIL=20300101", "UNTIL does not go here: COUNT ends the rule already"),
            ("FREQ=DAILY;BYMONTH=2", "BYMONTH does not go here: it needs FREQ=MONTHLY or FREQ=YEARLY"),
            ("FREQ=WEEKLY;BYMONTHDAY=2", "BYMONTHDAY does not go here: it needs FREQ=MONTHLY or FREQ=YEARLY"),
            ("FREQ=WEEKLY;BYDAY=2MO", "BYDAY does not go here: an ordinal needs FREQ=MONTHLY or FREQ=YEARLY"),
            ("FREQ=YEARLY;BYDAY=2MO", "BYDAY does not go here: FREQ=YEARLY needs BYMONTH with it"),
            ("FREQ=YEARLY;BYMONTHDAY=2", "BYMONTHDAY does not go here: FREQ=YEARLY needs BYMONTH with it"),
            (
                "FREQ=HOURLY",
                "FREQ=HOURLY is not supported: a series has at most one occurrence a day, at the time of its start",
            ),
            (
                "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=FR",
                "BYSETPOS is not supported: name the weekday with its ordinal, such as 1MO or -1FR",
            ),
        ] {
            assert_eq!(refusal(text), expected);
        }
    }
}

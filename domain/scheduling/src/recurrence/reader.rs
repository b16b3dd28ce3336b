//! Reads a pattern: counts its days, finds the n-th, walks through them. Counts its own steps, for they must stay few.

use chrono::NaiveDate;

use super::pattern::{Pattern, Span};

/// Someone who looks at spans of a pattern, and remembers how many it looked at.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    pattern: &'a Pattern,
    steps: u32,
    /// Up to which span days were added up, and how many there were.
    counted: (u32, u32),
}

impl<'a> Reader<'a> {
    pub(super) fn new(pattern: &'a Pattern) -> Self {
        Self { pattern, steps: 0, counted: (0, 0) }
    }

    /// How many spans it looked at so far.
    pub(super) fn steps(&self) -> u32 {
        self.steps
    }

    fn span(&mut self, number: u32) -> Option<Span> {
        self.steps += 1;
        self.pattern.span(number)
    }

    /// Whether the day belongs to the pattern.
    pub(super) fn contains(&mut self, day: NaiveDate) -> bool {
        let number = self.pattern.number_at(day);
        day >= self.pattern.start() && self.span(number).is_some_and(|span| span.contains(day))
    }

    /// How many days the pattern has before this one. Asking in ascending order costs one pass in all.
    pub(super) fn rank(&mut self, day: NaiveDate) -> u32 {
        let day = day.max(self.pattern.start());
        let number = self.pattern.number_at(day);
        let within = self.span(number).map_or(0, |span| span.len() - span.since(day).len());
        (self.count(number) + within).saturating_sub(self.early())
    }

    /// The day that has `rank` others before it.
    pub(super) fn nth(&mut self, rank: u32) -> Option<NaiveDate> {
        let mut left = rank.checked_add(self.early())?;
        let mut number = 0;
        if let Some(cycle) = self.pattern.cycle() {
            let each = self.sum(0, cycle);
            number = left.checked_div(each)?.checked_mul(cycle)?;
            left %= each;
        }
        loop {
            let span = self.span(number)?;
            if left < span.len() {
                return span.days().nth(left as usize);
            }
            left -= span.len();
            number += 1;
        }
    }

    /// The days from `from` to `last`, each with its rank.
    pub(super) fn walk(mut self, from: NaiveDate, last: NaiveDate) -> Walk<'a> {
        let from = from.max(self.pattern.start());
        let rank = self.rank(from);
        Walk { number: self.pattern.number_at(from), from, last, rank, span: None, reader: self }
    }

    /// The days of the first span that lie before the start.
    fn early(&mut self) -> u32 {
        let start = self.pattern.start();
        self.span(0).map_or(0, |span| span.len() - span.since(start).len())
    }

    /// How many days the spans before this one have.
    fn count(&mut self, number: u32) -> u32 {
        if let Some(cycle) = self.pattern.cycle() {
            return number / cycle * self.sum(0, cycle) + self.sum(0, number % cycle);
        }
        let (done, days) = if self.counted.0 <= number { self.counted } else { (0, 0) };
        self.counted = (number, days + self.sum(done, number));
        self.counted.1
    }

    fn sum(&mut self, from: u32, until: u32) -> u32 {
        (from..until).map(|number| self.span(number).map_or(0, Span::len)).sum()
    }
}

/// The days of a pattern in order, each with its rank.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    reader: Reader<'a>,
    from: NaiveDate,
    last: NaiveDate,
    rank: u32,
    /// The number of the next span.
    number: u32,
    /// What is left of the span before it.
    span: Option<Span>,
}

impl Walk<'_> {
    /// How many spans it looked at so far.
    pub(super) fn steps(&self) -> u32 {
        self.reader.steps()
    }
}

impl Iterator for Walk<'_> {
    type Item = (NaiveDate, u32);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(day) = self.span.and_then(|span| span.days().next()) {
                self.span = self.span.map(Span::rest);
                self.rank += 1;
                return (day <= self.last).then_some((day, self.rank - 1));
            }
            let span = self.reader.span(self.number).filter(|span| span.first <= self.last)?;
            self.number += 1;
            self.span = Some(span.since(self.from));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(rule: &str, start: &str) -> Pattern {
        Pattern::new(&rule.parse().unwrap(), start.parse().unwrap())
    }

    #[test]
    fn the_nth_day_has_n_days_before_it() {
        for rule in [
            "FREQ=DAILY;INTERVAL=3;BYDAY=MO,WE,SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH,SU;WKST=TH",
            "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31,-1,10",
            "FREQ=YEARLY;INTERVAL=3;BYMONTH=2,5,9;BYDAY=5WE,-1SA",
        ] {
            let pattern = pattern(rule, "2026-05-20");
            for rank in [0, 1, 2, 3, 7, 50, 99] {
                let day = Reader::new(&pattern).nth(rank).unwrap();
                assert_eq!(Reader::new(&pattern).rank(day), rank, "{rule}");
                assert_eq!(Reader::new(&pattern).rank(day.succ_opt().unwrap()), rank + 1, "{rule}");
                assert!(Reader::new(&pattern).contains(day));
            }
        }
    }

    #[test]
    fn asking_in_any_order_gives_the_same_ranks() {
        let pattern = pattern("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31");
        let mut reader = Reader::new(&pattern);
        let days = ["2026-12-31", "2027-02-01", "2026-03-31", "2026-12-31", "2020-01-01"];
        assert_eq!(days.map(|day| reader.rank(day.parse().unwrap())), [6, 8, 1, 6, 0]);
    }

    #[test]
    fn asking_in_ascending_order_costs_one_pass() {
        let pattern = pattern("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31");
        let mut reader = Reader::new(&pattern);
        let days: Vec<NaiveDate> = (0..500).map(|rank| Reader::new(&pattern).nth(rank).unwrap()).collect();
        for (expected, day) in (0..).zip(&days) {
            assert_eq!(reader.rank(*day), expected);
        }
        assert!(reader.steps() < 2_000, "{}", reader.steps());
    }

    #[test]
    fn a_rule_that_never_occurs_is_known_after_few_steps() {
        for (rule, most) in [
            ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", 10),
            ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", 2_800),
            ("FREQ=YEARLY;BYMONTH=4,6,9,11;BYMONTHDAY=31", 2_800),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=4", 800),
        ] {
            let pattern = pattern(rule, "1970-01-01");
            let mut reader = Reader::new(&pattern);
            assert_eq!(reader.nth(0), None, "{rule}");
            assert!(reader.steps() <= most, "{rule}: {}", reader.steps());
        }
    }

    #[test]
    fn the_last_of_many_is_found_in_few_steps() {
        for (rule, most) in [
            ("FREQ=DAILY", 20),
            ("FREQ=DAILY;INTERVAL=1000;BYDAY=MO", 20),
            ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 10),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", 400),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 2_800),
        ] {
            let pattern = pattern(rule, "1970-01-01");
            let mut reader = Reader::new(&pattern);
            reader.nth(9_999);
            assert!(reader.steps() <= most, "{rule}: {}", reader.steps());
        }
    }
}

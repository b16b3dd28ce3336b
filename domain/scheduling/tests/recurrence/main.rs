//! Recurrence: against the clocks, against a naive expansion, against an independent implementation, and under change.
#![expect(clippy::unwrap_used, reason = "what prepares a test may fail like a test")]

mod bounds;
mod changes;
mod clocks;
mod naive;
mod oracle;
mod plain;
mod variations;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use scheduling::{
    LocalSchedule, Tz,
    recurrence::{Occurrence, Series, SeriesError},
};

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn try_series(zone: Tz, start: &str, rule: &str) -> Result<Series, SeriesError> {
    Series::new(LocalSchedule { local: local(start), zone }, rule.parse().unwrap())
}

fn series(zone: Tz, start: &str, rule: &str) -> Series {
    try_series(zone, start, rule).unwrap()
}

/// The first occurrences, looked for over nine years and some days from just before the start.
fn occurrences(series: &Series, most: usize) -> Vec<Occurrence> {
    let from = series.start().resolve() - TimeDelta::days(2);
    series.occurrences(from, from + TimeDelta::days(3_300)).unwrap().take(most).collect()
}

/// Their local times, for reading.
fn times(series: &Series, most: usize) -> Vec<String> {
    let found = occurrences(series, most).into_iter();
    found.map(|occurrence| occurrence.local.format("%a %Y-%m-%d %H:%M").to_string()).collect()
}

//! Captions in turn, and none again too soon.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use scheduling::{
    Tz,
    recurrence::{TooClose, captions_needed, first_repeated_too_soon, variation},
};

use crate::{local, occurrences, series, utc};

fn captions(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

#[test]
fn captions_come_in_turn_and_go_on_after_a_skip_and_a_split() {
    let daily = series(Tz::UTC, "2026-01-01T12:00", "FREQ=DAILY;COUNT=7");
    let used = |series: &_| {
        let found = occurrences(series, 9).into_iter();
        found.map(|found| variation(found.index, captions(3))).collect::<Vec<_>>()
    };
    assert_eq!(used(&daily), [0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(used(&daily.clone().skip(local("2026-01-03T12:00")).unwrap()), [0, 1, 0, 1, 2, 0]);
    assert_eq!(used(&daily.split(local("2026-01-05T12:00")).unwrap().following), [1, 2, 0]);
}

#[test]
fn a_caption_that_comes_again_too_soon_is_found() {
    let posts = [
        (utc("2026-01-03T00:00:00Z"), "b"),
        (utc("2026-01-01T00:00:00Z"), "a"),
        (utc("2026-01-08T00:00:00Z"), "a"),
        (utc("2026-01-09T00:00:00Z"), "b"),
    ];
    assert_eq!(first_repeated_too_soon(posts, TimeDelta::days(6)), None);
    let found = first_repeated_too_soon(posts, TimeDelta::days(7));
    assert_eq!(found, Some(TooClose { first: posts[0].0, second: posts[3].0 }));
    let found = first_repeated_too_soon(posts, TimeDelta::days(8));
    assert_eq!(found, Some(TooClose { first: posts[1].0, second: posts[2].0 }));
}

#[test]
fn a_daily_post_needs_a_caption_for_each_day_of_the_distance() {
    let daily = occurrences(&series(Tz::known("Europe/Tallinn"), "2026-01-01T09:00", "FREQ=DAILY"), 365);
    assert_eq!(captions_needed(&daily, TimeDelta::zero(), captions(9)), Some(captions(1)));
    assert_eq!(captions_needed(&daily, TimeDelta::hours(23), captions(9)), Some(captions(1)));
    // In March a day has 23 hours.
    assert_eq!(captions_needed(&daily, TimeDelta::hours(24), captions(9)), Some(captions(2)));
    assert_eq!(captions_needed(&daily, TimeDelta::days(14), captions(30)), Some(captions(15)));
    assert_eq!(captions_needed(&daily, TimeDelta::days(14), captions(14)), None);
}

proptest! {
    #[test]
    fn what_is_found_too_close_is_what_comparing_all_pairs_finds(
        posts in prop::collection::vec((0..2_000_i64, 0..4_u8), 0..30), distance in 0..500_i64,
    ) {
        let at = |minute| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute);
        let found = first_repeated_too_soon(posts.iter().map(|(minute, text)| (at(*minute), *text)), TimeDelta::minutes(distance));
        let pairs = posts.iter().enumerate().flat_map(|(number, one)| posts[..number].iter().map(move |other| (one, other)));
        let close = pairs.filter(|(one, other)| one.1 == other.1 && (one.0 - other.0).abs() < distance);
        let earliest = close.map(|(one, other)| at(one.0.max(other.0))).min();
        prop_assert_eq!(found.map(|found| found.second), earliest);
    }
}

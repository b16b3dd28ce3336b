//! Best times: hours at which earlier posts did better than usual, with the evidence, or none where it is too little.
//!
//! * A window is an hour on the wall of the workspace's zone, on one day of the week or on any.
//! * Usual is the median of all samples; only the newest [`MOST_SAMPLES`] count. With fewer than [`FEWEST_SAMPLES`], or where the
//!   usual post engages nobody, nothing is suggested.
//! * A window is looked at if it has at least [`FEWEST_IN_WINDOW`] samples. It is suggested if its median is at least
//!   [`LEAST_UPLIFT`] above the usual, and if so many of its posts did better than usual that luck alone hardly explains it
//!   (sign test; the bar of [`MOST_CHANCE`] is shared by all windows that were looked at, as Bonferroni has it: who looks at
//!   many windows finds a lucky one).
//! * The greatest uplift comes first. Of a window on one day and the same hour on any day only the better is suggested; at most
//!   [`MOST_SUGGESTIONS`] are.
//!
//! Medians, because one post that goes around the world says nothing about its hour. The result does not depend on the order of the
//! samples. It shows what went together, not what caused it: if the best posts were always kept for Tuesdays, Tuesdays look
//! good.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use serde::Serialize;
use zone::Tz;

use crate::LocalSchedule;

/// How many samples count, the newest.
pub const MOST_SAMPLES: usize = 1_000;
/// The fewest samples that anything is suggested from.
pub const FEWEST_SAMPLES: usize = 30;
/// The fewest samples of a window that is looked at.
pub const FEWEST_IN_WINDOW: usize = 5;
/// The least uplift that is worth a suggestion.
pub const LEAST_UPLIFT: f64 = 0.1;
/// The probability that luck alone suggests anything at all, at most.
pub const MOST_CHANCE: f64 = 0.05;
/// How many windows are suggested, at most.
pub const MOST_SUGGESTIONS: usize = 5;

/// How a published post did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When it was published.
    pub published: DateTime<Utc>,
    /// How often people engaged with it; counts beyond the type saturate.
    pub engagement: u32,
}

/// An hour of the wall, on one day of the week or on any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// The day; `None` means any.
    pub weekday: Option<Weekday>,
    /// The hour, from 0 to 23.
    pub hour: u32,
}

/// Why a window is suggested. Its `Display` says it in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evidence {
    /// How many samples the window has.
    pub samples: usize,
    /// How many of them did better than usual.
    pub better: usize,
    /// The median of the window.
    pub median: f64,
    /// The median of all samples.
    pub usual: f64,
    /// How many samples there are in all.
    pub of: usize,
    /// By how much the window's median exceeds the usual: 0.5 means half as much again.
    pub uplift: f64,
    /// The probability that so many do better than usual by luck.
    pub chance: f64,
}

/// A window that did better than usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Suggestion {
    /// The window.
    pub window: Window,
    /// Why.
    pub evidence: Evidence,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, better, median, usual, of, .. } = self;
        write!(
            f,
            "{better} of {samples} posts did better than usual: a median of {median} against {usual} of {of} posts"
        )
    }
}

/// The windows that did better than usual, best first.
pub fn suggest(samples: &[Sample], zone: Tz) -> Vec<Suggestion> {
    let mut samples = samples.to_vec();
    samples.sort_unstable_by_key(|sample| Reverse(*sample));
    samples.truncate(MOST_SAMPLES);
    let usual = median(samples.iter().map(|sample| sample.engagement).collect());
    if samples.len() < FEWEST_SAMPLES || usual <= 0.0 {
        return Vec::new();
    }
    let mut windows = windows(&samples, zone);
    windows.retain(|_, counts| counts.len() >= FEWEST_IN_WINDOW);
    let bar = MOST_CHANCE / f64::from(u32::try_from(windows.len()).unwrap_or(u32::MAX));
    let mut found: Vec<_> = windows
        .into_iter()
        .map(|((hour, day), counts)| Suggestion {
            window: Window { weekday: day.and_then(|day| Weekday::try_from(day).ok()), hour },
            evidence: evidence(counts, usual, samples.len()),
        })
        .filter(|found| found.evidence.uplift >= LEAST_UPLIFT && found.evidence.chance <= bar)
        .collect();
    // Windows come in a fixed order and the sort is stable, so equals keep it.
    found.sort_by(|one, other| other.evidence.uplift.total_cmp(&one.evidence.uplift));
    without_repeats(found)
}

/// The counts of each window: the hour, and the day from Monday or any.
fn windows(samples: &[Sample], zone: Tz) -> BTreeMap<(u32, Option<u8>), Vec<u32>> {
    let mut windows = BTreeMap::<_, Vec<u32>>::new();
    for sample in samples {
        let shown = LocalSchedule::showing(sample.published, zone).local;
        for day in [None, Some(shown.weekday() as u8)] {
            windows.entry((shown.hour(), day)).or_default().push(sample.engagement);
        }
    }
    windows
}

fn evidence(counts: Vec<u32>, usual: f64, of: usize) -> Evidence {
    let samples = counts.len();
    let better = counts.iter().filter(|count| f64::from(**count) > usual).count();
    let median = median(counts);
    let (uplift, chance) = (median / usual - 1.0, chance(samples, better));
    Evidence { samples, better, median, usual, of, uplift, chance }
}

/// The middle value, or the mean of the two middle ones; zero of none.
fn median(mut counts: Vec<u32>) -> f64 {
    counts.sort_unstable();
    let middle = counts.len() / 2;
    let value = |place: usize| counts.get(place).copied().map_or(0.0, f64::from);
    if counts.len() % 2 == 1 {
        value(middle)
    } else {
        f64::midpoint(value(middle.wrapping_sub(1)), value(middle))
    }
}

/// The probability that of so many fair coins at least so many show heads. Exact up to [`MOST_SAMPLES`], where a half to that power
/// is still a normal number.
fn chance(coins: usize, heads: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let mut exactly = 0.5_f64.powf(number(coins));
    let mut at_least = 0.0;
    for shown in (heads..=coins).rev() {
        at_least += exactly;
        exactly *= number(shown) / number(coins - shown + 1);
    }
    at_least
}

/// The best of each hour's windows on one day and on any.
fn without_repeats(ranked: Vec<Suggestion>) -> Vec<Suggestion> {
    let mut kept = Vec::<Suggestion>::new();
    for found in ranked {
        let repeats = |better: &Suggestion| {
            let any_day = better.window.weekday.is_none() || found.window.weekday.is_none();
            better.window.hour == found.window.hour && any_day
        };
        if !kept.iter().any(repeats) {
            kept.push(found);
        }
    }
    kept.truncate(MOST_SUGGESTIONS);
    kept
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use zone::Tz;

    use super::*;

    /// A Monday, midnight.
    fn monday() -> DateTime<Utc> {
        "2026-06-01T00:00:00Z".parse().unwrap()
    }

    fn sample(hours: i64, engagement: u32) -> Sample {
        Sample { published: monday() + TimeDelta::hours(hours), engagement }
    }

    /// Each week one post each weekday at 07:00 UTC, and those on Tuesdays engage more.
    fn good_tuesdays(weeks: i64) -> Vec<Sample> {
        let days = (0..weeks).flat_map(|week| (0..5).map(move |day| (week, day)));
        days.map(|(week, day)| sample(week * 168 + day * 24 + 7, if day == 1 { 150 } else { 100 })).collect()
    }

    #[test]
    fn an_hour_that_did_better_is_suggested_on_the_wall_of_the_zone_with_its_evidence() {
        let suggestions = suggest(&good_tuesdays(10), Tz::known("Europe/Tallinn"));
        let [Suggestion { window, evidence }] = suggestions[..] else { panic!("{suggestions:?}") };
        assert_eq!(window, Window { weekday: Some(Weekday::Tue), hour: 10 });
        assert_eq!((evidence.samples, evidence.better, evidence.of), (10, 10, 50));
        assert!((evidence.uplift - 0.5).abs() < 1e-9 && (evidence.chance - 0.5_f64.powi(10)).abs() < 1e-12);
        assert_eq!(
            evidence.to_string(),
            "10 of 10 posts did better than usual: a median of 150 against 100 of 50 posts"
        );
    }

    #[test]
    fn too_little_evidence_suggests_nothing() {
        // 25 samples in all, then 30 of which 6 in the window: six lucky coins are one in 64, and six windows were looked at.
        assert_eq!(suggest(&good_tuesdays(5), Tz::known("Europe/Tallinn")), []);
        assert_eq!(suggest(&good_tuesdays(6), Tz::known("Europe/Tallinn")), []);
        assert_eq!(suggest(&[], Tz::known("Europe/Tallinn")), []);
    }

    /// One post a morning engages a hundred, and on some days there is one in the evening.
    fn evenings(engagement: &[u32], mornings: i64) -> Vec<Sample> {
        let evenings = (0..).zip(engagement).map(|(day, engagement)| sample(day * 24 + 18, *engagement));
        evenings.chain((0..mornings).map(|day| sample(day * 24 + 9, 100))).collect()
    }

    #[test]
    fn twenty_nine_samples_are_too_few_and_thirty_are_enough() {
        assert_eq!(suggest(&evenings(&[200; 8], 21), Tz::UTC), []);
        // Eight lucky coins are one in 256: enough where two windows are looked at, not if those of single days counted too.
        assert_eq!(suggest(&evenings(&[200; 8], 22), Tz::UTC).len(), 1);
    }

    #[test]
    fn an_uplift_below_a_tenth_is_not_worth_a_suggestion() {
        assert_eq!(suggest(&evenings(&[109; 9], 22), Tz::UTC), []);
        assert_eq!(suggest(&evenings(&[111; 9], 22), Tz::UTC).len(), 1);
    }

    #[test]
    fn what_does_as_usual_does_not_do_better() {
        let suggestions =
            suggest(&evenings(&[100, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 100], 22), Tz::UTC);
        let [Suggestion { evidence, .. }] = suggestions[..] else { panic!("{suggestions:?}") };
        assert_eq!((evidence.samples, evidence.better), (12, 10));
    }

    #[test]
    fn the_five_greatest_uplifts_are_suggested_greatest_first() {
        let good = |hour: i64| u32::try_from(if hour < 7 { 200 + hour } else { 100 }).unwrap();
        let samples: Vec<_> = (0..28 * 24).map(|hours| sample(hours, good(hours % 24))).collect();
        let hours: Vec<_> = suggest(&samples, Tz::UTC).into_iter().map(|found| found.window.hour).collect();
        assert_eq!(hours, [6, 5, 4, 3, 2]);
    }

    #[test]
    fn one_post_that_went_around_the_world_suggests_nothing() {
        let mut samples: Vec<_> = (0..100).map(|day| sample(day * 24 + 9, 100)).collect();
        samples[50].engagement = u32::MAX;
        assert_eq!(suggest(&samples, Tz::UTC), []);
    }

    #[test]
    fn where_the_usual_post_engages_nobody_nothing_is_suggested() {
        let samples: Vec<_> = (0..100).map(|day| sample(day * 24 + 9, u32::from(day % 7 == 0))).collect();
        assert_eq!(suggest(&samples, Tz::UTC), []);
    }

    #[test]
    fn an_hour_that_is_good_on_every_day_is_suggested_once() {
        let hours = (0..140).flat_map(|day| [day * 24 + 9, day * 24 + 18]);
        let samples: Vec<_> = hours.map(|hour| sample(hour, if hour % 24 == 9 { 80 } else { 120 })).collect();
        let windows: Vec<_> = suggest(&samples, Tz::UTC).into_iter().map(|found| found.window).collect();
        assert_eq!(windows, [Window { weekday: None, hour: 18 }]);
    }

    #[test]
    fn only_the_newest_thousand_samples_count() {
        let mut samples = good_tuesdays(40);
        let later = (0..1_000).map(|hour| sample(100_000 + hour, 100));
        samples.extend(later.clone().take(800));
        assert_eq!(suggest(&samples, Tz::UTC).len(), 1);
        samples.extend(later.skip(800));
        assert_eq!(suggest(&samples, Tz::UTC), []);
    }

    #[test]
    fn the_chance_is_that_of_fair_coins() {
        assert!((chance(5, 5) - 1.0 / 32.0).abs() < 1e-12);
        assert!((chance(7, 6) - 8.0 / 128.0).abs() < 1e-12);
        assert!((chance(1_000, 0) - 1.0).abs() < 1e-9);
        assert!((chance(1_000, 501) - 0.487).abs() < 1e-3);
    }

    #[test]
    fn luck_alone_seldom_suggests_anything() {
        // 400 workspaces whose engagement has nothing to do with the hour.
        let mut state = 1_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let fooled = (0..400).filter(|_| {
            let mut post = || {
                sample(
                    i64::try_from(draw(52 * 7)).unwrap() * 24
                        + [8, 12, 18][usize::try_from(draw(3)).unwrap()],
                    u32::try_from(draw(1_000)).unwrap(),
                )
            };
            let samples: Vec<_> = (0..300).map(|_| post()).collect();
            !suggest(&samples, Tz::UTC).is_empty()
        });
        assert!(fooled.count() <= 20);
    }

    proptest! {
        #[test]
        fn the_order_of_the_samples_changes_nothing_and_every_suggestion_holds(
            samples in prop::collection::vec((0..2_000_i64, 0..50_u32), 0..300),
        ) {
            let mut samples: Vec<_> = samples.into_iter().map(|(hour, engagement)| {
                // The afternoons of Thursdays do well.
                let good = hour % 168 / 12 == 7;
                sample(hour, if good { engagement + 60 } else { engagement })
            }).collect();
            let found = suggest(&samples, Tz::UTC);
            samples.reverse();
            prop_assert_eq!(&found, &suggest(&samples, Tz::UTC));
            prop_assert!(found.len() <= MOST_SUGGESTIONS);
            for Suggestion { evidence, .. } in found {
                prop_assert!(evidence.of >= FEWEST_SAMPLES && evidence.samples >= FEWEST_IN_WINDOW);
                prop_assert!(evidence.uplift >= LEAST_UPLIFT && evidence.chance <= MOST_CHANCE);
                prop_assert!(2 * evidence.better > evidence.samples);
            }
        }
    }
}

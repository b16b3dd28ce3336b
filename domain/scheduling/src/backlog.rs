//! What happens to a backlog: posts that were due during an outage and could not go out.
//!
//! For each channel, at the instant when publishing is possible again:
//!
//! 1. **Fresh promises come first.** What is due from now on keeps its time, and its share of the platform's quota; the backlog
//!    goes out in between.
//! 2. **Nothing goes out after its last chance** ([`MissedPolicy`](crate::MissedPolicy)).
//! 3. **Platform limits spread the rest**: at least the spacing lies between any two, and once the quota is used up the rest
//!    waits until there is new quota.
//! 4. Where not all can go out before their last chances, **the later something was due, the rather it is kept**: an older post
//!    is kept only if everything kept so far is still in time behind it. The others are missed, at once and not when they
//!    would have been.
//! 5. What is kept goes out **in the order in which it was due**, each as soon as the limits allow.
//!
//! If all posts may be late by the same time, no other choice would keep more of them.

use std::{collections::BTreeSet, ops::Bound::Excluded, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};

/// A post that could not go out when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late<P> {
    /// Which post.
    pub post: P,
    /// When it was due.
    pub due: DateTime<Utc>,
    /// The last instant at which it still makes sense.
    pub last_chance: DateTime<Utc>,
}

/// How fast one channel may publish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// The least time between two posts.
    pub spacing: Duration,
    /// What the platform still allows, where it says so.
    pub quota: Option<Quota>,
}

/// How much a platform still allows, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many posts may still go out.
    pub left: u32,
    /// When there is new quota; from then on this one says nothing.
    pub until: DateTime<Utc>,
}

/// What becomes of a backlog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery<P> {
    /// What goes out, with its instant, in order.
    pub publish: Vec<(P, DateTime<Utc>)>,
    /// What is too late, in the order in which it was due.
    pub missed: Vec<P>,
}

/// Decides what becomes of a channel's backlog at `now`. `promised` are the instants of the channel's posts that are due from now
/// on, and of those that went out lately.
pub fn recover<P>(
    mut late: Vec<Late<P>>,
    promised: &BTreeSet<DateTime<Utc>>,
    limits: Limits,
    now: DateTime<Utc>,
) -> Recovery<P> {
    late.sort_by_key(|post| post.due);
    let openings: Vec<_> = Openings::new(promised, limits, now).take(late.len()).collect();
    let (mut keep, mut missed) = (Vec::new(), Vec::new());
    // How many older posts may go before those that are kept. Each that does moves all of them back by one opening.
    let mut slack = usize::MAX;
    for post in late.into_iter().rev() {
        let in_time = openings.partition_point(|opening| *opening <= post.last_chance);
        if slack > 0 && in_time > 0 {
            slack = (slack - 1).min(in_time - 1);
            keep.push(post.post);
        } else {
            missed.push(post.post);
        }
    }
    missed.reverse();
    Recovery { publish: keep.into_iter().rev().zip(openings).collect(), missed }
}

/// The instants at which a channel may publish besides what it promised, each the earliest possible.
struct Openings<'a> {
    promised: &'a BTreeSet<DateTime<Utc>>,
    spacing: TimeDelta,
    quota: Quota,
    earliest: Option<DateTime<Utc>>,
}

impl<'a> Openings<'a> {
    fn new(promised: &'a BTreeSet<DateTime<Utc>>, limits: Limits, now: DateTime<Utc>) -> Self {
        let Quota { left, until } = limits.quota.unwrap_or(Quota { left: 0, until: now });
        let owed = promised.iter().filter(|at| (now..until).contains(*at)).count();
        let left = left.saturating_sub(u32::try_from(owed).unwrap_or(u32::MAX));
        let spacing = TimeDelta::from_std(limits.spacing).unwrap_or(TimeDelta::MAX);
        Self { promised, spacing, quota: Quota { left, until }, earliest: Some(now) }
    }

    /// The earliest instant from `at` on that keeps the spacing to all that is promised.
    fn clear(&self, mut at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.spacing.is_zero() {
            return Some(at);
        }
        let first = at.checked_sub_signed(self.spacing).unwrap_or(DateTime::<Utc>::MIN_UTC);
        for promise in self.promised.range((Excluded(first), Excluded(DateTime::<Utc>::MAX_UTC))) {
            if *promise - at >= self.spacing {
                break;
            }
            at = at.max(promise.checked_add_signed(self.spacing)?);
        }
        Some(at)
    }
}

impl Iterator for Openings<'_> {
    type Item = DateTime<Utc>;

    fn next(&mut self) -> Option<DateTime<Utc>> {
        let mut at = self.clear(self.earliest?)?;
        if at < self.quota.until {
            if let Some(left) = self.quota.left.checked_sub(1) {
                self.quota.left = left;
            } else {
                at = self.clear(self.quota.until)?;
            }
        }
        self.earliest = at.checked_add_signed(self.spacing);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(minutes: i64) -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    /// Posts by the minute at which they were due; an hour late is too late.
    fn due(minutes: &[i64]) -> Vec<Late<i64>> {
        let late = |&post| Late { post, due: after(post), last_chance: after(post + 60) };
        minutes.iter().map(late).collect()
    }

    fn every(minutes: u64) -> Limits {
        Limits { spacing: Duration::from_mins(minutes), quota: None }
    }

    fn outcome(recovery: &Recovery<i64>) -> (Vec<(i64, i64)>, &[i64]) {
        let publish = recovery.publish.iter().map(|(post, at)| (*post, (*at - after(0)).num_minutes()));
        (publish.collect(), &recovery.missed)
    }

    fn promises(minutes: &[i64]) -> BTreeSet<DateTime<Utc>> {
        minutes.iter().copied().map(after).collect()
    }

    #[test]
    fn a_backlog_goes_out_in_the_order_in_which_it_was_due_and_spread() {
        let recovery = recover(due(&[-10, -30, -20]), &promises(&[]), every(10), after(0));
        assert_eq!(outcome(&recovery), (vec![(-30, 0), (-20, 10), (-10, 20)], [].as_slice()));
    }

    #[test]
    fn what_is_past_its_last_chance_is_missed_at_once() {
        let recovery = recover(due(&[-61, -60]), &promises(&[]), every(0), after(0));
        assert_eq!(outcome(&recovery), (vec![(-60, 0)], [-61].as_slice()));
    }

    #[test]
    fn where_not_all_fit_the_oldest_are_missed() {
        // An opening each 20 minutes, last chances after 10, 15, 20, 25: two of them fit.
        let recovery = recover(due(&[-50, -45, -40, -35]), &promises(&[]), every(20), after(0));
        assert_eq!(outcome(&recovery), (vec![(-40, 0), (-35, 20)], [-50, -45].as_slice()));
    }

    #[test]
    fn what_is_due_from_now_on_keeps_its_time() {
        let recovery = recover(due(&[-30, -20, -10]), &promises(&[5, 20]), every(5), after(0));
        assert_eq!(outcome(&recovery), (vec![(-30, 0), (-20, 10), (-10, 15)], [].as_slice()));
        let recovery = recover(due(&[-30, -20]), &promises(&[4, 12]), every(5), after(0));
        assert_eq!(outcome(&recovery), (vec![(-30, 17), (-20, 22)], [].as_slice()));
    }

    #[test]
    fn what_went_out_lately_counts_for_the_spacing() {
        let recovery = recover(due(&[-3]), &promises(&[-4]), every(10), after(0));
        assert_eq!(outcome(&recovery).0, [(-3, 6)]);
    }

    #[test]
    fn once_the_quota_is_used_up_the_rest_waits_for_the_next_and_promises_are_served_first() {
        let quota = Some(Quota { left: 3, until: after(30) });
        let limits = Limits { quota, ..every(1) };
        let recovery = recover(due(&[-20, -10, -5, -4]), &promises(&[2, 31]), limits, after(0));
        assert_eq!(outcome(&recovery), (vec![(-20, 0), (-10, 1), (-5, 30), (-4, 32)], [].as_slice()));
    }

    #[test]
    fn a_promise_for_the_instant_of_new_quota_takes_nothing_of_the_old() {
        let quota = Some(Quota { left: 1, until: after(30) });
        let recovery = recover(due(&[-20]), &promises(&[30]), Limits { quota, ..every(1) }, after(0));
        assert_eq!(outcome(&recovery).0, [(-20, 0)]);
    }

    #[test]
    fn absurd_limits_publish_one_and_miss_the_rest_without_a_panic() {
        let limits = Limits { spacing: Duration::MAX, quota: None };
        let recovery = recover(due(&[-20, -10]), &promises(&[]), limits, after(0));
        assert_eq!(outcome(&recovery), (vec![(-10, 0)], [-20].as_slice()));
        let none = Limits { quota: Some(Quota { left: 0, until: DateTime::<Utc>::MAX_UTC }), ..every(1) };
        assert_eq!(
            outcome(&recover(due(&[-20]), &promises(&[]), none, after(0))),
            (vec![], [-20].as_slice())
        );
    }

    #[test]
    fn a_hundred_thousand_late_posts_are_sorted_out_at_once() {
        let minutes: Vec<_> = (-100_000..0).collect();
        let recovery = recover(due(&minutes), &promises(&[]), every(2), after(0));
        // Openings 2 minutes apart; the k-th before the last has its last chance 60 - k minutes from now.
        assert_eq!(recovery.publish.len(), 30);
        assert_eq!(recovery.missed.len(), 99_970);
    }

    prop_compose! {
        fn any_case()(
            late in prop::collection::vec((0..90_i64, 0..120_i64), 0..9),
            promised in prop::collection::btree_set(-10..120_i64, 0..6),
            spacing in 0..25_u64,
            quota in prop::option::of((0..6_u32, -5..60_i64)),
        ) -> (Vec<Late<usize>>, BTreeSet<DateTime<Utc>>, Limits) {
            let late = late.into_iter().enumerate().map(|(post, (ago, late_by))| {
                Late { post, due: after(-ago), last_chance: after(late_by - ago) }
            });
            let quota = quota.map(|(left, minutes)| Quota { left, until: after(minutes) });
            let limits = Limits { quota, ..every(spacing) };
            (late.collect(), promised.into_iter().map(after).collect(), limits)
        }
    }

    /// The openings as somebody would find them with no care for time: try each minute.
    fn naive_openings(promised: &BTreeSet<DateTime<Utc>>, limits: Limits) -> Vec<DateTime<Utc>> {
        let spacing = TimeDelta::from_std(limits.spacing).unwrap();
        let quota = limits.quota.unwrap_or(Quota { left: 0, until: after(0) });
        let owed = promised.iter().filter(|at| **at >= after(0) && **at < quota.until).count();
        let mut found: Vec<DateTime<Utc>> = Vec::new();
        for minute in 0..400 {
            let at = after(minute);
            while found.len() < 9 {
                let near = |other: &DateTime<Utc>| (*other - at).abs() < spacing;
                let used_up = at < quota.until && found.len() + owed >= quota.left as usize;
                if used_up || found.iter().chain(promised).any(near) {
                    break;
                }
                found.push(at);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn what_is_kept_is_in_order_in_time_and_spread_as_early_as_the_limits_allow((late, promised, limits) in any_case()) {
            let recovery = recover(late.clone(), &promised, limits, after(0));
            let openings = naive_openings(&promised, limits);
            let instants: Vec<_> = recovery.publish.iter().map(|(_, at)| *at).collect();
            prop_assert_eq!(&instants[..], &openings[..instants.len()]);
            let kept: Vec<_> = recovery.publish.iter().map(|(post, _)| late[*post]).collect();
            prop_assert!(kept.is_sorted_by_key(|post| post.due));
            for (post, at) in kept.iter().zip(&instants) {
                prop_assert!(*at <= post.last_chance);
            }
            let mut all: Vec<_> = kept.iter().map(|post| post.post).chain(recovery.missed).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..late.len()).collect::<Vec<_>>());
        }

        #[test]
        fn no_choice_keeps_a_fresher_post_instead((late, promised, limits) in any_case()) {
            let openings = naive_openings(&promised, limits);
            let mut order = late.clone();
            order.sort_by_key(|post| post.due);
            let possible = |choice: &u32| {
                let chosen = order.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
                chosen.zip(0..).all(|((_, post), place): (_, usize)| openings.get(place).is_some_and(|at| *at <= post.last_chance))
            };
            // Read as a number whose highest digit is the freshest post, the best choice is the greatest possible one.
            let best = (0..1_u32 << order.len()).filter(possible).max().unwrap();
            let kept: BTreeSet<_> = recover(late, &promised, limits, after(0)).publish.into_iter().map(|(post, _)| post).collect();
            let chosen: BTreeSet<_> = (0..order.len()).filter(|place| best >> place & 1 == 1).map(|place| order[place].post).collect();
            prop_assert_eq!(kept, chosen);
        }

        #[test]
        fn with_one_policy_for_all_no_choice_keeps_more(minutes in prop::collection::vec(-90..0_i64, 0..9), spacing in 0..25_u64) {
            let late = due(&minutes);
            let openings = naive_openings(&BTreeSet::new(), every(spacing));
            let mut chances: Vec<_> = late.iter().map(|post| post.last_chance).collect();
            chances.sort_unstable();
            let possible = |choice: &u32| {
                let chosen = chances.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
                chosen.zip(&openings).all(|((_, chance), at)| at <= chance)
            };
            let most = (0..1_u32 << chances.len()).filter(possible).map(u32::count_ones).max().unwrap();
            let kept = recover(late, &BTreeSet::new(), every(spacing), after(0)).publish.len();
            prop_assert_eq!(kept, most as usize);
        }
    }
}

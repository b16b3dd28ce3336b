//! What to do with something that is late: still do it, or call it missed. What becomes of many that are late at once is the rule of
//! the [`backlog`](crate::backlog).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The lateness that a running deployment may have without anybody calling it late: polling, platform latency and bursts stay well
/// below. No policy is stricter than this, or a busy second would turn posts into missed ones.
pub const PUNCTUAL_WITHIN: Duration = Duration::from_secs(5);

/// Until when a late publication still makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedPolicy {
    /// How late it may still go out.
    pub publish_late_by: Duration,
}

/// How something stands to its due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not yet due, or within [`PUNCTUAL_WITHIN`] of it.
    OnTime,
    /// Late, but it still goes out.
    Late,
    /// Too late to make sense.
    Missed,
}

impl Default for MissedPolicy {
    /// Up to one hour late.
    fn default() -> Self {
        Self { publish_late_by: Duration::from_hours(1) }
    }
}

impl MissedPolicy {
    /// The last instant at which something due at `due` still goes out.
    pub fn last_chance(&self, due: DateTime<Utc>) -> DateTime<Utc> {
        later(due, self.publish_late_by.max(PUNCTUAL_WITHIN))
    }

    /// How something due at `due` stands at `now`.
    pub fn verdict(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> Verdict {
        if now <= later(due, PUNCTUAL_WITHIN) {
            Verdict::OnTime
        } else if now <= self.last_chance(due) {
            Verdict::Late
        } else {
            Verdict::Missed
        }
    }
}

fn later(from: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|delta| from.checked_add_signed(delta))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn due() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn by_default_an_hour_late_still_goes_out_and_a_moment_more_is_missed() {
        let policy = MissedPolicy::default();
        let verdict = |seconds| policy.verdict(due(), due() + TimeDelta::seconds(seconds));
        assert_eq!(verdict(-3_600), Verdict::OnTime);
        assert_eq!(verdict(5), Verdict::OnTime);
        assert_eq!(verdict(6), Verdict::Late);
        assert_eq!(verdict(3_600), Verdict::Late);
        assert_eq!(verdict(3_601), Verdict::Missed);
    }

    #[test]
    fn a_policy_that_forbids_lateness_still_allows_the_punctual() {
        let policy = MissedPolicy { publish_late_by: Duration::ZERO };
        assert_eq!(policy.verdict(due(), due() + TimeDelta::seconds(5)), Verdict::OnTime);
        assert_eq!(policy.verdict(due(), due() + TimeDelta::seconds(6)), Verdict::Missed);
    }

    #[test]
    fn an_endless_policy_never_misses() {
        let policy = MissedPolicy { publish_late_by: Duration::MAX };
        assert_eq!(policy.verdict(due(), DateTime::<Utc>::MAX_UTC), Verdict::Late);
    }

    proptest! {
        #[test]
        fn it_is_missed_exactly_after_the_last_chance(late_by in 0..200_000_u64, after in -10_000..300_000_i64) {
            let policy = MissedPolicy { publish_late_by: Duration::from_secs(late_by) };
            let now = due() + TimeDelta::seconds(after);
            prop_assert_eq!(policy.verdict(due(), now) == Verdict::Missed, now > policy.last_chance(due()));
        }
    }
}

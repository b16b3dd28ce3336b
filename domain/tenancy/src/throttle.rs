//! Slowing down whoever guesses. Attempts are counted before they are looked at, so that many at once gain nothing.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use crate::StoreError;

/// How many attempts are free and how the pauses after them grow: doubling from the first to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRule {
    /// Attempts without a pause.
    pub free: u32,
    /// The pause after the first attempt that is not free.
    pub first_pause: TimeDelta,
    /// No pause is longer. It also bounds how long a stranger can keep somebody from signing in.
    pub longest_pause: TimeDelta,
    /// Without further attempts everything is forgotten after this.
    pub forget_after: TimeDelta,
}

impl ThrottleRule {
    /// For one mail address: 5 free, then 1 s, 2 s … 5 min; forgotten after an hour. That is at most some 300 guesses a day.
    pub const PER_MAIL: Self = Self {
        free: 5,
        first_pause: TimeDelta::seconds(1),
        longest_pause: TimeDelta::minutes(5),
        forget_after: TimeDelta::hours(1),
    };

    /// For one client address, which an office may share: 50 failures free, then 1 s … 5 min; forgotten after an hour.
    pub const PER_ADDRESS: Self = Self { free: 50, ..Self::PER_MAIL };

    /// Counts one attempt, or says how long to wait; an attempt that must wait is not counted.
    pub fn strike(&self, before: Option<Strikes>, now: DateTime<Utc>) -> Result<Strikes, Throttled> {
        let before = before.filter(|strikes| now < strikes.forget_at);
        if let Some(strikes) = before
            && now < strikes.blocked_until
        {
            return Err(Throttled { retry_after: strikes.blocked_until - now });
        }
        let count = before.map_or(0, |strikes| strikes.count).saturating_add(1);
        let pause = self.pause_after(count);
        // Never forgotten before the pause is over.
        Ok(Strikes { count, blocked_until: now + pause, forget_at: now + self.forget_after.max(pause) })
    }

    fn pause_after(&self, count: u32) -> TimeDelta {
        let Some(doublings) = count.checked_sub(self.free.saturating_add(1)) else {
            return TimeDelta::zero();
        };
        1_i32
            .checked_shl(doublings)
            .filter(|factor| *factor > 0)
            .and_then(|factor| self.first_pause.checked_mul(factor))
            .map_or(self.longest_pause, |pause| pause.min(self.longest_pause))
    }
}

/// What is remembered about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strikes {
    /// Attempts that did not succeed.
    pub count: u32,
    /// Until then attempts are refused.
    pub blocked_until: DateTime<Utc>,
    /// From then on all is forgotten.
    pub forget_at: DateTime<Utc>,
}

/// Too many attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next attempt is looked at; more than zero.
    pub retry_after: TimeDelta,
}

/// What is throttled: a keyed hash of a mail address or of a client address, and the rule for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The keyed hash, see [`crate::sealing::Vault::lookup`].
    pub key: [u8; 32],
    /// The rule.
    pub rule: ThrottleRule,
}

/// Keeps strikes where every node sees them.
#[async_trait]
pub trait ThrottleStore: Send + Sync {
    /// Counts one attempt against each subject, or none if one of them must wait; in one transaction.
    async fn strike(
        &self,
        subjects: &[Subject],
        now: DateTime<Utc>,
    ) -> Result<Result<(), Throttled>, StoreError>;

    /// After a success: forgets the first subject and takes one strike back from the others.
    async fn forgive(&self, subjects: &[Subject]) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn pauses_double_after_the_free_attempts_up_to_the_longest() {
        let pauses: Vec<i64> =
            (1..=16).map(|count| ThrottleRule::PER_MAIL.pause_after(count).num_seconds()).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn an_attempt_during_a_pause_is_refused_and_not_counted() {
        let rule = ThrottleRule { free: 0, ..ThrottleRule::PER_MAIL };
        let first = rule.strike(None, start()).unwrap();
        let refused = rule.strike(Some(first), start()).unwrap_err();
        assert_eq!(refused.retry_after, TimeDelta::seconds(1));
        let second = rule.strike(Some(first), start() + refused.retry_after).unwrap();
        assert_eq!(second.count, 2);
    }

    #[test]
    fn strikes_are_forgotten_after_a_quiet_time() {
        let rule = ThrottleRule::PER_MAIL;
        let old = Strikes { count: 1_000, blocked_until: start(), forget_at: start() };
        assert_eq!(rule.strike(Some(old), start()).unwrap().count, 1);
    }

    proptest! {
        /// However the attempts are timed, no day lets through more than the free ones of each forgotten hour plus one per
        /// longest pause would.
        #[test]
        fn no_timing_gains_many_attempts_a_day(gaps in prop::collection::vec(0_i64..4_000, 1..2_000)) {
            let (rule, mut now, mut strikes, mut admitted) = (ThrottleRule::PER_MAIL, start(), None, 0);
            for gap in gaps {
                now += TimeDelta::seconds(gap);
                if now - start() > TimeDelta::days(1) {
                    break;
                }
                if let Ok(next) = rule.strike(strikes, now) {
                    admitted += 1;
                    strikes = Some(next);
                }
            }
            prop_assert!(admitted <= 24 * 60 / 5 + 14, "{admitted} attempts were let through");
        }

        #[test]
        fn the_pause_never_shrinks_and_never_exceeds_the_longest(count in 0_u32..u32::MAX) {
            let rule = ThrottleRule::PER_MAIL;
            prop_assert!(rule.pause_after(count) <= rule.pause_after(count + 1));
            prop_assert!(rule.pause_after(count) <= rule.longest_pause);
        }
    }
}

//! How long to wait before trying again.

use std::time::Duration;

/// The longest first pause.
pub const FIRST: Duration = Duration::from_secs(1);

/// The longest pause of all.
pub const LONGEST: Duration = Duration::from_mins(5);

/// The longest pause after this many failures in a row: [`FIRST`], doubled by each further failure, at most [`LONGEST`].
pub fn ceiling(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1);
    2_u32
        .checked_pow(doublings)
        .and_then(|factor| FIRST.checked_mul(factor))
        .map_or(LONGEST, |pause| pause.min(LONGEST))
}

/// The pause after this many failures in a row. `jitter` is drawn anew each time, evenly from 0 to 1, and picks a point between no
/// pause and the [`ceiling`], so that those who failed together do not come back together ("full jitter"). What lies
/// outside that range counts as its nearer end, and no number as 1.
pub fn pause(failures: u32, jitter: f64) -> Duration {
    let share = if jitter.is_nan() { 1.0 } else { jitter.clamp(0.0, 1.0) };
    ceiling(failures).mul_f64(share)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ceiling_doubles_from_one_second_to_five_minutes() {
        let seconds: Vec<_> = (1..=11).map(|failures| ceiling(failures).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(ceiling(0), FIRST);
        assert_eq!(ceiling(u32::MAX), LONGEST);
    }

    #[test]
    fn jitter_picks_a_point_below_the_ceiling() {
        assert_eq!(pause(4, 0.0), Duration::ZERO);
        assert_eq!(pause(4, 0.25), Duration::from_secs(2));
        assert_eq!(pause(4, 1.0), Duration::from_secs(8));
    }

    #[test]
    fn jitter_that_makes_no_sense_never_panics_or_exceeds_the_ceiling() {
        assert_eq!(pause(1, f64::NAN), FIRST);
        assert_eq!(pause(1, f64::INFINITY), FIRST);
        assert_eq!(pause(1, -3.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn a_pause_grows_with_jitter_and_with_failures(failures in 0..200_u32, low in 0.0..1.0_f64, high in 0.0..1.0_f64) {
            let (low, high) = if low <= high { (low, high) } else { (high, low) };
            prop_assert!(pause(failures, low) <= pause(failures, high));
            prop_assert!(pause(failures, low) <= pause(failures + 1, low));
            prop_assert!(pause(failures, high) <= LONGEST);
        }
    }
}

//! Quantiles and rates of what was measured.

use std::time::Duration;

/// Durations in order of size.
pub(crate) struct Quantiles(Vec<Duration>);

impl FromIterator<Duration> for Quantiles {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut sorted: Vec<_> = durations.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

impl Quantiles {
    /// The smallest duration that so many of a hundred do not exceed; zero if there are none.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// Milliseconds.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

/// Milliseconds for each of so many.
pub(crate) fn per_one(duration: Duration, count: usize) -> String {
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    format!("{:.3}", (duration / count).as_secs_f64() * 1e3)
}

/// So many in this time, per second.
pub(crate) fn per_second(count: usize, duration: Duration) -> String {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    format!("{:.0}", f64::from(count) / duration.as_secs_f64().max(1e-3))
}

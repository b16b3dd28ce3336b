//! A pace for calls that are due at one instant.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The time between two calls: ten thousand a second, about what a worker on two cores can make. A thousand calls begun at one
/// instant would open a thousand connections, and a handshake costs more than the call; begun so, they use again what the first
/// ones opened, if the platform is quick.
const GAP: Duration = Duration::from_micros(100);

/// Hands out the moments at which calls may begin.
#[derive(Default)]
pub(super) struct Pace {
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// The next free moment: now, if nobody called just before.
    fn moment(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = next.map_or(now, |next| next.max(now));
        *next = Some(moment + GAP);
        moment
    }

    /// Waits for the next free moment.
    pub(super) async fn keep(&self) {
        let now = Instant::now();
        let moment = self.moment(now);
        if moment > now {
            tokio::time::sleep_until(moment).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_spread_and_a_single_call_does_not_wait() {
        let (pace, now) = (Pace::default(), Instant::now());
        let moments: Vec<_> = (0..1_000).map(|_| pace.moment(now)).collect();
        assert_eq!(moments[0], now);
        assert!(moments.windows(2).all(|pair| pair[1] == pair[0] + GAP));
        let later = now + Duration::from_secs(1);
        assert_eq!(pace.moment(later), later, "nothing is saved up for later, and nothing owed");
    }
}

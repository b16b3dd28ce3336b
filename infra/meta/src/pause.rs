//! Who must not be called for a while. Calling on while limited lengthens the block (Graph API, rate limiting).

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use tokio::time::Instant;

/// The first pause where the platform names none.
const FIRST: Duration = Duration::from_mins(1);
/// The longest pause where the platform names none: its windows are an hour long and roll.
const LONGEST: Duration = Duration::from_mins(30);
/// Pauses that are over are dropped when there are more than this many.
const CROWDED: usize = 10_000;

/// Whom a limit concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The app, and so everybody.
    App,
    /// One Page or account.
    Asset(&'a str),
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    until: Instant,
    /// Length of the pause where it was ours to choose; the next one is twice that.
    step: Duration,
}

#[derive(Debug, Default)]
struct Table {
    app: Option<Pause>,
    assets: HashMap<String, Pause>,
}

impl Table {
    fn get(&self, subject: Subject<'_>) -> Option<Pause> {
        match subject {
            Subject::App => self.app,
            Subject::Asset(id) => self.assets.get(id).copied(),
        }
    }

    fn set(&mut self, subject: Subject<'_>, pause: Pause, now: Instant) {
        match subject {
            Subject::App => self.app = Some(pause),
            Subject::Asset(id) => {
                if self.assets.len() >= CROWDED {
                    self.assets.retain(|_, pause| pause.until > now);
                }
                self.assets.insert(id.to_owned(), pause);
            }
        }
    }
}

/// The table, shared by every call of the process. Another process learns the same from its own answers.
#[derive(Debug, Default)]
pub(crate) struct Pauses(RwLock<Table>);

impl Pauses {
    /// How long nobody may call on behalf of this asset.
    pub(crate) fn remaining(&self, asset: Option<&str>, now: Instant) -> Option<Duration> {
        let table = self.read();
        let asset = asset.and_then(|id| table.get(Subject::Asset(id)));
        let until = asset.into_iter().chain(table.app).map(|pause| pause.until).max()?;
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    /// Pauses for as long as the platform named.
    pub(crate) fn pause(&self, subject: Subject<'_>, length: Duration, now: Instant) {
        let mut table = self.write();
        let until = now + length;
        if table.get(subject).is_none_or(|pause| pause.until < until) {
            table.set(subject, Pause { until, step: FIRST }, now);
        }
    }

    /// Pauses where the platform named no time: a minute, and twice as long whenever the limit is met again soon after.
    /// Answers that were under way when the pause began do not lengthen it.
    pub(crate) fn back_off(&self, subject: Subject<'_>, now: Instant) {
        let mut table = self.write();
        let step = match table.get(subject) {
            Some(pause) if now < pause.until => return,
            Some(pause) if now < pause.until + 2 * pause.step => (2 * pause.step).min(LONGEST),
            _ => FIRST,
        };
        table.set(subject, Pause { until: now + step, step }, now);
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_pause_of_one_page_leaves_the_others_alone() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        pauses.pause(Subject::Asset("a"), 10 * SECOND, now);
        assert_eq!(pauses.remaining(Some("a"), now), Some(10 * SECOND));
        assert_eq!(pauses.remaining(Some("b"), now), None);
        assert_eq!(pauses.remaining(None, now), None);
        assert_eq!(pauses.remaining(Some("a"), now + 10 * SECOND), None);
    }

    #[test]
    fn a_pause_of_the_app_concerns_everybody() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        pauses.pause(Subject::App, SECOND, now);
        pauses.pause(Subject::Asset("a"), 3 * SECOND, now);
        assert_eq!(pauses.remaining(Some("b"), now), Some(SECOND));
        assert_eq!(pauses.remaining(None, now), Some(SECOND));
        assert_eq!(pauses.remaining(Some("a"), now), Some(3 * SECOND));
    }

    #[test]
    fn a_shorter_estimate_does_not_shorten_a_pause() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        pauses.pause(Subject::App, 10 * SECOND, now);
        pauses.pause(Subject::App, SECOND, now);
        assert_eq!(pauses.remaining(None, now), Some(10 * SECOND));
    }

    #[test]
    fn a_limit_met_again_doubles_the_pause_up_to_half_an_hour() {
        let (pauses, mut now) = (Pauses::default(), Instant::now());
        let mut lengths = Vec::new();
        for _ in 0..7 {
            pauses.back_off(Subject::App, now);
            let left = pauses.remaining(None, now).unwrap();
            lengths.push(left.as_secs());
            now += left;
        }
        assert_eq!(lengths, [60, 120, 240, 480, 960, 1800, 1800]);
        pauses.back_off(Subject::App, now + 2 * LONGEST);
        assert_eq!(pauses.remaining(None, now + 2 * LONGEST), Some(FIRST));
    }

    #[test]
    fn answers_under_way_do_not_lengthen_a_pause() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        for _ in 0..1_000 {
            pauses.back_off(Subject::Asset("a"), now);
        }
        assert_eq!(pauses.remaining(Some("a"), now), Some(FIRST));
    }

    #[test]
    fn pauses_that_are_over_do_not_pile_up() {
        let (pauses, now) = (Pauses::default(), Instant::now());
        for n in 0..3 * CROWDED {
            let now = now + u32::try_from(n).unwrap() * SECOND;
            pauses.pause(Subject::Asset(&n.to_string()), SECOND, now);
        }
        assert!(pauses.read().assets.len() <= CROWDED);
    }
}

//! Recognising one's own post among those a platform shows.

use chrono::{DateTime, TimeDelta, Utc};
use publishing::{
    publisher::{Finding, Live, Work},
    refusal::PlatformCode,
};

/// How far clocks differ where they are kept in order; also covers that platforms cut off fractions of seconds. What the
/// platform dates earlier than this before the permit is not plainly ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// How far clocks differ at worst, where one is not kept in order. The search goes back so far: what is not looked at
/// would prove an absence that nobody saw.
const WORST_SKEW: TimeDelta = TimeDelta::hours(1);

/// How well a post that the platform shows fits the one that was to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is another one.
    No,
    /// It may be ours: something fits and something else cannot be compared or differs as platforms make it differ.
    Perhaps,
    /// Everything fits.
    Yes,
}

/// Where our post can lie, by the platform's dates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    permitted_at: DateTime<Utc>,
}

impl Window {
    /// The window of a publication. Without a permit nothing was sent, and the preparation is the earliest bound there is.
    pub(crate) fn of(work: &Work) -> Option<Self> {
        let permitted_at = work.permitted_at.or(work.handles.since)?;
        Some(Self { permitted_at })
    }

    /// Where the search begins.
    pub(crate) fn since(self) -> DateTime<Utc> {
        self.permitted_at - WORST_SKEW
    }

    /// Whether a post that fits fits in time as well. One from before the permit is ours only if a clock is wrong. One
    /// without a date may be from any time.
    pub(crate) fn fit(self, created: Option<DateTime<Utc>>) -> Fit {
        match created {
            Some(created) if created < self.since() => Fit::No,
            Some(created) if created < self.permitted_at - SKEW => Fit::Perhaps,
            _ => Fit::Yes,
        }
    }
}

/// Whether two captions are the same, as far as platforms keep them: they trim the ends and unify line ends.
pub(crate) fn same_text(ours: &str, theirs: Option<&str>) -> bool {
    let lines = |text: &str| text.trim().replace("\r\n", "\n");
    let theirs = theirs.unwrap_or_default();
    ours == theirs || lines(ours) == lines(theirs)
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    found: Vec<Live>,
    perhaps: usize,
}

impl Tally {
    /// Counts one post in. A post that belongs to another publication is never ours.
    pub(crate) fn add(&mut self, work: &Work, fit: Fit, live: Option<Live>) {
        match (fit, live) {
            (Fit::No, _) => {}
            (_, Some(live)) if work.taken.contains(&live.id) => {}
            (Fit::Yes, Some(live)) if !self.found.iter().any(|seen| seen.id == live.id) => {
                self.found.push(live);
            }
            (Fit::Yes, Some(_)) => {}
            (Fit::Yes, None) | (Fit::Perhaps, _) => self.perhaps += 1,
        }
    }

    /// The one post that fits, if it is one.
    pub(crate) fn unique(mut self) -> Option<Live> {
        if self.found.len() == 1 { self.found.pop() } else { None }
    }

    /// What a complete list proves: presence, absence for now, or nothing.
    pub(crate) fn finding(self) -> Finding {
        match (self.found.len(), self.perhaps) {
            (0, 0) => Finding::NotLive { definite: false },
            (1, _) => self.unique().map_or(Finding::CannotTell(PlatformCode::default()), Finding::Live),
            _ => Finding::CannotTell(PlatformCode::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dated_before_the_permit_is_plainly_ours_only_within_a_minute() {
        let permitted_at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let window = Window { permitted_at };
        for (seconds, fit) in
            [(5, Fit::Yes), (-60, Fit::Yes), (-61, Fit::Perhaps), (-3_600, Fit::Perhaps), (-3_601, Fit::No)]
        {
            assert_eq!(window.fit(Some(permitted_at + TimeDelta::seconds(seconds))), fit, "{seconds}");
        }
        assert_eq!(window.fit(None), Fit::Yes);
    }

    #[test]
    fn captions_are_the_same_up_to_line_ends_and_outer_space() {
        assert!(same_text("a\nb ", Some("a\r\nb")));
        assert!(same_text("", None));
        assert!(!same_text("a", None));
        assert!(!same_text("a b", Some("a  b")));
        assert!(!same_text("Soup", Some("soup")));
    }
}

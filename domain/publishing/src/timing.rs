//! How long the steps of publishing wait for each other.

use std::time::Duration;

use crate::platform::Format;

/// The pauses of the protocol. The defaults suit Meta's platforms; the relations between them are what safety rests on,
/// see [`Timing::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long before the due time pictures are uploaded.
    pub picture_lead: Duration,
    /// How long before the due time the irreversible call is permitted; at most one second.
    pub permit_lead: Duration,
    /// How long after its permit a call may still begin.
    pub send_window: Duration,
    /// How long the irreversible call may take.
    pub publish_timeout: Duration,
    /// How long a claim on a preparation lasts unless it is renewed.
    pub lease: Duration,
    /// The pause between two questions whether something is processed.
    pub check_pause: Duration,
    /// The pause between an unclear answer and the first look, and between looks at first.
    pub look_pause: Duration,
    /// How long after the permit an absence in a list is believed. Lists lag.
    pub settle: Duration,
    /// How long after the permit the object's own word that it is not public is believed.
    pub settle_definite: Duration,
    /// How long Postern looks before a person must.
    pub look_deadline: Duration,
    /// The pause between publication and the question for the permalink: not in the busy second.
    pub follow_up_pause: Duration,
    /// The longest pause between retries.
    pub max_backoff: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            picture_lead: Duration::from_mins(10),
            permit_lead: Duration::from_secs(1),
            send_window: Duration::from_secs(5),
            publish_timeout: Duration::from_secs(20),
            lease: Duration::from_secs(15),
            check_pause: Duration::from_secs(2),
            look_pause: Duration::from_secs(5),
            settle: Duration::from_secs(90),
            settle_definite: Duration::from_secs(30),
            look_deadline: Duration::from_mins(30),
            follow_up_pause: Duration::from_secs(2),
            max_backoff: Duration::from_mins(5),
        }
    }
}

/// The pauses contradict each other.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum UnsafeTiming {
    /// A permit earlier than a second before the due time.
    #[error("the permit lead must be at most one second")]
    PermitTooEarly,
    /// A look could come before the call it looks for.
    #[error(
        "an absence must not be believed before the call has ended: settle times must exceed permit lead, send window and publish timeout together"
    )]
    LookTooEarly,
}

impl Timing {
    /// Refuses pauses under which a post could go out twice.
    pub fn check(self) -> Result<Self, UnsafeTiming> {
        if self.permit_lead > Duration::from_secs(1) {
            Err(UnsafeTiming::PermitTooEarly)
        } else if self.settle.min(self.settle_definite) <= self.call_ended() {
            Err(UnsafeTiming::LookTooEarly)
        } else {
            Ok(self)
        }
    }

    /// How long after its permit the irreversible call has certainly ended on our side.
    pub fn call_ended(&self) -> Duration {
        self.permit_lead + self.send_window + self.publish_timeout
    }

    /// How long before the due time its first step is: preparation, or the permit where there is nothing to prepare.
    pub const fn lead(&self, format: Format) -> Duration {
        match format {
            Format::Text => self.permit_lead,
            Format::Photo | Format::Photos => self.picture_lead,
        }
    }

    /// The pause after so many refusals in a row, see [`scheduling::backoff`]. At least half of it always passes: `jitter` in
    /// 0..1 says how much of the rest.
    pub fn backoff(&self, failures: i32, jitter: f64) -> Duration {
        let failures = u32::try_from(failures).unwrap_or(0).saturating_add(1);
        scheduling::backoff::pause(failures, 0.5 + 0.5 * jitter).min(self.max_backoff)
    }

    /// The pause before the next look: it grows with the number of looks, up to a minute.
    pub fn look_backoff(&self, looks: i32) -> Duration {
        (self.look_pause * (1 << looks.clamp(0, 6))).min(Duration::from_mins(1)).max(self.look_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_safe() {
        assert_eq!(Timing::default().check(), Ok(Timing::default()));
    }

    #[test]
    fn a_look_that_could_overtake_its_call_is_refused() {
        let hasty = Timing { settle_definite: Duration::from_secs(26), ..Timing::default() };
        assert_eq!(hasty.check(), Err(UnsafeTiming::LookTooEarly));
        let early = Timing { permit_lead: Duration::from_millis(1_001), ..Timing::default() };
        assert_eq!(early.check(), Err(UnsafeTiming::PermitTooEarly));
    }

    #[test]
    fn what_needs_no_preparation_is_first_touched_when_it_is_permitted() {
        let timing = Timing::default();
        assert_eq!(timing.lead(Format::Text), timing.permit_lead);
        assert_eq!(timing.lead(Format::Photo), timing.picture_lead);
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let timing = Timing::default();
        for failures in 0..40 {
            let pause = timing.backoff(failures, 1.0);
            assert!(pause >= timing.backoff(failures - 1, 1.0) && pause <= timing.max_backoff);
            assert_eq!(timing.backoff(failures, 0.0) * 2, pause);
            assert!(timing.look_backoff(failures + 1) >= timing.look_backoff(failures));
        }
    }
}

//! What a person must confirm to sign up: being old enough, and having read the privacy notice.

use chrono::{DateTime, Utc};

use crate::Refusal;

/// The age below which nobody may register, in years. A deployment may raise it, never lower it beyond 16: the strictest floor
/// among the notices this program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinAge(u8);

/// The deployment asks for less than the floor.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the minimum age is {0} but must be at least {floor}", floor = MinAge::FLOOR)]
pub struct TooYoung(pub u8);

impl MinAge {
    /// No deployment may go below.
    pub const FLOOR: u8 = 16;

    /// What holds without a setting.
    pub const DEFAULT: Self = Self(18);

    /// Checks the floor.
    pub const fn new(years: u8) -> Result<Self, TooYoung> {
        if years < Self::FLOOR { Err(TooYoung(years)) } else { Ok(Self(years)) }
    }

    /// In years.
    pub const fn years(self) -> u8 {
        self.0
    }
}

/// Who may register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// The minimum age.
    pub min_age: MinAge,
    /// The version of the privacy notice in force.
    pub notice_version: String,
}

/// What a person confirmed: yes or no, to which version, and when. Never a birth date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The version of the notice.
    pub notice_version: String,
    /// The minimum age that was confirmed.
    pub min_age: MinAge,
    /// When.
    pub at: DateTime<Utc>,
}

impl RegistrationPolicy {
    /// Judges what a person asserts.
    pub(crate) fn judge(
        &self,
        is_of_age: bool,
        acknowledged: &str,
        now: DateTime<Utc>,
    ) -> Result<Acknowledgement, Refusal> {
        if !is_of_age {
            return Err(Refusal::UnderAge { min_age: self.min_age.years() });
        }
        if acknowledged != self.notice_version {
            return Err(Refusal::NoticeRequired { version: self.notice_version.clone() });
        }
        Ok(Acknowledgement { notice_version: self.notice_version.clone(), min_age: self.min_age, at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_of_sixteen_cannot_be_configured_away() {
        assert_eq!(MinAge::new(15), Err(TooYoung(15)));
        assert_eq!(MinAge::new(16).map(MinAge::years), Ok(16));
        assert_eq!(MinAge::DEFAULT.years(), 18);
    }

    #[test]
    fn only_the_notice_in_force_counts() {
        let policy = RegistrationPolicy { min_age: MinAge::DEFAULT, notice_version: "2".into() };
        let now = DateTime::UNIX_EPOCH;
        assert!(policy.judge(true, "2", now).is_ok());
        assert_eq!(policy.judge(true, "1", now), Err(Refusal::NoticeRequired { version: "2".into() }));
        assert_eq!(policy.judge(false, "2", now), Err(Refusal::UnderAge { min_age: 18 }));
    }
}

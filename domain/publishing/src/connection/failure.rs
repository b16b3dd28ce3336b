//! Why a login ended without a grant.

use std::{fmt, str::FromStr};

use crate::refusal::{Fixer, Reason};

/// Why a login failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The person said no in the platform's dialog.
    AccessDenied,
    /// The person said no on this deployment's own page after that dialog.
    Declined,
    /// The person granted access, but to nothing that can be connected.
    NothingToConnect,
    /// Another login of the connection began meanwhile, or it was disconnected.
    Replaced,
    /// The platform refused the exchange or the list.
    Platform(Reason),
}

impl Failure {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::Declined => "declined",
            Self::NothingToConnect => "nothing_to_connect",
            Self::Replaced => "replaced",
            Self::Platform(reason) => reason.as_str(),
        }
    }

    /// What happened, in a sentence.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::AccessDenied => "The person did not grant access in the platform's dialog.",
            Self::Declined => {
                "The person did not want this organization to have what the platform's dialog granted."
            }
            Self::NothingToConnect => {
                "The grant reaches no Page on which the person may create content and no Instagram professional \
                 account linked to such a Page."
            }
            Self::Replaced => "Another login of this connection began meanwhile, or it was disconnected.",
            Self::Platform(_) => "The platform refused to finish the login.",
        }
    }

    /// Who can put it right.
    pub const fn fixer(self) -> Fixer {
        match self {
            Self::AccessDenied | Self::Declined | Self::NothingToConnect | Self::Replaced => Fixer::Member,
            Self::Platform(reason) => reason.fixer(),
        }
    }

    /// What that person can do.
    pub const fn fix(self) -> &'static str {
        match self {
            Self::AccessDenied => "Begin again and grant every permission that is asked for.",
            Self::Declined => {
                "Begin again once the person knows which organization asks, and wants it to publish."
            }
            Self::NothingToConnect => {
                "Begin again and choose at least one Page you may create content on. An Instagram account must be \
                 a Business or Creator account and linked to that Page."
            }
            Self::Replaced => "Go on with the newer login, or begin again.",
            Self::Platform(reason) => match reason {
                Reason::Unauthorized => "Begin again: the platform's code was used or too old.",
                Reason::PlatformUnavailable | Reason::RateLimited => "Begin again in a while.",
                _ => reason.fix(),
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Failure {
    type Err = crate::refusal::UnknownReason;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        match code {
            "access_denied" => Ok(Self::AccessDenied),
            "declined" => Ok(Self::Declined),
            "nothing_to_connect" => Ok(Self::NothingToConnect),
            "replaced" => Ok(Self::Replaced),
            reason => reason.parse().map(Self::Platform),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_reads_back_from_its_code() {
        let platform = Reason::ALL.iter().map(|r| Failure::Platform(*r));
        let own = [Failure::AccessDenied, Failure::Declined, Failure::NothingToConnect, Failure::Replaced];
        for failure in platform.chain(own) {
            assert_eq!(failure.as_str().parse::<Failure>().unwrap(), failure);
        }
    }
}

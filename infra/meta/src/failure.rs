//! A call that did not succeed, and what it means for a call that may be repeated and for one that may not.

use publishing::refusal::{PlatformCode, Reason, Refusal, Remedy};

use crate::error::{Meaning, OnPublish};

/// Why there is no answer to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The request was never written: nothing can have happened.
    Unsent(Refusal),
    /// The platform answered with an error.
    Refused(Meaning, PlatformCode),
    /// The request was written, and what came back, if anything, says nothing.
    Unanswered(PlatformCode),
}

/// What a failure of the irreversible call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing was made public.
    Refused(Refusal),
    /// The refusal itself says that an earlier call may have made it public.
    Look(Refusal),
    /// Nobody knows.
    Unclear(PlatformCode),
}

impl Failure {
    /// Nothing came back at all.
    pub(crate) const UNHEARD: Self =
        Self::Unanswered(PlatformCode { status: None, code: None, subcode: None });

    /// The platform's numbers.
    pub(crate) const fn code(&self) -> PlatformCode {
        match self {
            Self::Unsent(refusal) => refusal.code,
            Self::Refused(_, code) | Self::Unanswered(code) => *code,
        }
    }

    /// What it means where the call may be repeated.
    pub(crate) const fn refusal(&self) -> Refusal {
        match self {
            Self::Unsent(refusal) => *refusal,
            Self::Refused(meaning, code) => {
                Refusal { reason: meaning.reason, remedy: meaning.remedy, code: *code }
            }
            Self::Unanswered(code) => {
                Refusal { reason: Reason::PlatformUnavailable, remedy: Remedy::Retry, code: *code }
            }
        }
    }

    /// What it means for the irreversible call. A server error is never believed to be a refusal: posts were seen live
    /// behind HTTP 500.
    pub(crate) fn on_publish(&self) -> Verdict {
        match self {
            Self::Unsent(refusal) => Verdict::Refused(*refusal),
            Self::Unanswered(code) => Verdict::Unclear(*code),
            Self::Refused(_, code) if code.status.is_none_or(|status| status >= 500) => {
                Verdict::Unclear(*code)
            }
            Self::Refused(meaning, code) => match meaning.on_publish {
                OnPublish::Refused => Verdict::Refused(self.refusal()),
                OnPublish::Look => Verdict::Look(self.refusal()),
                OnPublish::Unclear => Verdict::Unclear(*code),
            },
        }
    }

    /// Whether the platform says that the object is not there, or not for this token (code 100, subcode 33). It says so
    /// of objects that are seconds old, too.
    pub(crate) const fn is_missing(&self) -> bool {
        let code = self.code();
        matches!((code.code, code.subcode), (Some(100), Some(33)))
    }
}

/// A refusal that this side decides without asking.
pub(crate) const fn unsent(reason: Reason, remedy: Remedy) -> Failure {
    Failure::Unsent(Refusal::of(reason, remedy))
}

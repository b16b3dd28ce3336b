//! The history of a publication.

use poem_openapi::Object;
use publishing::publication;

use crate::value::{AttemptStep, AttemptVerdict, Instant};

/// One line of a publication's history: what was tried and what came of it. The platform's own words are never kept.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Attempt {
    /// When.
    at: Instant,
    /// Which step.
    step: AttemptStep,
    /// What came of it.
    verdict: AttemptVerdict,
    /// Why, where there was a refusal.
    reason: Option<String>,
    /// The HTTP status the platform answered with.
    platform_status: Option<u16>,
    /// The platform's error code.
    platform_code: Option<i64>,
    /// The platform's error subcode.
    platform_subcode: Option<i64>,
}

impl From<publication::Attempt> for Attempt {
    fn from(one: publication::Attempt) -> Self {
        Self {
            at: one.at.into(),
            step: AttemptStep(one.step),
            verdict: AttemptVerdict(one.verdict),
            reason: one.reason.map(|reason| reason.as_str().into()),
            platform_status: one.code.status,
            platform_code: one.code.code,
            platform_subcode: one.code.subcode,
        }
    }
}

/// A history, oldest first.
#[derive(Object)]
pub(super) struct Attempts {
    /// At most the newest 200 lines.
    pub(super) data: Vec<Attempt>,
}

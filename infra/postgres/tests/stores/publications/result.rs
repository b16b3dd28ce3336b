//! What a step comes to, in short.

use std::time::Duration;

use publishing::{
    publication::{Step, Verdict},
    queue::{Claim, Entry, Next, Outcome},
    refusal::{PlatformCode, Reason},
};

pub(crate) fn outcome(claim: Claim, next: Next) -> Outcome {
    Outcome { claim, next, handles: None, entry: None }
}

pub(crate) fn published(id: &str) -> Next {
    Next::Published { id: id.into(), permalink: None, ask_after: Duration::from_secs(2) }
}

/// A definite refusal, as a line of the attempt log.
pub(crate) fn refused(claim: Claim) -> Outcome {
    let code = PlatformCode { status: Some(400), code: Some(100), subcode: None };
    let entry = Entry { step: Step::Publish, verdict: Verdict::GaveUp, reason: Some(Reason::Rejected), code };
    Outcome { entry: Some(entry), ..outcome(claim, Next::Failed) }
}

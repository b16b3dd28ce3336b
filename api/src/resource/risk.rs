//! What stands in the way of a publication before its time.

use poem_openapi::Object;
use publishing::preflight;

use crate::value::Instant;

/// Something that would keep a publication from going out at its time.
#[derive(Object)]
pub(super) struct RiskWarning {
    /// What, as a stable code: `approval_missing`, `quota_used_up`, `token_expiry`, `data_access_expiry`, the reasons for which
    /// publications fail, and the codes of violations.
    code: String,
    /// What, in a sentence.
    detail: String,
    /// Who can put it right: `caller`, `member`, `operator` or `platform`.
    actor: String,
    /// When it was first found.
    since: Instant,
}

impl From<preflight::Warning> for RiskWarning {
    fn from(one: preflight::Warning) -> Self {
        let actor = one.fixer().as_str().into();
        Self { code: one.code, detail: one.detail, actor, since: one.since.into() }
    }
}

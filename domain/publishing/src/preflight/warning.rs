//! What stands in the way of a publication, since when, and who can put it right.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::refusal::{Fixer, Reason};

/// Something that a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What, as a stable code.
    pub code: &'static str,
    /// What, in a sentence.
    pub detail: String,
}

/// Something that stands in the way of a publication. Kept and served as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What, as a stable code.
    pub code: String,
    /// What, in a sentence.
    pub detail: String,
    /// When it was first found.
    pub since: DateTime<Utc>,
}

impl Warning {
    /// Who can put it right: for what a platform would refuse, whoever can mend that refusal; for a grant that ends, whoever can
    /// connect anew; for all else, whoever wrote the post.
    pub fn fixer(&self) -> Fixer {
        match self.code.as_str() {
            "token_expiry" | "data_access_expiry" => Fixer::Member,
            code => code.parse::<Reason>().map_or(Fixer::Caller, Reason::fixer),
        }
    }
}

/// What somebody should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Something stands in the way that did not before.
    AtRisk,
    /// Nothing stands in the way any more.
    Cleared,
}

/// The warnings after a look: what was known keeps the time since when it stands. Says what to tell.
pub fn renew(known: &[Warning], found: &[Finding], now: DateTime<Utc>) -> (Vec<Warning>, Option<Change>) {
    let standing = |one: &Finding| known.iter().find(|old| old.code == one.code);
    let warning = |one: &Finding| Warning {
        code: one.code.to_owned(),
        detail: one.detail.clone(),
        since: standing(one).map_or(now, |old| old.since),
    };
    let change = if found.iter().any(|one| standing(one).is_none()) {
        Some(Change::AtRisk)
    } else if found.is_empty() && !known.is_empty() {
        Some(Change::Cleared)
    } else {
        None
    };
    (found.iter().map(warning).collect(), change)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn found(codes: &[&'static str]) -> Vec<Finding> {
        codes.iter().map(|&code| Finding { code, detail: String::new() }).collect()
    }

    #[test]
    fn what_is_new_is_told_once_and_what_is_gone_when_nothing_is_left() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::hours(1);
        let (first, told) = renew(&[], &found(&["media_unknown"]), now);
        assert_eq!(told, Some(Change::AtRisk));
        let (same, told) = renew(&first, &found(&["media_unknown"]), later);
        assert_eq!((same[0].since, told), (now, None));
        let (more, told) = renew(&same, &found(&["media_unknown", "token_expiry"]), later);
        assert_eq!((more[0].since, more[1].since, told), (now, later, Some(Change::AtRisk)));
        let (fewer, told) = renew(&more, &found(&["token_expiry"]), later);
        assert_eq!((fewer.len(), told), (1, None));
        assert_eq!(renew(&fewer, &[], later), (vec![], Some(Change::Cleared)));
        assert_eq!(renew(&[], &[], later), (vec![], None));
    }

    #[test]
    fn everybody_learns_who_can_put_it_right() {
        let fixer = |code: &str| {
            Warning { code: code.into(), detail: String::new(), since: DateTime::UNIX_EPOCH }.fixer()
        };
        assert_eq!(fixer("token_expiry"), Fixer::Member);
        assert_eq!(fixer("permission_missing"), Fixer::Member);
        assert_eq!(fixer("media_unknown"), Fixer::Caller);
        assert_eq!(fixer("quota_used_up"), Fixer::Caller);
    }
}

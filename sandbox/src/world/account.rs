//! Instagram accounts.

use std::collections::VecDeque;

use poem_openapi::Enum;

use super::Id;
use crate::clock::DAY;

/// What sort of Instagram account it is; only the first two can be published to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AccountType {
    /// A business.
    Business,
    /// A creator (on the wire `MEDIA_CREATOR`).
    MediaCreator,
    /// A private person: invisible to the publishing API.
    Personal,
}

impl AccountType {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Business => "BUSINESS",
            Self::MediaCreator => "MEDIA_CREATOR",
            Self::Personal => "PERSONAL",
        }
    }

    /// Whether the publishing API sees accounts of this type.
    pub(crate) fn professional(self) -> bool {
        self != Self::Personal
    }
}

/// An Instagram account.
pub(crate) struct Account {
    pub(crate) id: Id,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) kind: AccountType,
    /// The Page it is linked to.
    pub(crate) page: Option<Id>,
    /// Published media, oldest first, without the children of carousels.
    pub(crate) media: Vec<Id>,
    /// When something was published in the last 24 hours.
    publishes: VecDeque<i64>,
}

impl Account {
    /// A new account without media.
    pub(crate) fn new(id: Id, username: String, name: String, kind: AccountType) -> Self {
        Self { id, username, name, kind, page: None, media: Vec::new(), publishes: VecDeque::new() }
    }

    /// How many publications the rolling 24 hours hold.
    pub(crate) fn quota_usage(&mut self, now: i64) -> usize {
        while self.publishes.front().is_some_and(|at| *at <= now - DAY) {
            self.publishes.pop_front();
        }
        self.publishes.len()
    }

    /// Counts one publication.
    pub(crate) fn spend(&mut self, now: i64) {
        self.publishes.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_leaves_the_quota_after_a_day() {
        let mut account = Account::new(1, "a".into(), "A".into(), AccountType::Business);
        account.spend(0);
        account.spend(1_000);
        assert_eq!(account.quota_usage(DAY - 1), 2);
        assert_eq!(account.quota_usage(DAY), 1);
        assert_eq!(account.quota_usage(DAY + 1_000), 0);
    }
}

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
    /// What was published within the last day.
    pub(crate) publishes: LastDay,
    /// Containers that were made within the last day.
    pub(crate) containers: LastDay,
}

impl Account {
    /// A new account without media.
    pub(crate) fn new(id: Id, username: String, name: String, kind: AccountType) -> Self {
        let (publishes, containers) = (LastDay::default(), LastDay::default());
        Self { id, username, name, kind, page: None, media: Vec::new(), publishes, containers }
    }
}

/// When something was done within the last 24 hours, for limits that roll.
#[derive(Default)]
pub(crate) struct LastDay(VecDeque<i64>);

impl LastDay {
    /// Counts one more.
    pub(crate) fn add(&mut self, now: i64) {
        self.0.push_back(now);
    }

    /// How often it was done within the day, and after `since`.
    pub(crate) fn count(&mut self, now: i64, since: i64) -> usize {
        while self.0.front().is_some_and(|at| *at <= now - DAY) {
            self.0.pop_front();
        }
        self.0.iter().filter(|at| **at > since).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_leaves_the_count_after_a_day() {
        let mut day = LastDay::default();
        day.add(0);
        day.add(1_000);
        assert_eq!(day.count(DAY - 1, -1), 2);
        assert_eq!(day.count(DAY - 1, 0), 1);
        assert_eq!(day.count(DAY, -1), 1);
        assert_eq!(day.count(DAY + 1_000, -1), 0);
    }
}

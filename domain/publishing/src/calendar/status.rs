//! Where an entry of a calendar stands.

use std::{fmt, str::FromStr};

use crate::{
    publication::{UnknownWord, words},
    status::PostStatus,
};

words! {
    /// Where an entry stands: as a post with this publication alone does, or as an occurrence of a series that has no post yet.
    EntryStatus {
        /// An occurrence of a series; it becomes a post some days ahead.
        Planned => "planned",
        /// Being written.
        Draft => "draft",
        /// It waits for its time.
        Scheduled => "scheduled",
        /// On its way.
        Publishing => "publishing",
        /// Public.
        Published => "published",
        /// Public on some channels, not on others.
        PartiallyPublished => "partially_published",
        /// Refused.
        Failed => "failed",
        /// Not published in time.
        Missed => "missed",
        /// Taken back.
        Cancelled => "cancelled",
        /// A person must look at it.
        NeedsAttention => "needs_attention",
    }
}

impl EntryStatus {
    /// The status of the post; none of an occurrence that has none.
    pub fn of_post(self) -> Option<PostStatus> {
        self.as_str().parse().ok()
    }
}

impl From<PostStatus> for EntryStatus {
    fn from(status: PostStatus) -> Self {
        match status {
            PostStatus::Draft => Self::Draft,
            PostStatus::Scheduled => Self::Scheduled,
            PostStatus::Publishing => Self::Publishing,
            PostStatus::Published => Self::Published,
            PostStatus::PartiallyPublished => Self::PartiallyPublished,
            PostStatus::Failed => Self::Failed,
            PostStatus::Missed => Self::Missed,
            PostStatus::Cancelled => Self::Cancelled,
            PostStatus::NeedsAttention => Self::NeedsAttention,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_stands_as_its_post_does_and_planned_is_no_status_of_a_post() {
        for status in PostStatus::ALL {
            let entry = EntryStatus::from(*status);
            assert_eq!((entry.as_str(), entry.of_post()), (status.as_str(), Some(*status)));
        }
        assert_eq!(EntryStatus::Planned.of_post(), None);
        assert_eq!(EntryStatus::ALL.len(), PostStatus::ALL.len() + 1);
    }
}

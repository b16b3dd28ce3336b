//! What whoever has the address of a feed sees.

use chrono::{DateTime, Days, NaiveTime, Utc};
use tenancy::digest::SecretHash;

use super::{Feed, Feeds};
use crate::{calendar::Selection, post::PostError};

/// How far back a feed reaches, in days.
pub const BACK: u64 = 30;

/// How far ahead a feed reaches, in days.
pub const AHEAD: u64 = 180;

/// A feed that somebody follows.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The feed.
    pub feed: Feed,
    /// What it shows.
    pub selection: Selection,
    /// Differs whenever what it shows does.
    pub fingerprint: String,
}

impl Feeds {
    /// The feed behind a secret. One that was revoked is not told from one that never was: neither is found, by the same one
    /// question to the store.
    pub async fn follow(&self, secret: &str) -> Result<Followed, PostError> {
        let now = self.clock.now();
        let feed = self.store.find(SecretHash::of(secret), now).await?.ok_or(PostError::NotFound)?;
        let selection = window(&feed, now);
        let fingerprint = self.calendar.store.fingerprint(&selection).await?;
        Ok(Followed { feed, selection, fingerprint })
    }
}

/// What a feed shows now. It moves on at midnight and not with every request, so that an answer stays the same for a while.
fn window(feed: &Feed, now: DateTime<Utc>) -> Selection {
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let until = today.checked_add_days(Days::new(AHEAD + 1));
    let selection = Selection {
        from: today.checked_sub_days(Days::new(BACK)),
        until,
        channels: feed.channels.clone(),
        ..Selection::of(feed.organization, feed.workspace)
    };
    selection.standing(feed.statuses.as_deref(), until.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tenancy::{OrganizationId, PersonId, WorkspaceId};
    use uuid::Uuid;

    use super::*;
    use crate::{id::FeedId, post::Author};

    #[test]
    fn the_window_of_a_feed_moves_on_at_midnight() {
        let feed = Feed {
            id: FeedId::from_uuid(Uuid::nil()),
            organization: OrganizationId::from_uuid(Uuid::nil()),
            workspace: WorkspaceId::from_uuid(Uuid::nil()),
            name: "Team".into(),
            channels: None,
            statuses: None,
            author: Author { person: PersonId::from_uuid(Uuid::nil()), api_key: None },
            created_at: DateTime::UNIX_EPOCH,
        };
        let bounds = |now: &str| {
            let selection = window(&feed, now.parse().unwrap());
            (selection.from.unwrap().to_rfc3339(), selection.until.unwrap().to_rfc3339())
        };
        let during = ("2027-01-30T00:00:00+00:00".to_owned(), "2027-08-29T00:00:00+00:00".to_owned());
        assert_eq!(bounds("2027-03-01T00:00:00Z"), during);
        assert_eq!(bounds("2027-03-01T23:59:59Z"), during);
        assert_ne!(bounds("2027-03-02T00:00:00Z"), during);
    }
}

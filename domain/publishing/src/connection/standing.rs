//! A connection: one person's grant on a platform, and where it stands.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use tenancy::{OrganizationId, WorkspaceId};

use super::{
    attempt::{Attempt, Stage},
    failure::Failure,
    provider::Provider,
};
use crate::{
    id::ConnectionId,
    publication::{UnknownWord, words},
};

words! {
    /// What the last finished login left behind.
    Standing {
        /// No login was finished yet.
        New => "new",
        /// The grant works.
        Connected => "connected",
        /// The grant works no more; its tokens are gone and a person must sign in on the platform again.
        NeedsReauth => "needs_reauth",
        /// Somebody disconnected it; its tokens are gone.
        Disconnected => "disconnected",
    }
}

words! {
    /// What came of taking the grant back on the platform after a disconnect.
    RemoteRevoke {
        /// The platform confirmed.
        Ok => "ok",
        /// The platform refused.
        Failed => "failed",
        /// Nobody knows: the platform did not answer, or the token could not be read.
        Unknown => "unknown",
        /// Not asked for, because the same person's grant serves another connection and would end with it.
        Shared => "shared",
    }
}

/// One person's grant on a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace its channels belong to.
    pub workspace: WorkspaceId,
    /// Whose login.
    pub provider: Provider,
    /// What the last finished login left.
    pub standing: Standing,
    /// The login in progress, or the last failed one.
    pub attempt: Option<Attempt>,
    /// Scopes granted.
    pub granted: Vec<String>,
    /// Scopes declined.
    pub declined: Vec<String>,
    /// When the person's token ends; `None` where it does not or nobody knows.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the platform stops serving data unless the person signs in again.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// What came of the revocation on the platform, after a disconnect.
    pub remote_revoke: Option<RemoteRevoke>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

words! {
    /// What a client sees of [`Standing`] and [`Stage`] together.
    ConnectionState {
        /// The person is in the platform's dialog, or on the page after it that asks for their word.
        AwaitingPerson => "awaiting_person",
        /// The completion code is missing.
        AwaitingCompletion => "awaiting_completion",
        /// The choice of channels is missing.
        AwaitingSelection => "awaiting_selection",
        /// The grant works.
        Connected => "connected",
        /// A person must sign in on the platform again.
        NeedsReauth => "needs_reauth",
        /// Disconnected.
        Disconnected => "disconnected",
        /// The only login there was ran out of time.
        Expired => "expired",
        /// The only login there was failed.
        Failed => "failed",
    }
}

impl Connection {
    /// The state to show: an open login comes first, then what the last finished one left.
    pub fn state(&self, now: DateTime<Utc>) -> ConnectionState {
        match (self.open_attempt(now).map(|a| a.stage), self.standing) {
            (Some(Stage::AwaitingPerson | Stage::Exchanging | Stage::AwaitingConfirmation), _) => {
                ConnectionState::AwaitingPerson
            }
            (Some(Stage::AwaitingCompletion), _) => ConnectionState::AwaitingCompletion,
            (Some(Stage::AwaitingSelection), _) => ConnectionState::AwaitingSelection,
            (_, Standing::Connected) => ConnectionState::Connected,
            (_, Standing::NeedsReauth) => ConnectionState::NeedsReauth,
            (_, Standing::Disconnected) => ConnectionState::Disconnected,
            (_, Standing::New) if self.failure().is_some() => ConnectionState::Failed,
            (_, Standing::New) => ConnectionState::Expired,
        }
    }

    /// The login that still waits for somebody.
    pub fn open_attempt(&self, now: DateTime<Utc>) -> Option<&Attempt> {
        self.attempt.as_ref().filter(|a| a.is_open(now))
    }

    /// Why the last login failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        match self.attempt.as_ref()?.stage {
            Stage::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::connection::Beginner;

    fn connection(standing: Standing, stage: Option<Stage>, now: DateTime<Utc>) -> Connection {
        let attempt = stage.map(|stage| Attempt {
            id: Uuid::nil(),
            stage,
            begun_by: Beginner::Session(Uuid::nil()),
            expires_at: now + TimeDelta::minutes(10),
            return_url: None,
        });
        Connection {
            id: ConnectionId::new(),
            organization: OrganizationId::new(),
            workspace: WorkspaceId::new(),
            provider: Provider::Meta,
            standing,
            attempt,
            granted: vec![],
            declined: vec![],
            expires_at: None,
            data_access_expires_at: None,
            remote_revoke: None,
            created_at: now,
        }
    }

    #[test]
    fn a_first_login_shows_its_stage_and_then_that_it_ran_out() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::minutes(10);
        let begun = connection(Standing::New, Some(Stage::AwaitingPerson), now);
        assert_eq!(begun.state(now), ConnectionState::AwaitingPerson);
        assert_eq!(begun.state(later), ConnectionState::Expired);
        let failed = connection(Standing::New, Some(Stage::Failed(Failure::AccessDenied)), now);
        assert_eq!(failed.state(now), ConnectionState::Failed);
    }

    #[test]
    fn a_connection_that_works_goes_on_working_when_a_new_login_fails_or_runs_out() {
        let now = DateTime::UNIX_EPOCH;
        let later = now + TimeDelta::minutes(10);
        let again = connection(Standing::Connected, Some(Stage::AwaitingSelection), now);
        assert_eq!(again.state(now), ConnectionState::AwaitingSelection);
        assert_eq!(again.state(later), ConnectionState::Connected);
        let failed = connection(Standing::Connected, Some(Stage::Failed(Failure::AccessDenied)), now);
        assert_eq!(failed.state(now), ConnectionState::Connected);
        assert_eq!(failed.failure(), Some(Failure::AccessDenied));
    }

    #[test]
    fn a_person_who_is_back_but_has_not_said_yes_still_counts_as_away() {
        let now = DateTime::UNIX_EPOCH;
        for stage in [Stage::Exchanging, Stage::AwaitingConfirmation] {
            let back = connection(Standing::New, Some(stage), now);
            assert_eq!(back.state(now), ConnectionState::AwaitingPerson);
        }
    }
}

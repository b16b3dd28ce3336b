//! A login in progress: how far it has come, and who may go on with it.

use chrono::{DateTime, Utc};
use tenancy::Actor;
use url::Url;
use uuid::Uuid;

use super::failure::Failure;

/// Who began a login: only the same session or key may go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginner {
    /// A session of a person.
    Session(Uuid),
    /// An API key.
    ApiKey(Uuid),
}

impl Beginner {
    /// The wire form of the kind.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::ApiKey(_) => "api_key",
        }
    }

    /// The session's or key's id.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Session(id) | Self::ApiKey(id) => id,
        }
    }
}

impl From<&Actor> for Beginner {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Member { session, .. } => Self::Session(session.uuid()),
            Actor::ApiKey { key, .. } => Self::ApiKey(key.uuid()),
        }
    }
}

/// How far a login has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The person has not come back from the platform.
    AwaitingPerson,
    /// The person came back; the platform is being asked for the tokens.
    Exchanging,
    /// The person is asked, on a page of this deployment, whether that organization is to have the channels.
    AwaitingConfirmation,
    /// The browser that came back has not shown its completion code through the client that began.
    AwaitingCompletion,
    /// The client has not chosen channels.
    AwaitingSelection,
    /// It ended without a grant.
    Failed(Failure),
}

impl Stage {
    /// The stored form, without the failure.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPerson => "awaiting_person",
            Self::Exchanging => "exchanging",
            Self::AwaitingConfirmation => "awaiting_confirmation",
            Self::AwaitingCompletion => "awaiting_completion",
            Self::AwaitingSelection => "awaiting_selection",
            Self::Failed(_) => "failed",
        }
    }
}

/// One login in progress, or the last one that failed. A connection has at most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its row; a login that began later has another.
    pub id: Uuid,
    /// How far it has come.
    pub stage: Stage,
    /// Who began it.
    pub begun_by: Beginner,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Where the browser goes afterwards.
    pub return_url: Option<Url>,
}

impl Attempt {
    /// Whether it still waits for somebody.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        !matches!(self.stage, Stage::Failed(_)) && now < self.expires_at
    }
}

//! What a retention rule says.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// What a rule is about. A store matches on this, so that a new rule does not compile until something carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Organizations, their workspaces, keys and settings.
    Organizations,
    /// People who can sign in, and what they acknowledged.
    Persons,
    /// Where a session came from: client address and user agent.
    SessionOrigins,
    /// Sessions.
    Sessions,
    /// Refresh tokens, the used ones included.
    RefreshTokens,
    /// Failed attempts that are being throttled.
    Throttles,
    /// API keys that were revoked or have expired.
    ApiKeys,
    /// Answers kept for repeated requests.
    IdempotentAnswers,
    /// Logins on a platform that were begun.
    ConnectionAttempts,
    /// Connections that never came about.
    UnfinishedConnections,
    /// Pages and accounts offered for choice, with their tokens.
    PendingSelections,
    /// Platform tokens of what was disconnected.
    DisconnectedTokens,
    /// Connections and channels.
    Connections,
    /// Who consented to which scopes, and until when.
    Consents,
    /// Uploads that never became media.
    StagedUploads,
    /// Media in use.
    Media,
    /// Bytes of deleted media.
    DeletedMediaBytes,
    /// Rows of deleted media.
    DeletedMedia,
    /// Posts, approvals and publications.
    Posts,
    /// The log of attempts to publish.
    Attempts,
    /// Secret addresses of calendars.
    Feeds,
    /// What was found when a publication was looked at before its time.
    Preflights,
    /// What requests for many posts made.
    BulkCreations,
    /// Files of posts that were never taken in.
    UnfinishedImports,
    /// Imports that ended, with their rows.
    Imports,
    /// Keys of rows that became posts.
    ImportKeys,
    /// Events that tell others what happened.
    Events,
}

impl Topic {
    /// The stable name, for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::Persons => "persons",
            Self::SessionOrigins => "session_origins",
            Self::Sessions => "sessions",
            Self::RefreshTokens => "refresh_tokens",
            Self::Throttles => "throttles",
            Self::ApiKeys => "api_keys",
            Self::IdempotentAnswers => "idempotent_answers",
            Self::ConnectionAttempts => "connection_attempts",
            Self::UnfinishedConnections => "unfinished_connections",
            Self::PendingSelections => "pending_selections",
            Self::DisconnectedTokens => "disconnected_tokens",
            Self::Connections => "connections",
            Self::Consents => "consents",
            Self::StagedUploads => "staged_uploads",
            Self::Media => "media",
            Self::DeletedMediaBytes => "deleted_media_bytes",
            Self::DeletedMedia => "deleted_media",
            Self::Posts => "posts",
            Self::Attempts => "attempts",
            Self::Feeds => "feeds",
            Self::Preflights => "preflights",
            Self::Events => "events",
            Self::BulkCreations => "bulk_creations",
            Self::UnfinishedImports => "unfinished_imports",
            Self::Imports => "imports",
            Self::ImportKeys => "import_keys",
        }
    }
}

/// How sensitive it is; the most sensitive part decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Technical, about nobody.
    Internal,
    /// What a platform told about a person's pages and accounts.
    Platform,
    /// What the team wrote or uploaded.
    Content,
    /// About a person.
    Personal,
    /// Opens something.
    Secret,
}

impl Class {
    /// The word in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Platform => "platform",
            Self::Content => "content",
            Self::Personal => "personal",
            Self::Secret => "secret",
        }
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// This long; nothing at all means that it goes in the transaction that ends it, and the sweep finds what should not exist.
    For(Duration),
    /// As long as what it belongs to, and it goes with it.
    With(&'static str),
}

/// What happens at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The rows or files are deleted.
    Delete,
    /// The columns are emptied, the rows stay.
    Clear,
    /// The rows are deleted together with the key that opens them, so that copies of the sealed bytes stay closed.
    Shred,
}

impl Action {
    /// The word in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Clear => "clear",
            Self::Shred => "shred",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it is about.
    pub topic: Topic,
    /// The same in words.
    pub what: &'static str,
    /// Tables (`table`) or columns (`table.column`) it covers; none where the data are files.
    pub places: &'static [&'static str],
    /// How sensitive it is.
    pub class: Class,
    /// How long it is kept.
    pub keep: Keep,
    /// The moment from which that counts, in words.
    pub from: &'static str,
    /// What happens at the end.
    pub action: Action,
    /// Why so long and no longer.
    pub why: &'static str,
}

impl Rule {
    /// When something must be gone whose time counts from `from`; `None` where it goes with what it belongs to.
    pub fn deadline(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Keep::For(period) = self.keep else { return None };
        let period = TimeDelta::from_std(period).ok()?;
        from.checked_add_signed(period)
    }

    /// What counts from this moment or earlier must be gone at `now`; `None` where it goes with what it belongs to. The sweep deletes
    /// up to here.
    pub fn cutoff(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Keep::For(period) = self.keep else { return None };
        let period = TimeDelta::from_std(period).ok()?;
        now.checked_sub_signed(period)
    }
}

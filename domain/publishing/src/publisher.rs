//! The port to a platform: four verbs, of which only [`Publisher::publish`] cannot be undone.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    id::PublicationId,
    platform::{Format, Platform},
    refusal::{PlatformCode, Refusal},
};

/// A picture on its way to a platform.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Where the platform fetches it: signed and short-lived. Never logged.
    pub url: Url,
    /// For people who cannot see it.
    pub alt_text: Option<String>,
}

/// What the platform built before publication; every id is committed before the next call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handles {
    /// Unpublished photos, or the children of a carousel, in the order of the pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// The object that `publish` makes public: an Instagram container, an unpublished post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// When the first of them was made. Platforms drop what is not published within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

impl Handles {
    /// Whether nothing was made yet.
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.container.is_none()
    }
}

/// One publication, with everything a platform call needs. Lives in memory for the length of a step.
#[derive(Clone)]
pub struct Work {
    /// Which publication.
    pub publication: PublicationId,
    /// Where to.
    pub platform: Platform,
    /// The Page's or account's id on the platform.
    pub remote_channel: String,
    /// The channel's token.
    pub token: SecretString,
    /// The caption as approved.
    pub caption: String,
    /// The link as approved; only where the platform takes links.
    pub link: Option<Url>,
    /// The pictures as approved, in order.
    pub pictures: Vec<Picture>,
    /// What is already there.
    pub handles: Handles,
    /// When the irreversible call was first permitted: what is older cannot be ours.
    pub permitted_at: Option<DateTime<Utc>>,
    /// Ids of other publications on the same Page or account, whoever's they are: what is theirs cannot be ours.
    pub taken: Vec<String>,
}

impl Work {
    /// Which calls publication takes.
    pub const fn format(&self) -> Format {
        Format::of(self.pictures.len())
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work")
            .field("publication", &self.publication)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// Commits a handle before the next call is made. An error means the claim was lost: stop.
#[async_trait]
pub trait Notebook: Send + Sync {
    /// Saves the handles, durably.
    async fn save(&self, handles: &Handles) -> Result<(), ClaimLost>;
}

/// Another worker, an edit or a cancellation took the publication over.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the claim on this publication was lost")]
pub struct ClaimLost;

/// Why preparation stopped.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum PrepareError {
    /// The platform refused.
    #[error("the platform refused: {}", .0.reason)]
    Refused(Refusal),
    /// The claim was lost.
    #[error(transparent)]
    ClaimLost(#[from] ClaimLost),
}

/// Whether what was prepared can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Now.
    Ready,
    /// Not yet; ask again.
    Processing,
}

/// A post that is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The platform's id.
    pub id: String,
    /// Where people see it, if the platform said so in the same answer.
    pub permalink: Option<Url>,
}

/// What came of the irreversible call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The platform answered with the id.
    Live(Live),
    /// The platform refused before it executed: one of the closed list of definite refusals.
    Refused(Refusal),
    /// The platform refused, and shows a post like this one. Whose it is only a look can tell: a look knows which posts belong to
    /// the channel's other publications.
    Doubtful(Refusal),
    /// Anything else. Nobody knows; look.
    Unclear(PlatformCode),
}

/// What a look at the platform shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there.
    Live(Live),
    /// The platform shows that it is public without saying under which id.
    LiveWithoutId,
    /// It is not there now. Lists lag: seen too early, this proves nothing unless `definite`.
    NotLive {
        /// The platform says so of the very object, not by its absence from a list.
        definite: bool,
    },
    /// What was prepared is gone or spoilt, and no list shows the post now. Lists lag: seen too early, this proves nothing. Once
    /// it is believed, the post has to be prepared anew.
    Gone,
    /// The platform did not say.
    CannotTell(PlatformCode),
    /// The platform does not let us look any more.
    Refused(Refusal),
}

/// A platform, as publishing sees it. Implementations make each request once and never retry.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Uploads and creates what can be made beforehand, going on from `work.handles`. May be repeated.
    async fn prepare(&self, work: &Work, notebook: &dyn Notebook) -> Result<Handles, PrepareError>;
    /// Whether what was prepared is ready. May be repeated.
    async fn check(&self, work: &Work) -> Result<Readiness, Refusal>;
    /// The one irreversible call: one request, no retry, no redirect.
    async fn publish(&self, work: &Work) -> Published;
    /// Whether it happened. May be repeated.
    async fn find_published(&self, work: &Work) -> Finding;
    /// Where people see it. May be repeated.
    async fn permalink(&self, work: &Work, id: &str) -> Result<Option<Url>, Refusal>;
}

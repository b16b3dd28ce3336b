//! What can be wrong with a request about posts.

use chrono::{DateTime, Utc};
use scheduling::queue::QueueError;
use tenancy::Denied;

/// One thing that is wrong with a content or a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON pointer into the request (RFC 6901).
    pub pointer: String,
    /// What, as a stable code.
    pub code: &'static str,
    /// What, in a sentence.
    pub detail: String,
}

impl Violation {
    /// Puts one together.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// Why a request about posts was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The caller lacks a scope.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such post, publication or channel within the caller's reach.
    #[error("not found")]
    NotFound,
    /// Somebody changed the post in between.
    #[error("the post changed since it was read")]
    Stale,
    /// The irreversible call was permitted, or made; or it may not have ended yet.
    #[error("publishing has begun on a channel; the post cannot be changed or taken back any more")]
    PublishingBegan,
    /// Another request has the idempotency key under which this one was to make something; nothing was made.
    #[error("another request has the idempotency key")]
    Superseded,
    /// The publication is not in a state that allows this.
    #[error("this is not possible in the publication's present state")]
    WrongState,
    /// The request is not acceptable.
    #[error("{} problem(s) with the post", .0.len())]
    Invalid(Vec<Violation>),
    /// Another publication of the channel has this platform id already.
    #[error("another publication of this channel already has that post")]
    AlreadyTaken,
    /// No slot of a channel's posting schedule is free.
    #[error("no slot of the posting schedule is free before {horizon}")]
    QueueFull {
        /// The last instant that was looked at.
        horizon: DateTime<Utc>,
    },
    /// The post waits in that queue already.
    #[error("the post is in the queue already")]
    AlreadyQueued,
    /// The post waits in no queue.
    #[error("the post is in no queue")]
    NotQueued,
    /// The database did not answer.
    #[error("the database did not answer")]
    Unavailable,
}

impl From<QueueError> for PostError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Full { horizon } => Self::QueueFull { horizon },
            QueueError::AlreadyWaiting => Self::AlreadyQueued,
            QueueError::NotWaiting => Self::NotQueued,
            QueueError::OtherPosts => Self::Invalid(vec![Violation::new(
                "/posts",
                "posts_incomplete",
                "The order must name each post of the queue once.",
            )]),
        }
    }
}

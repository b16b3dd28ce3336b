//! Events: what happened, in the order in which it became certain, for whoever wants to be told.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenancy::{Caller, Denied, Scope, WorkspaceId};

use crate::id::{ChannelId, ConnectionId, PostId, PublicationId};

/// Where an event stands among all others: the transaction that wrote it, and its number within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The transaction.
    pub transaction: i64,
    /// The number.
    pub number: i64,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A publication, and its post while that is there.
    Publication(PublicationId, Option<PostId>),
    /// A post.
    Post(PostId),
    /// A channel.
    Channel(ChannelId),
    /// A connection.
    Connection(ConnectionId),
    /// Something that this version has no word for.
    Other,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it stands.
    pub position: Position,
    /// What happened: a topic and a word, such as `publication.published`.
    pub kind: String,
    /// To what.
    pub subject: Subject,
    /// In which workspace, while the thing it happened to is there.
    pub workspace: Option<WorkspaceId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only of these kinds; all where empty.
    pub kinds: Vec<String>,
    /// Whether events about channels and connections are among them.
    pub channels: bool,
    /// After this position.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: usize,
}

/// Events that were read.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Where to read on, if there may be more.
    pub next: Option<Position>,
}

/// Why events could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The caller lacks a scope.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The position lies in a future of this database: it was given out before a backup was restored.
    #[error("the position is not one of this database")]
    Unknown,
    /// The database did not answer.
    #[error("the database did not answer")]
    Unavailable,
}

/// The port to the events.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Events within the caller's reach, oldest first, none of which an open transaction could still put another before. What is
    /// about something that is gone is shown only to callers that reach the whole organization.
    async fn list(&self, caller: &Caller, filter: &EventFilter) -> Result<Part, EventError>;
}

/// The use case.
#[derive(Clone)]
pub struct Events {
    /// The events.
    pub store: Arc<dyn EventStore>,
}

impl Events {
    /// Events, oldest first. Those about channels and connections only for whoever may read these.
    pub async fn list(&self, caller: &Caller, filter: EventFilter) -> Result<Part, EventError> {
        caller.may(Scope::PostsRead)?;
        let channels = caller.may(Scope::ChannelsRead).is_ok();
        self.store.list(caller, &EventFilter { channels, ..filter }).await
    }
}

//! Events: what happened, to be read in order.

use poem_openapi::{Object, OpenApi, param::Query};
use publishing::{
    event::{self, EventError, EventFilter, Position, Subject},
    id,
};
use tenancy::id::Workspace;

use super::Chapter;
use crate::{
    answer::Found,
    problem::{Answer, Code, Problem},
    request::{Access, After, Cursors, Limit, Page, permissions::ReadPosts},
    value::{EventKind, Id, Instant},
};

/// What the positions of this list are sealed for.
const LIST: &str = "events";

/// Something that happened. It names things, and holds nothing of what is in them: read them for how they stand now.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Event {
    /// Tells this event from every other, and where it stands: give it as `after` to read what came later.
    cursor: String,
    /// What happened: a topic and a word. The topics are `publication`, `post`, `channel` and `connection`. New kinds come with new
    /// versions; pass over those you do not know.
    kind: EventKind,
    /// The publication it happened to.
    publication_id: Option<Id<id::Publication>>,
    /// The post it happened to, or the post of that publication.
    post_id: Option<Id<id::Post>>,
    /// The channel it happened to.
    channel_id: Option<Id<id::Channel>>,
    /// The connection it happened to.
    connection_id: Option<Id<id::Connection>>,
    /// The workspace, while what it happened to is there.
    workspace_id: Option<Id<Workspace>>,
    /// When.
    at: Instant,
}

impl Event {
    fn of(one: event::Event, cursor: String) -> Self {
        let (mut publication_id, mut post_id, mut channel_id, mut connection_id) = (None, None, None, None);
        match one.subject {
            Subject::Publication(publication, post) => {
                (publication_id, post_id) = (Some(publication.into()), post.map(Into::into));
            }
            Subject::Post(post) => post_id = Some(post.into()),
            Subject::Channel(channel) => channel_id = Some(channel.into()),
            Subject::Connection(connection) => connection_id = Some(connection.into()),
            Subject::Other => {}
        }
        Self {
            cursor,
            kind: EventKind(one.kind),
            publication_id,
            post_id,
            channel_id,
            connection_id,
            workspace_id: one.workspace.map(Into::into),
            at: one.at.into(),
        }
    }
}

impl From<EventError> for Problem {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Denied(denied) => Self::new(Code::ScopeMissing, denied.to_string()),
            EventError::Unknown => Self::of(Code::InvalidCursor),
            EventError::Unavailable => {
                Self::of(Code::Unavailable).retry_after(std::time::Duration::from_secs(2))
            }
        }
    }
}

/// Events.
pub struct EventsResource {
    /// The use case.
    pub events: event::Events,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl EventsResource {
    /// List events
    ///
    /// What happened within the last week, oldest first. Read to the end, keep the `cursor` of the last event, and ask again with it
    /// as `after`: no event is passed over and none comes twice. A page may hold fewer events than `limit`, even none, and still have
    /// a `next_cursor`. Events about channels and connections need the scope `channels:read` too; those about something that was
    /// deleted are shown to callers that reach the whole organization.
    #[oai(path = "/events", method = "get", operation_id = "listEvents")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only of this kind; may be given several times.
        kind: Query<Option<Vec<EventKind>>>,
    ) -> Answer<Found<Page<Event>>> {
        let owner = caller.organization;
        let open = |cursor: &str| self.cursors.open::<Position>(LIST, owner, cursor);
        let filter = EventFilter {
            kinds: kind.0.unwrap_or_default().into_iter().map(|kind| kind.0).collect(),
            after: after.0.as_deref().map(open).transpose()?,
            limit: limit.0.0.into(),
            ..EventFilter::default()
        };
        let part = self.events.list(&caller, filter).await?;
        let seal = |position: &Position| self.cursors.seal(LIST, owner, position);
        let view = |one: event::Event| {
            let cursor = seal(&one.position)?;
            Ok(Event::of(one, cursor))
        };
        let data = part.events.into_iter().map(view).collect::<Result<Vec<_>, Problem>>()?;
        let next_cursor = part.next.as_ref().map(seal).transpose()?;
        Ok(Found::plain(Page { data, next_cursor }))
    }
}

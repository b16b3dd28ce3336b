//! Queues: posts that wait for the next free slot of a channel.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use publishing::{
    id::{Channel, Post as PostTag, PostId, Publication as PublicationTag},
    post::Posts,
    posting::{Posting, QueueChange},
    publication::Publication,
};
use scheduling::{LocalSchedule, queue};

use super::{Chapter, post_view::Post, posts::shown};
use crate::{
    answer::{Done, Found},
    problem::{Answer, Code, Problem},
    request::{
        Access, After, Cursors, Limit, latest,
        permissions::{PublishPosts, ReadPosts},
    },
    strict::StrictJson,
    value::{Id, Instant, Zone},
};

/// Which free slot a post takes: `first` is the earliest of all, `last` the earliest behind everybody who waits.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default)]
#[oai(rename = "QueuePlace", rename_all = "snake_case")]
enum Place {
    First,
    #[default]
    Last,
}

impl From<Place> for queue::Place {
    fn from(place: Place) -> Self {
        match place {
            Place::First => Self::First,
            Place::Last => Self::Last,
        }
    }
}

/// Whether posts leave the queue when their slots come.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename = "QueueState", rename_all = "snake_case")]
enum State {
    Running,
    Paused,
}

impl From<queue::Flow> for State {
    fn from(flow: queue::Flow) -> Self {
        match flow {
            queue::Flow::Running => Self::Running,
            queue::Flow::Paused => Self::Paused,
        }
    }
}

/// Where a post is queued.
#[derive(Object)]
struct Enqueue {
    /// Which free slot it takes.
    #[oai(default)]
    place: Place,
    /// Channels of the post; all of them if you name none.
    #[oai(validator(min_items = 1, max_items = 50, unique_items))]
    channels: Option<Vec<Id<Channel>>>,
}

/// A post that waits.
#[derive(Object)]
struct QueueEntry {
    /// When it goes, unless the queue is paused then.
    slot: Instant,
    /// The post.
    post_id: Id<PostTag>,
    /// Its publication on this channel.
    publication_id: Id<PublicationTag>,
}

impl From<Publication> for QueueEntry {
    fn from(one: Publication) -> Self {
        Self { slot: one.due_at.into(), post_id: one.post.into(), publication_id: one.id.into() }
    }
}

/// A part of a queue.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct QueuePage {
    /// Whether posts go when their slots come.
    state: State,
    /// Who waits, by slot.
    data: Vec<QueueEntry>,
    /// Give this as `after` to read on; absent on the last page.
    next_cursor: Option<String>,
}

/// A free slot.
#[derive(Object)]
struct FreeSlot {
    /// The instant.
    at: Instant,
    /// What the clocks of the posting schedule show then.
    local_time: String,
    /// The zone of the posting schedule.
    time_zone: Zone,
}

/// Free slots, earliest first.
#[derive(Object)]
struct FreeSlots {
    /// Those that so many posts would get if they were added now one after another.
    data: Vec<FreeSlot>,
}

/// An order of a queue.
#[derive(Object)]
struct QueueOrder {
    /// Every post that waits, once.
    #[oai(validator(max_items = 10_000))]
    posts: Vec<Id<PostTag>>,
}

/// Queues.
pub struct QueuesResource {
    /// The use cases of posts.
    pub posts: Arc<Posts>,
    /// The use cases of queues.
    pub posting: Arc<Posting>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

const LIST: &str = "queue";

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Queues")]
impl QueuesResource {
    /// Queue a post
    ///
    /// Plans it for the next free slot of each channel. Like scheduling this is the approval of exactly this content. Channels that
    /// are not named keep what is planned for them.
    #[oai(path = "/posts/:id/queue", method = "post", operation_id = "queuePost")]
    async fn enqueue(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<PostTag>>,
        body: StrictJson<Enqueue>,
    ) -> Answer<Found<Post>> {
        let StrictJson(body) = body;
        let channels: Option<Vec<_>> = body.channels.map(|ids| ids.into_iter().map(|id| id.0).collect());
        let place = body.place.into();
        latest(|| self.posts.enqueue(&caller, id.0.0, place, channels.as_deref())).await.map(shown)
    }

    /// Take a post out of its queues
    ///
    /// What is planned at other times stays. Its slots are refilled as the posting schedule says.
    #[oai(path = "/posts/:id/queue", method = "delete", operation_id = "unqueuePost")]
    async fn leave(&self, caller: Access<PublishPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        Ok(shown(self.posts.leave_queues(&caller, id.0.0).await?))
    }

    /// Get the queue of a channel
    ///
    /// Who waits, and for which slot.
    #[oai(path = "/channels/:id/queue", method = "get", operation_id = "getQueue")]
    async fn get(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<Channel>>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<QueuePage>> {
        let (owner, wanted) = (caller.organization, usize::from(limit.0.0));
        // A cursor belongs to its channel.
        let open = |cursor| self.cursors.open::<(uuid::Uuid, DateTime<Utc>)>(LIST, owner, cursor);
        let position = after.0.as_deref().map(open).transpose()?;
        if position.is_some_and(|(channel, _)| channel != id.0.0.uuid()) {
            return Err(Problem::of(Code::InvalidCursor));
        }
        let part = self.posting.queue(&caller, id.0.0, position.map(|(_, at)| at), wanted + 1).await?;
        let mut waiting = part.waiting;
        let more = waiting.len() > wanted;
        waiting.truncate(wanted);
        let last = waiting.last().filter(|_| more).map(|one| (id.0.0.uuid(), one.due_at));
        let next_cursor = last.map(|last| self.cursors.seal(LIST, owner, &last)).transpose()?;
        let data = waiting.into_iter().map(Into::into).collect();
        Ok(Found::plain(QueuePage { state: part.flow.into(), data, next_cursor }))
    }

    /// List the next free slots of a channel
    #[oai(path = "/channels/:id/queue/slots", method = "get", operation_id = "listFreeSlots")]
    async fn slots(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<Channel>>,
        limit: Query<Limit>,
        /// Where posts would be added; behind everybody if you do not say.
        place: Query<Option<Place>>,
    ) -> Answer<Found<FreeSlots>> {
        let place = place.0.unwrap_or_default().into();
        let zone = self.posting.channel(&caller, id.0.0).await?.effective.zone;
        let slots = self.posting.slots(&caller, id.0.0, place, limit.0.0.into()).await?;
        let shown = |at: DateTime<Utc>| FreeSlot {
            at: at.into(),
            local_time: LocalSchedule::showing(at.trunc_subsecs(0), zone)
                .local
                .format("%Y-%m-%dT%H:%M:%S")
                .to_string(),
            time_zone: Zone(zone),
        };
        Ok(Found::plain(FreeSlots { data: slots.into_iter().map(shown).collect() }))
    }

    /// Put a queue into another order
    ///
    /// Posts move among the slots that they hold together; no slot is given up or taken.
    #[oai(path = "/channels/:id/queue/order", method = "put", operation_id = "reorderQueue")]
    async fn reorder(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<Channel>>,
        body: StrictJson<QueueOrder>,
    ) -> Answer<Done> {
        let StrictJson(body) = body;
        let order: Vec<PostId> = body.posts.into_iter().map(|id| id.0).collect();
        self.posting.change_queue(&caller, id.0.0, &QueueChange::Reorder(order)).await?;
        Ok(Done)
    }

    /// Shuffle a queue
    #[oai(path = "/channels/:id/queue/shuffle", method = "post", operation_id = "shuffleQueue")]
    async fn shuffle(&self, caller: Access<PublishPosts>, id: Path<Id<Channel>>) -> Answer<Done> {
        self.posting.shuffle(&caller, id.0.0).await?;
        Ok(Done)
    }

    /// Pause a queue
    ///
    /// Nobody goes until it is resumed, except what is being sent already. What has a time of its own goes at its time.
    #[oai(path = "/channels/:id/queue/pause", method = "post", operation_id = "pauseQueue")]
    async fn pause(&self, caller: Access<PublishPosts>, id: Path<Id<Channel>>) -> Answer<Done> {
        self.posting.change_queue(&caller, id.0.0, &QueueChange::Pause).await?;
        Ok(Done)
    }

    /// Resume a queue
    ///
    /// Posts whose slots have passed get the next ones, in the same order.
    #[oai(path = "/channels/:id/queue/resume", method = "post", operation_id = "resumeQueue")]
    async fn resume(&self, caller: Access<PublishPosts>, id: Path<Id<Channel>>) -> Answer<Done> {
        self.posting.change_queue(&caller, id.0.0, &QueueChange::Resume).await?;
        Ok(Done)
    }
}

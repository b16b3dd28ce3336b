//! The queue of a channel, for whoever looks at it and whoever changes it as a whole.

use chrono::{DateTime, Utc};
use scheduling::queue::{Flow, Place, Queue};
use tenancy::{Caller, Scope};

use super::{Posting, QueueChange};
use crate::{
    id::{ChannelId, PostId},
    post::PostError,
    publication::Publication,
};

/// A queue as it stands.
#[derive(Debug, Clone)]
pub struct ChannelQueue {
    /// Its rules, its slots and who waits.
    pub queue: Queue<PostId>,
    /// The time by which it was read.
    pub now: DateTime<Utc>,
}

/// A part of a queue.
#[derive(Debug, Clone)]
pub struct QueuePart {
    /// Whether posts go.
    pub flow: Flow,
    /// Who waits, by slot.
    pub waiting: Vec<Publication>,
}

impl Posting {
    /// Who waits behind a slot, at most so many.
    pub async fn queue(
        &self,
        caller: &Caller,
        channel: ChannelId,
        after: Option<DateTime<Utc>>,
        limit: usize,
    ) -> Result<QueuePart, PostError> {
        caller.may(Scope::PostsRead)?;
        self.store.waiting(caller, channel, after, limit).await
    }

    /// The next free slots: those that so many posts would get if they were added now one after another.
    pub async fn slots(
        &self,
        caller: &Caller,
        channel: ChannelId,
        place: Place,
        limit: usize,
    ) -> Result<Vec<DateTime<Utc>>, PostError> {
        caller.may(Scope::PostsRead)?;
        let ChannelQueue { queue, now } = self.store.queue(caller, channel, limit).await?;
        Ok(queue.preview(place, now).take(limit).collect())
    }

    /// Changes a queue as a whole.
    pub async fn change_queue(
        &self,
        caller: &Caller,
        channel: ChannelId,
        change: &QueueChange,
    ) -> Result<(), PostError> {
        caller.may(Scope::PostsPublish)?;
        self.store.change(caller, channel, change).await
    }

    /// Puts the posts of a queue into an order that nobody chose.
    pub async fn shuffle(&self, caller: &Caller, channel: ChannelId) -> Result<(), PostError> {
        let mut seed = [0; 8];
        self.random.fill(&mut seed);
        self.change_queue(caller, channel, &QueueChange::Shuffle(u64::from_le_bytes(seed))).await
    }
}

//! A channel with four slots a day, and the requests to its queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Method, header::IF_MATCH};
use serde_json::{Value, json};

use crate::stage::{
    Result,
    front_end::{FrontEnd, Tenant, list},
};

/// API keys. Each may make 3,000 requests at once and fifty more every second.
const KEYS: usize = 16;
/// Requests at once while the queue is filled.
const AT_ONCE: usize = 8;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    NextSlot,
    Add,
    Withdraw,
}

impl Operation {
    /// Everything that is measured. What is added is taken out again.
    pub(crate) const ALL: [Self; 3] = [Self::NextSlot, Self::Add, Self::Withdraw];

    /// How it is called in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NextSlot => "show the next free slot",
            Self::Add => "queue a post",
            Self::Withdraw => "take a post out",
        }
    }
}

/// An organization with one channel.
pub(crate) struct Line {
    front_end: FrontEnd,
    tenant: Tenant,
    keys: Vec<String>,
    channel: String,
    turn: AtomicUsize,
    waiting: AtomicUsize,
}

impl Line {
    /// Signs up, connects a Page and gives the workspace its slots.
    pub(crate) async fn new(front_end: FrontEnd) -> Result<Self> {
        let tenant = front_end.sign_up().await?;
        let keys = front_end.keys(&tenant, KEYS).await?;
        let channel = front_end.connect(&tenant, &keys[0], 1).await?.remove(0);
        let day = json!(["08:00", "12:00", "16:00", "20:00"]);
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let week: serde_json::Map<String, Value> =
            days.map(|name| (name.to_owned(), day.clone())).into_iter().collect();
        let schedule = json!({"time_zone": "Europe/Tallinn", "week": week, "spacing_minutes": 30});
        let path = format!("/v1/workspaces/{}/posting_schedule", tenant.workspace);
        let put = front_end.request(Method::PUT, &path, &keys[0]).header(IF_MATCH, "*").json(&schedule);
        put.send().await?.error_for_status()?;
        Ok(Self { front_end, tenant, keys, channel, turn: AtomicUsize::new(0), waiting: AtomicUsize::new(0) })
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues so many posts.
    pub(crate) async fn fill(&self, count: usize) -> Result<()> {
        for draft in self.write(count).await? {
            self.once(Operation::Add, &draft).await?;
        }
        Ok(())
    }

    /// Posts for so many requests.
    pub(crate) async fn drafts(&self, operation: Operation, count: usize) -> Result<Vec<String>> {
        match operation {
            Operation::NextSlot => Ok(vec![String::new(); count]),
            Operation::Add => self.write(count).await,
            Operation::Withdraw => self.those_who_wait(count).await,
        }
    }

    async fn write(&self, count: usize) -> Result<Vec<String>> {
        let write = |number: usize| {
            let key = &self.keys[number % KEYS];
            self.front_end.write(&self.tenant, key, &self.channel, "A post that waits for its slot.")
        };
        stream::iter(0..count).map(write).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn those_who_wait(&self, count: usize) -> Result<Vec<String>> {
        let (mut posts, mut after) = (Vec::new(), String::new());
        while posts.len() < count {
            let path = format!("/v1/channels/{}/queue?limit=100{after}", self.channel);
            let page = self.front_end.get(&path, &self.keys[0]).await?;
            posts.extend(
                list(&page["data"])?.iter().filter_map(|one| one["post_id"].as_str()).map(str::to_owned),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => break,
            }
        }
        posts.truncate(count);
        Ok(posts)
    }

    /// Makes one request and reads the answer.
    pub(crate) async fn once(&self, operation: Operation, post: &str) -> Result<()> {
        let key = &self.keys[self.turn.fetch_add(1, Ordering::Relaxed) % KEYS];
        let queue = format!("/v1/posts/{post}/queue");
        match operation {
            Operation::NextSlot => {
                let path = format!("/v1/channels/{}/queue/slots?limit=1", self.channel);
                self.front_end.get(&path, key).await?;
            }
            Operation::Add => {
                self.front_end.post(&queue, key, json!({})).await?;
                self.waiting.fetch_add(1, Ordering::Relaxed);
            }
            Operation::Withdraw => {
                let answer = self.front_end.request(Method::DELETE, &queue, key).send().await?;
                answer.error_for_status()?.bytes().await?;
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

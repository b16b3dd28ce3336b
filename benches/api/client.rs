//! The requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::stage::{
    Result,
    front_end::{FrontEnd, Tenant},
};

/// API keys. Each may make 3,000 requests at once and fifty more every second.
const KEYS: usize = 96;
/// Posts in the store.
const POSTS: usize = 5_000;
/// Channels that posts are for.
const CHANNELS: usize = 100;

/// What is asked of the API.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    Get,
    List,
    Create,
    CreateOnce,
    Schedule,
}

impl Operation {
    /// Everything that is measured; reads first.
    pub(crate) const ALL: [Self; 5] = [Self::Get, Self::List, Self::Create, Self::CreateOnce, Self::Schedule];

    /// How it is called in the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get a post",
            Self::List => "list 20 posts",
            Self::Create => "write a post",
            Self::CreateOnce => "write a post with an Idempotency-Key",
            Self::Schedule => "schedule a post",
        }
    }
}

/// An organization with posts, and its keys.
pub(crate) struct Caller {
    front_end: FrontEnd,
    tenant: Tenant,
    keys: Vec<String>,
    channels: Vec<String>,
    posts: Vec<String>,
    turn: AtomicUsize,
}

impl Caller {
    /// Signs up, connects Pages and writes posts.
    pub(crate) async fn new(front_end: FrontEnd) -> Result<Self> {
        let tenant = front_end.sign_up().await?;
        let keys = front_end.keys(&tenant, KEYS).await?;
        let channels = front_end.connect(&tenant, &keys[0], CHANNELS).await?;
        let (posts, turn) = (Vec::new(), AtomicUsize::new(0));
        let mut caller = Self { front_end, tenant, keys, channels, posts, turn };
        let one = &caller;
        let write = |number: usize| {
            let (key, channel) = (&one.keys[number % KEYS], &one.channels[number % one.channels.len()]);
            one.front_end.write(&one.tenant, key, channel, "A post that was there before.")
        };
        caller.posts = stream::iter(0..POSTS).map(write).buffer_unordered(16).try_collect().await?;
        Ok(caller)
    }

    /// Makes one request and reads the answer; says whether it was a 2xx.
    pub(crate) async fn once(&self, operation: Operation) -> Result<bool> {
        let response = self.request(operation).send().await?;
        let is_success = response.status().is_success();
        response.bytes().await?;
        Ok(is_success)
    }

    fn request(&self, operation: Operation) -> RequestBuilder {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (key, post) = (&self.keys[turn % KEYS], &self.posts[turn % POSTS]);
        let send = |method, path: &str| self.front_end.request(method, path, key);
        match operation {
            Operation::Get => send(Method::GET, &format!("/v1/posts/{post}")),
            Operation::List => send(Method::GET, "/v1/posts?limit=20"),
            Operation::Create => send(Method::POST, "/v1/posts").json(&self.draft(turn)),
            Operation::CreateOnce => send(Method::POST, "/v1/posts")
                .header("Idempotency-Key", Uuid::now_v7().to_string())
                .json(&self.draft(turn)),
            Operation::Schedule => send(Method::POST, &format!("/v1/posts/{post}/schedule"))
                .json(&json!({"at": Utc::now() + TimeDelta::days(30)})),
        }
    }

    fn draft(&self, turn: usize) -> serde_json::Value {
        let channel = &self.channels[turn % self.channels.len()];
        json!({"workspace_id": self.tenant.workspace, "caption": format!("Post {turn} of a measurement."),
               "targets": [{"channel_id": channel}]})
    }
}

//! What all cases share: a deployment, an organization with a channel for each publication, and its posts.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;

use crate::stage::{
    Result, Stage,
    front_end::{FrontEnd, Tenant},
};

/// API keys among which requests are spread, because each has a quota.
const KEYS: usize = 16;
/// Requests at a time.
const AT_ONCE: usize = 32;

/// A deployment with an organization in it.
pub(crate) struct House<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) front_end: FrontEnd,
    pub(crate) channels: Vec<String>,
    tenant: Tenant,
    keys: Vec<String>,
}

impl<'a> House<'a> {
    /// Signs an organization up and connects so many Pages.
    pub(crate) async fn furnish(stage: &'a Stage, front_end: FrontEnd, pages: usize) -> Result<Self> {
        let tenant = front_end.sign_up().await?;
        let keys = front_end.keys(&tenant, KEYS).await?;
        eprintln!("connecting {pages} Pages");
        let channels = front_end.connect(&tenant, &keys[0], pages).await?;
        Ok(Self { stage, front_end, channels, tenant, keys })
    }

    /// Writes one post for each of the first so many channels.
    pub(crate) async fn write(&self, posts: usize) -> Result<Vec<String>> {
        let write = |(number, channel): (usize, String)| async move {
            let caption = format!("Post {number} of a burst, written {}", Utc::now().to_rfc3339());
            let key = &self.keys[number % KEYS];
            self.front_end.write(&self.tenant, key, &channel, &caption).await
        };
        let channels = self.channels.iter().take(posts).cloned().enumerate();
        stream::iter(channels).map(write).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Schedules posts for one instant.
    pub(crate) async fn schedule(&self, posts: Vec<String>, due: DateTime<Utc>) -> Result<()> {
        let schedule = |(number, post): (usize, String)| async move {
            let path = format!("/v1/posts/{post}/schedule");
            self.front_end.post(&path, &self.keys[number % KEYS], json!({"at": due})).await.map(drop)
        };
        stream::iter(posts.into_iter().enumerate())
            .map(schedule)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }
}

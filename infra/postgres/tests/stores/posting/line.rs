//! A workspace with slots, and posts that wait for them.

use chrono::{DateTime, TimeDelta, Utc};
use postgres::{posting::PgPostingStore, posts::PgPostStore};
use publishing::{
    id::{ChannelId, PostId},
    post::{
        Post, PostError, PostView, TargetTime,
        store::{Plan, PostStore},
    },
    posting::{ChannelQueue, QueueChange, store::PostingStore},
    publication::Publication,
    timing::Timing,
};
use scheduling::{
    PostingSchedule,
    queue::{Place, Refill},
};
use serde_json::json;

use crate::publications::stage::{Stage, now};

/// A stage whose workspace publishes each full hour from some day on, and a channel.
pub(super) struct Line {
    pub(super) stage: Stage,
    pub(super) posting: PgPostingStore,
    pub(super) channel: ChannelId,
}

/// A slot each hour of each day, beginning with the day after tomorrow: so that no hour begins while a story runs.
pub(super) fn hourly() -> PostingSchedule {
    let hours: Vec<_> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week: serde_json::Map<_, _> = days.map(|day| (day.to_owned(), json!(hours))).into_iter().collect();
    let days: Vec<_> = now().date_naive().iter_days().take(2).collect();
    serde_json::from_value(json!({ "zone": "UTC", "week": week, "blackouts": days })).unwrap()
}

/// The first slots to come.
pub(super) fn hours(count: usize) -> Vec<DateTime<Utc>> {
    hourly().slots(now()).take(count).collect()
}

impl Line {
    pub(super) async fn set(refill: Refill) -> Self {
        let stage = Stage::set().await;
        let posting = PgPostingStore::new(stage.pool.clone(), Timing::default());
        let channel = stage.channel().await;
        let line = Self { stage, posting, channel };
        line.publish(&hourly(), refill).await.unwrap();
        line
    }

    pub(super) fn posts(&self) -> &PgPostStore {
        &self.stage.posts
    }

    /// Gives the workspace a schedule.
    pub(super) async fn publish(&self, schedule: &PostingSchedule, refill: Refill) -> Result<(), PostError> {
        let (caller, workspace) = (&self.stage.caller, self.stage.workspace);
        self.posting.save_workspace(caller, workspace, None, schedule, refill).await.map(drop)
    }

    /// A draft, and the same to be queued on channels.
    pub(super) async fn draft(&self, channels: &[ChannelId], place: Place) -> (Post, Plan) {
        let draft = self.stage.draft(channels);
        self.posts().insert(&draft, None).await.unwrap();
        queued(&self.stage, &draft, place)
    }

    pub(super) async fn add_to(&self, channels: &[ChannelId], place: Place) -> Result<PostView, PostError> {
        let (post, plan) = self.draft(channels, place).await;
        self.stage.save(&post, post.version - 1, &plan).await
    }

    /// Adds a post behind everybody.
    pub(super) async fn add(&self) -> Publication {
        self.add_to(&[self.channel], Place::Last).await.unwrap().publications.remove(0)
    }

    /// Adds so many posts, and says which.
    pub(super) async fn fill(&self, count: usize) -> Vec<PostId> {
        let mut posts = Vec::new();
        for _ in 0..count {
            posts.push(self.add().await.post);
        }
        posts
    }

    pub(super) async fn change(&self, change: QueueChange) -> Result<(), PostError> {
        self.posting.change(&self.stage.caller, self.channel, &change).await
    }

    /// Who waits, by slot.
    pub(super) async fn seats(&self) -> Vec<(DateTime<Utc>, PostId)> {
        let queue = self.posting.queue(&self.stage.caller, self.channel, 1).await;
        let ChannelQueue { queue, .. } = queue.unwrap();
        queue.waiting().iter().map(|entry| (entry.at, entry.post)).collect()
    }

    /// The only publication of a post, as it is now.
    pub(super) async fn publication(&self, post: PostId) -> Publication {
        self.view(post).await.publications.remove(0)
    }

    pub(super) async fn view(&self, post: PostId) -> PostView {
        self.posts().get(&self.stage.caller, post).await.unwrap()
    }

    /// Lets three days pass for everything that is planned: more than there are before the first slot.
    pub(super) async fn days_pass(&self) {
        self.stage
            .run(
                "UPDATE publications SET due_at = due_at - interval '3 days', deadline_at = deadline_at - interval '3 days',
                    next_step_at = next_step_at - interval '3 days'"
            )
            .await;
    }
}

/// The same post, one version later, to be queued on every channel it names.
pub(super) fn queued(stage: &Stage, post: &Post, place: Place) -> (Post, Plan) {
    // As whoever plans without knowing the slot does: far ahead, to be moved.
    let (mut post, mut plan) = stage.scheduled(post, TimeDelta::days(700));
    for planned in &mut plan.publications {
        planned.next_step_at = planned.due_at - TimeDelta::minutes(10);
    }
    post.schedule = None;
    for target in &mut post.targets {
        target.time = TargetTime::Queued(place);
    }
    (post, plan)
}

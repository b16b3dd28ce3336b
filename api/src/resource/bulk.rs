//! Many posts at once: each with its own outcome, or all together.

use std::sync::Arc;

use poem_openapi::OpenApi;
use publishing::post::{Bulk, PostError, Posts, Wish, store::Draft};
use tenancy::organization::LateLimit;
use uuid::Uuid;

use super::{
    Chapter,
    bulk_view::{BulkAnswer, Cancellations, NewPostItem, NewPosts, NewSchedules, answer},
    content::targets,
    schedule_view::NewSchedule,
};
use crate::{
    answer::Several,
    problem::Answer,
    request::{
        Access, Once,
        permissions::{PublishPosts, WritePosts},
    },
    strict::StrictJson,
};

/// Posts, many at a time.
pub struct BulkResource {
    /// The use cases.
    pub posts: Arc<Posts>,
}

/// What a schedule says, or the first thing that is wrong with it.
fn read(schedule: NewSchedule, below: &str) -> Result<scheduling::Schedule, publishing::post::Violation> {
    schedule.read().map_err(|problem| {
        let wrong = problem.violations.into_iter().next();
        let (pointer, detail) =
            wrong.map(|wrong| (wrong.pointer.to_string(), wrong.detail)).unwrap_or_default();
        publishing::post::Violation::new(format!("{below}{pointer}"), "schedule_invalid", detail)
    })
}

/// How late a post may be, or why not so late.
fn late(minutes: u16) -> Result<LateLimit, publishing::post::Violation> {
    LateLimit::from_minutes(minutes.into()).map_err(|wrong| {
        publishing::post::Violation::new("/publish_late_by_minutes", wrong.code, wrong.detail)
    })
}

/// The pointers of an item that nests its post.
fn nested(bulk: Bulk) -> Bulk {
    let place = |error| match error {
        PostError::Invalid(wrong) => {
            let below = |mut one: publishing::post::Violation| {
                let is_time = matches!(one.pointer.as_str(), "/at" | "/local_time");
                let parent = if is_time { "/schedule" } else { "/post" };
                if !one.pointer.starts_with("/schedule") {
                    one.pointer.insert_str(0, parent);
                }
                one
            };
            PostError::Invalid(wrong.into_iter().map(below).collect())
        }
        other => other,
    };
    match bulk {
        Bulk::Each(all) => Bulk::Each(all.into_iter().map(|one| one.map_err(place)).collect()),
        Bulk::Refused(all) => {
            Bulk::Refused(all.into_iter().map(|(index, error)| (index, place(error))).collect())
        }
    }
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl BulkResource {
    /// Write many posts
    ///
    /// Up to 1,000, each as `createPost` and, where it has a schedule, `schedulePost` would: an item is made with its schedule or
    /// not at all. Each has its own outcome; with `atomic` all are made or, with 422 and the places of what stood in the way, none.
    #[oai(path = "/posts/bulk/create", method = "post", operation_id = "bulkCreatePosts")]
    async fn create(
        &self,
        caller: Access<WritePosts>,
        idempotency_key: Once,
        body: StrictJson<NewPosts>,
    ) -> Answer<Several<BulkAnswer>> {
        let StrictJson(body) = body;
        let fence = match idempotency_key {
            Once::Make(fence) => fence,
            Once::Made(id) => return self.made(&caller, id).await,
        };
        let wish = |item: NewPostItem| {
            let mut post = item.post;
            let schedule = item.schedule.map(|schedule| read(schedule, "/schedule")).transpose();
            let (late_limit, schedule) = match post.publish_late_by_minutes.map(late).transpose() {
                Ok(limit) => (limit, schedule),
                Err(wrong) => (None, Err(wrong)),
            };
            let draft = Draft {
                workspace: post.workspace_id.0,
                content: post.content(),
                targets: targets(post.targets),
                author: (&caller.actor).into(),
                late_limit,
                fence: None,
            };
            Wish { draft, schedule }
        };
        let wishes = body.items.into_iter().map(wish).collect();
        answer(nested(self.posts.create_all(&caller, wishes, body.atomic, fence).await?), 201)
    }

    /// Schedule many posts
    ///
    /// Up to 1,000, each as `schedulePost` would. Each has its own outcome; with `atomic` all are scheduled or, with 422 and the
    /// places of what stood in the way, none.
    #[oai(path = "/posts/bulk/schedule", method = "post", operation_id = "bulkSchedulePosts")]
    async fn schedule(
        &self,
        caller: Access<PublishPosts>,
        body: StrictJson<NewSchedules>,
    ) -> Answer<Several<BulkAnswer>> {
        let StrictJson(body) = body;
        let wanted = body.items.into_iter().map(|item| {
            let schedule = NewSchedule::of(item.at, item.local_time, item.time_zone);
            (item.post_id.0, read(schedule, ""))
        });
        answer(self.posts.schedule_all(&caller, wanted.collect(), body.atomic).await?, 200)
    }

    /// Take many posts back
    ///
    /// Up to 1,000, each as `cancelPost` would. Each has its own outcome; with `atomic` all are taken back or, with 422 and the
    /// places of what stood in the way, none.
    #[oai(path = "/posts/bulk/cancel", method = "post", operation_id = "bulkCancelPosts")]
    async fn cancel(
        &self,
        caller: Access<PublishPosts>,
        body: StrictJson<Cancellations>,
    ) -> Answer<Several<BulkAnswer>> {
        let StrictJson(body) = body;
        let ids: Vec<_> = body.items.into_iter().map(|item| item.post_id.0).collect();
        answer(self.posts.cancel_all(&caller, &ids, body.atomic).await?, 200)
    }
}

impl BulkResource {
    async fn made(&self, caller: &tenancy::Caller, id: Uuid) -> Answer<Several<BulkAnswer>> {
        answer(self.posts.created_before(caller, id).await?, 201)
    }
}

//! Many posts at once: each with its own outcome, or all together.

use std::sync::Arc;

use poem_openapi::{Object, OpenApi};
use publishing::{
    id::Post as PostTag,
    post::{Bulk, PostError, Posts, Wish, store::Draft},
};
use tenancy::organization::LateLimit;
use uuid::Uuid;

use super::{
    Chapter,
    content::targets,
    post_view::{NewPost, Post},
    schedule_view::NewSchedule,
};
use crate::{
    answer::Several,
    problem::{Answer, Code, ItemProblem, Pointer, Problem, Violation},
    request::{
        Access, Once,
        permissions::{PublishPosts, WritePosts},
    },
    strict::StrictJson,
    value::{Id, Instant, Zone},
};

/// Many posts to be written.
#[derive(Object)]
struct NewPosts {
    /// Whether either all are made or none.
    #[oai(default)]
    atomic: bool,
    /// The posts.
    #[oai(validator(min_items = 1, max_items = 1000))]
    items: Vec<NewPostItem>,
}

/// One of many posts to be written.
#[derive(Object)]
struct NewPostItem {
    /// The post.
    post: NewPost,
    /// When to publish it; without this it stays a draft. It needs the scope `posts:publish`.
    schedule: Option<NewSchedule>,
}

/// Many posts to be scheduled.
#[derive(Object)]
struct NewSchedules {
    /// Whether either all are scheduled or none.
    #[oai(default)]
    atomic: bool,
    /// The posts, each once.
    #[oai(validator(min_items = 1, max_items = 1000))]
    items: Vec<ScheduleItem>,
}

/// One of many posts to be scheduled: either at an instant, or at a wall-clock time with its zone.
#[derive(Object)]
struct ScheduleItem {
    /// The post.
    post_id: Id<PostTag>,
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// Many posts to be taken back.
#[derive(Object)]
struct Cancellations {
    /// Whether either all are taken back or none.
    #[oai(default)]
    atomic: bool,
    /// The posts, each once.
    #[oai(validator(min_items = 1, max_items = 1000))]
    items: Vec<CancelItem>,
}

/// One of many posts to be taken back.
#[derive(Object)]
struct CancelItem {
    /// The post.
    post_id: Id<PostTag>,
}

/// What came of many.
#[derive(Object)]
struct BulkAnswer {
    /// How many succeeded.
    succeeded: u32,
    /// How many were refused.
    refused: u32,
    /// What came of each, in the order of the request.
    items: Vec<BulkItem>,
}

/// What came of one of many.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct BulkItem {
    /// Its place in the request, from 0.
    index: u32,
    /// The status that the operation on this one alone would have answered.
    status: u16,
    /// The post, if it succeeded.
    post: Option<Post>,
    /// Why it was refused, otherwise; its pointers are into the item.
    problem: Option<ItemProblem>,
}

/// Posts, many at a time.
pub struct BulkResource {
    /// The use cases.
    pub posts: Arc<Posts>,
}

fn problem_of(error: PostError) -> Problem {
    match error {
        PostError::Superseded => Problem::new(
            Code::Conflict,
            "The first request with this key did not make this one; send it again under another key.",
        ),
        other => other.into(),
    }
}

/// The answer, or the refusal of all with what stood in the way.
fn answer(bulk: Bulk, success: u16) -> Answer<Several<BulkAnswer>> {
    let results = match bulk {
        Bulk::Each(results) => results,
        Bulk::Refused(in_the_way) => {
            let wrong =
                in_the_way.into_iter().flat_map(|(place, error)| in_the_request(place, problem_of(error)));
            return Err(Problem::invalid(wrong.collect()));
        }
    };
    let succeeded = count(results.iter().filter(|result| result.is_ok()).count());
    let refused = count(results.len()) - succeeded;
    let item = |(index, result)| {
        let index = count(index);
        match result {
            Ok(view) => BulkItem { index, status: success, post: Some(Post::from(view)), problem: None },
            Err(error) => {
                let problem = problem_of(error);
                BulkItem {
                    index,
                    status: problem.code.status(),
                    post: None,
                    problem: Some((&problem).into()),
                }
            }
        }
    };
    Ok(Several(BulkAnswer { succeeded, refused, items: results.into_iter().enumerate().map(item).collect() }))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What is wrong with one item, with its place in the request. A refusal that names no place is about the item as a whole.
fn in_the_request(place: usize, problem: Problem) -> Vec<Violation> {
    let item = Pointer::to("items").element(place);
    if problem.violations.is_empty() {
        let code = match problem.code {
            Code::NotFound => "item_unknown",
            Code::ScopeMissing => "item_scope_missing",
            Code::PreconditionFailed => "item_changed",
            Code::PublishingBegan => "item_publishing_began",
            _ => "item_wrong_state",
        };
        return vec![Violation::body(item, code, problem.detail)];
    }
    let placed = |wrong: Violation| Violation { pointer: wrong.pointer.below(&item), ..wrong };
    problem.violations.into_iter().map(placed).collect()
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
                let parent = if one.pointer == "/at" { "/schedule" } else { "/post" };
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

//! Posts: written once, published on every channel they name.

use std::sync::Arc;

use chrono::NaiveDateTime;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    types::MaybeUndefined,
};
use publishing::{
    content,
    id::{Channel, Post as PostTag},
    post::{
        PostPatch as Patch, PostView, Posts, When,
        store::{Draft, PostFilter},
    },
};
use scheduling::{LocalSchedule, Schedule};
use tenancy::id::{ApiKey, Person, Workspace};

use super::{
    Chapter,
    content::{Attachment, Target, attachments, link, targets},
    publications::Publication,
};
use crate::{
    answer::{Created, Done, Found},
    problem::{self, Answer, Pointer, Problem},
    request::{
        Access, After, Cursors, IfMatch, Limit, Once, Page,
        permissions::{PublishPosts, ReadPosts, WritePosts},
    },
    strict::{MergePatch, StrictJson},
    value::{Id, Instant, PostStatusName, Zone},
};

/// A post to be written, or to be validated.
#[derive(Object)]
struct NewPost {
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// The text.
    #[oai(default, validator(max_length = 100_000))]
    caption: String,
    /// A link, for channels that take one; the others get the post without it.
    #[oai(validator(max_length = 2048))]
    link: Option<String>,
    /// The pictures, in order.
    #[oai(default, validator(max_items = 20))]
    media: Vec<Attachment>,
    /// The channels.
    #[oai(default, validator(max_items = 50))]
    targets: Vec<Target>,
}

/// What changes about a post. What is absent stays.
#[derive(Object)]
struct PostPatch {
    /// Another text.
    #[oai(validator(max_length = 100_000))]
    caption: Option<String>,
    /// Another link; `null` removes it.
    #[oai(validator(max_length = 2048))]
    link: MaybeUndefined<String>,
    /// Other pictures.
    #[oai(validator(max_items = 20))]
    media: Option<Vec<Attachment>>,
    /// Other channels.
    #[oai(validator(max_items = 50))]
    targets: Option<Vec<Target>>,
}

/// When a post is due: the intent, and the instant it means.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ScheduleView {
    /// The instant.
    at: Instant,
    /// The wall-clock time, if it was scheduled by one.
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// When to publish: either an instant, or a wall-clock time with its zone. A local time that the clocks skip moves forward by
/// the gap; one that occurs twice means the first.
#[derive(Object)]
struct NewSchedule {
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$"))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// A post.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Post {
    /// The identifier.
    id: Id<PostTag>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// What it shows, derived from its publications.
    status: PostStatusName,
    /// The text.
    caption: String,
    /// The link.
    link: Option<String>,
    /// The pictures, in order.
    media: Vec<Attachment>,
    /// The channels, with what differs there.
    targets: Vec<Target>,
    /// When it is due, once it was scheduled.
    schedule: Option<ScheduleView>,
    /// One per channel, once it was scheduled.
    publications: Vec<Publication>,
    /// The person who answers for it.
    author_id: Id<Person>,
    /// The API key it came with, if it did.
    api_key_id: Option<Id<ApiKey>>,
    /// When it was written.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<Schedule> for ScheduleView {
    fn from(schedule: Schedule) -> Self {
        let (local_time, time_zone) = match schedule {
            Schedule::At(_) => (None, None),
            Schedule::Local(wall) => {
                (Some(wall.local.format("%Y-%m-%dT%H:%M:%S").to_string()), Some(Zone(wall.zone)))
            }
        };
        Self { at: schedule.resolve().into(), local_time, time_zone }
    }
}

impl From<PostView> for Post {
    fn from(view: PostView) -> Self {
        let status = PostStatusName(view.status());
        let PostView { post, publications } = view;
        Self {
            id: post.id.into(),
            workspace_id: post.workspace.into(),
            status,
            caption: post.content.caption,
            link: post.content.link.map(Into::into),
            media: post.content.media.into_iter().map(Into::into).collect(),
            targets: post.targets.into_iter().map(Into::into).collect(),
            schedule: post.schedule.map(Into::into),
            publications: publications.into_iter().map(Into::into).collect(),
            author_id: post.author.person.into(),
            api_key_id: post.author.api_key.map(Into::into),
            created_at: post.created_at.into(),
            updated_at: post.updated_at.into(),
        }
    }
}

impl NewSchedule {
    fn read(self) -> Result<Schedule, Problem> {
        let wrong = |member: &str, detail: &str| {
            Problem::invalid(vec![problem::Violation::body(Pointer::to(member), "schedule_invalid", detail)])
        };
        match (self.at, self.local_time, self.time_zone) {
            (Some(at), None, None) => Ok(Schedule::At(at.0)),
            (None, Some(local), Some(zone)) => {
                let full = if local.len() == 16 { format!("{local}:00") } else { local };
                let local: NaiveDateTime =
                    full.parse().map_err(|_| wrong("local_time", "There is no such date or time."))?;
                Ok(Schedule::Local(LocalSchedule { local, zone: zone.0 }))
            }
            _ => Err(wrong("at", "Give either `at`, or `local_time` and `time_zone` together.")),
        }
    }
}

impl NewPost {
    fn content(&mut self) -> Result<content::Content, Problem> {
        Ok(content::Content {
            caption: std::mem::take(&mut self.caption),
            link: self.link.take().map(|text| link(&text, Pointer::to("link"))).transpose()?,
            media: attachments(std::mem::take(&mut self.media)),
        })
    }
}

impl PostPatch {
    fn read(self) -> Result<Patch, Problem> {
        let link = match self.link {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => Some(Some(link(&text, Pointer::to("link"))?)),
        };
        let targets = self.targets.map(targets).transpose()?;
        Ok(Patch { caption: self.caption, link, media: self.media.map(attachments), targets })
    }
}

/// What stands against scheduling a post.
#[derive(Object)]
struct Validation {
    /// Whether nothing does.
    valid: bool,
    /// What does, one entry each.
    violations: Vec<Objection>,
}

/// One thing that stands against scheduling.
#[derive(Object)]
struct Objection {
    /// Where, as a JSON pointer into the request (RFC 6901).
    pointer: String,
    /// What, as a stable code.
    code: String,
    /// What, in a sentence.
    detail: String,
}

fn shown(view: PostView) -> Found<Post> {
    let version = view.post.version;
    Found::versioned(view.into(), version)
}

/// Posts.
pub struct PostsResource {
    /// The use cases.
    pub posts: Arc<Posts>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl PostsResource {
    /// List posts
    ///
    /// Newest first.
    #[oai(path = "/posts", method = "get", operation_id = "listPosts")]
    #[expect(clippy::too_many_arguments, reason = "the query parameters of the operation")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
        /// Only for this channel.
        channel_id: Query<Option<Id<Channel>>>,
        /// Only with this status.
        status: Query<Option<PostStatusName>>,
        /// Only due at or after this instant.
        due_from: Query<Option<Instant>>,
        /// Only due before this instant.
        due_before: Query<Option<Instant>>,
    ) -> Answer<Found<Page<Post>>> {
        let list = self.cursors.list("posts", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let filter = PostFilter {
            workspace: workspace_id.0.map(|id| id.0),
            channel: channel_id.0.map(|id| id.0),
            status: status.0.map(|status| status.0),
            due_from: due_from.0.map(|at| at.0),
            due_before: due_before.0.map(|at| at.0),
            after: part.after,
            limit: part.limit.into(),
        };
        let rows = self.posts.list(&caller, &filter).await?;
        Ok(Found::plain(list.page(rows, |one| one.post.id)?))
    }

    /// Write a post
    ///
    /// It begins as a draft and may be incomplete; what it names must be there.
    #[oai(path = "/posts", method = "post", operation_id = "createPost")]
    async fn create(
        &self,
        caller: Access<WritePosts>,
        _idempotency_key: Once,
        body: StrictJson<NewPost>,
    ) -> Answer<Created<Post>> {
        let StrictJson(mut body) = body;
        let draft = Draft {
            workspace: body.workspace_id.0,
            content: body.content()?,
            targets: targets(body.targets)?,
            author: (&caller.actor).into(),
        };
        let view = self.posts.write(&caller, draft).await?;
        let (place, version) = (format!("/v1/posts/{}", view.post.id), view.post.version);
        Ok(Created::at(place, view.into()).version(version))
    }

    /// Validate a post without keeping it
    ///
    /// The same rules as scheduling applies.
    #[oai(path = "/posts/validate", method = "post", operation_id = "validatePost")]
    async fn validate(
        &self,
        caller: Access<ReadPosts>,
        body: StrictJson<NewPost>,
    ) -> Answer<Found<Validation>> {
        let StrictJson(mut body) = body;
        let (content, workspace) = (body.content()?, body.workspace_id.0);
        let found = self.posts.validate(&caller, workspace, &content, &targets(body.targets)?).await?;
        let objection = |v: publishing::post::Violation| Objection {
            pointer: v.pointer,
            code: v.code.into(),
            detail: v.detail,
        };
        let violations: Vec<_> = found.into_iter().map(objection).collect();
        Ok(Found::plain(Validation { valid: violations.is_empty(), violations }))
    }

    /// Get a post
    #[oai(path = "/posts/:id", method = "get", operation_id = "getPost")]
    async fn get(&self, caller: Access<ReadPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        Ok(shown(self.posts.get(&caller, id.0.0).await?))
    }

    /// Change a post
    ///
    /// A post that is scheduled stays so, under a new approval, which needs the scope `posts:publish`. Once publishing has begun
    /// on a channel nothing can be changed.
    #[oai(path = "/posts/:id", method = "patch", operation_id = "updatePost")]
    async fn update(
        &self,
        caller: Access<WritePosts>,
        id: Path<Id<PostTag>>,
        if_match: IfMatch,
        body: MergePatch<PostPatch>,
    ) -> Answer<Found<Post>> {
        let MergePatch(body) = body;
        let patch = body.read()?;
        let expected = match if_match.version() {
            Some(version) => version,
            None => self.posts.get(&caller, id.0.0).await?.post.version,
        };
        Ok(shown(self.posts.change(&caller, id.0.0, expected, patch).await?))
    }

    /// Delete a post
    ///
    /// Only one of which nothing is, or may be, public.
    #[oai(path = "/posts/:id", method = "delete", operation_id = "deletePost")]
    async fn delete(&self, caller: Access<WritePosts>, id: Path<Id<PostTag>>) -> Answer<Done> {
        self.posts.delete(&caller, id.0.0).await?;
        Ok(Done)
    }

    /// Schedule a post
    ///
    /// Scheduling is the approval of exactly this content for exactly these channels. A scheduled post is scheduled anew.
    #[oai(path = "/posts/:id/schedule", method = "post", operation_id = "schedulePost")]
    async fn schedule(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<PostTag>>,
        body: StrictJson<NewSchedule>,
    ) -> Answer<Found<Post>> {
        let StrictJson(body) = body;
        Ok(shown(self.posts.schedule(&caller, id.0.0, When::Later(body.read()?)).await?))
    }

    /// Publish a post now
    #[oai(path = "/posts/:id/publish", method = "post", operation_id = "publishPost")]
    async fn publish(&self, caller: Access<PublishPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        Ok(shown(self.posts.schedule(&caller, id.0.0, When::Now).await?))
    }

    /// Take a post back
    ///
    /// On every channel where publishing has not begun; refused when it has on all of them.
    #[oai(path = "/posts/:id/cancel", method = "post", operation_id = "cancelPost")]
    async fn cancel(&self, caller: Access<PublishPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        Ok(shown(self.posts.cancel(&caller, id.0.0).await?))
    }
}

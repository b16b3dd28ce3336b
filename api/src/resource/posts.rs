//! Posts: written once, published on every channel they name.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use publishing::{
    id::{Channel, Post as PostTag, PostId},
    post::{
        PostView, Posts, When,
        store::{Draft, PostFilter},
    },
};
use tenancy::id::Workspace;

use super::{
    Chapter,
    content::targets,
    post_view::{NewPost, Objection, Post, PostPatch, Validation, late_limit},
    schedule_view::PostSchedule,
};
use crate::{
    answer::{Created, Done, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, IfMatch, Limit, Once, Page, latest,
        permissions::{PublishPosts, ReadPosts, WritePosts},
    },
    strict::{MergePatch, StrictJson},
    value::{Id, Instant, PostStatusName},
};

pub(super) fn shown(view: PostView) -> Found<Post> {
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
        /// Only due at or after this instant: with a publication that is, on the channel of `channel_id` if one is named. A post
        /// without publications counts by its own time.
        due_from: Query<Option<Instant>>,
        /// Only due before this instant. With `due_from`, one and the same publication is due between the two.
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
        // As for a workspace that does not exist: there is nothing in it.
        let rows = match filter.workspace {
            Some(workspace) if !caller.reaches(workspace) => Vec::new(),
            _ => self.posts.list(&caller, &filter).await?,
        };
        Ok(Found::plain(list.page(rows, |one| one.post.id)?))
    }

    /// Write a post
    ///
    /// It begins as a draft and may be incomplete; what it names must be there.
    #[oai(path = "/posts", method = "post", operation_id = "createPost")]
    async fn create(
        &self,
        caller: Access<WritePosts>,
        idempotency_key: Once,
        body: StrictJson<NewPost>,
    ) -> Answer<Created<Post>> {
        let StrictJson(mut body) = body;
        let view = match idempotency_key {
            Once::Made(id) => self.posts.written(&caller, PostId::from_uuid(id)).await?,
            Once::Make(fence) => {
                let draft = Draft {
                    workspace: body.workspace_id.0,
                    content: body.content(),
                    targets: targets(body.targets),
                    author: (&caller.actor).into(),
                    late_limit: body.publish_late_by_minutes.map(late_limit).transpose()?,
                    fence,
                };
                self.posts.write(&caller, draft).await?
            }
        };
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
        let (content, workspace) = (body.content(), body.workspace_id.0);
        let found = self.posts.validate(&caller, workspace, &content, &targets(body.targets)).await?;
        let violations: Vec<Objection> = found.into_iter().map(Into::into).collect();
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
        let (id, patch): (_, publishing::post::PostPatch) = (id.0.0, body.try_into()?);
        if let Some(expected) = if_match.version() {
            return Ok(shown(self.posts.change(&caller, id, expected, patch).await?));
        }
        let change = || async {
            let expected = self.posts.get(&caller, id).await?.post.version;
            self.posts.change(&caller, id, expected, patch.clone()).await
        };
        latest(change).await.map(shown)
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
    /// Scheduling is the approval of exactly this content for exactly these channels. A scheduled post is scheduled anew, and leaves
    /// the queues it waits in. Channels may have times of their own.
    #[oai(path = "/posts/:id/schedule", method = "post", operation_id = "schedulePost")]
    async fn schedule(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<PostTag>>,
        body: StrictJson<PostSchedule>,
    ) -> Answer<Found<Post>> {
        let StrictJson(body) = body;
        let (when, own) = body.read()?;
        let when = when.map(When::Later);
        latest(|| self.posts.schedule_each(&caller, id.0.0, when, &own)).await.map(shown)
    }

    /// Publish a post now
    #[oai(path = "/posts/:id/publish", method = "post", operation_id = "publishPost")]
    async fn publish(&self, caller: Access<PublishPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        latest(|| self.posts.schedule(&caller, id.0.0, When::Now)).await.map(shown)
    }

    /// Take a post back
    ///
    /// On every channel where publishing has not begun; refused when it has on all of them.
    #[oai(path = "/posts/:id/cancel", method = "post", operation_id = "cancelPost")]
    async fn cancel(&self, caller: Access<PublishPosts>, id: Path<Id<PostTag>>) -> Answer<Found<Post>> {
        Ok(shown(self.posts.cancel(&caller, id.0.0).await?))
    }
}

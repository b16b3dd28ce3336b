//! Publications: a post on its way to each channel.

use std::sync::Arc;

use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use publishing::{
    id,
    post::{Posts, Resolution, store::PublicationFilter},
    publication,
    refusal::Reason,
};
use tenancy::id::Workspace;

use super::{Chapter, attempts::Attempts, risk::RiskWarning, schedule_view::NewSchedule};
use crate::{
    answer::Found,
    problem::Answer,
    request::{
        Access, After, Cursors, Limit, Page,
        permissions::{PublishPosts, ReadPosts},
    },
    strict::StrictJson,
    value::{Id, Instant, Link, PlatformName, PublicationState},
};

/// Why something did not go out.
#[derive(Object)]
struct Trouble {
    /// The reason, from a closed list.
    code: String,
    /// Who can put it right: `caller`, `member`, `operator` or `platform`.
    actor: String,
    /// What to do.
    fix: String,
    /// Whether Postern tries again by itself.
    retrying: bool,
}

impl Trouble {
    fn of(reason: Reason, retrying: bool) -> Self {
        Self {
            code: reason.as_str().into(),
            actor: reason.fixer().as_str().into(),
            fix: reason.fix().into(),
            retrying,
        }
    }
}

/// A post on its way to one channel.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Publication {
    /// The identifier.
    id: Id<id::Publication>,
    /// The post.
    post_id: Id<id::Post>,
    /// The channel.
    channel_id: Id<id::Channel>,
    /// The workspace.
    workspace_id: Id<Workspace>,
    /// The channel's platform.
    platform: PlatformName,
    /// Where it stands.
    state: PublicationState,
    /// Whether only a person can decide what happened; see `resolvePublication`.
    needs_person: bool,
    /// What is wrong, if something is.
    trouble: Option<Trouble>,
    /// Why it was taken back: `by_caller`, `target_removed` or `channel_disconnected`.
    cancelled_because: Option<String>,
    /// Whether its time is a slot of the channel's queue. While that is paused there is no `next_step_at`.
    queued: bool,
    /// When it is to be public.
    due_at: Instant,
    /// When publishing makes no sense any more.
    deadline_at: Instant,
    /// When something happens next by itself.
    next_step_at: Option<Instant>,
    /// SHA-256 of the content that was approved, in hexadecimal.
    content_hash: String,
    /// The platform's id of the post, once public.
    platform_post_id: Option<String>,
    /// Where people see it.
    permalink: Option<String>,
    /// When the platform said that it is public.
    published_at: Option<Instant>,
    /// When it was planned first.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// What stands in its way, found before its time: as of a day and an hour before it is due, and every few minutes while something
    /// does. Empty where nothing was found, or not looked yet.
    warnings: Vec<RiskWarning>,
}

impl From<publication::Publication> for Publication {
    fn from(one: publication::Publication) -> Self {
        let retrying = one.next_step_at.is_some();
        Self {
            id: one.id.into(),
            post_id: one.post.into(),
            channel_id: one.channel.into(),
            workspace_id: one.workspace.into(),
            platform: PlatformName(one.platform),
            state: PublicationState(one.state),
            needs_person: one.needs_person,
            trouble: one.reason.map(|reason| Trouble::of(reason, retrying)),
            cancelled_because: one.cancelled.map(|why| why.as_str().into()),
            queued: one.queued,
            due_at: one.due_at.into(),
            deadline_at: one.deadline_at.into(),
            next_step_at: one.next_step_at.map(Into::into),
            content_hash: one.content_hash.to_string(),
            platform_post_id: one.platform_post_id,
            permalink: one.permalink.map(Into::into),
            published_at: one.published_at.map(Into::into),
            created_at: one.created_at.into(),
            updated_at: one.updated_at.into(),
            warnings: one.warnings.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a person found on the platform.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
enum Outcome {
    /// The post is there.
    Live,
    /// The post is not there: publish it again.
    PublishAgain,
}

/// A person's word about an unconfirmed publication.
#[derive(Object)]
struct Resolve {
    /// What was found.
    outcome: Outcome,
    /// The platform's id of the post; required for `live`.
    #[oai(validator(min_length = 1, max_length = 64))]
    platform_post_id: Option<String>,
    /// Where people see it, for `live`.
    permalink: Option<Link>,
}

/// Publications.
pub struct PublicationsResource {
    /// The use cases.
    pub posts: Arc<Posts>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl PublicationsResource {
    /// List publications
    ///
    /// Newest first.
    #[oai(path = "/publications", method = "get", operation_id = "listPublications")]
    #[expect(clippy::too_many_arguments, reason = "the query parameters of the operation")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
        /// Only of this post.
        post_id: Query<Option<Id<id::Post>>>,
        /// Only for this channel.
        channel_id: Query<Option<Id<id::Channel>>>,
        /// Only in this state.
        state: Query<Option<PublicationState>>,
        /// Only those that (do not) wait for a person.
        needs_person: Query<Option<bool>>,
        /// Only those in whose way something (or nothing) stands, as their `warnings` say.
        at_risk: Query<Option<bool>>,
    ) -> Answer<Found<Page<Publication>>> {
        let list = self.cursors.list("publications", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let filter = PublicationFilter {
            workspace: workspace_id.0.map(|id| id.0),
            post: post_id.0.map(|id| id.0),
            channel: channel_id.0.map(|id| id.0),
            state: state.0.map(|state| state.0),
            needs_person: needs_person.0,
            at_risk: at_risk.0,
            after: part.after,
            limit: part.limit.into(),
        };
        // As for a workspace that does not exist: there is nothing in it.
        let rows = match filter.workspace {
            Some(workspace) if !caller.reaches(workspace) => Vec::new(),
            _ => self.posts.publications(&caller, &filter).await?,
        };
        Ok(Found::plain(list.page(rows, |one| one.id)?))
    }

    /// Get a publication
    #[oai(path = "/publications/:id", method = "get", operation_id = "getPublication")]
    async fn get(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<id::Publication>>,
    ) -> Answer<Found<Publication>> {
        Ok(Found::plain(self.posts.publication(&caller, id.0.0).await?.into()))
    }

    /// Get the history of a publication
    #[oai(path = "/publications/:id/attempts", method = "get", operation_id = "listPublicationAttempts")]
    async fn attempts(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<id::Publication>>,
    ) -> Answer<Found<Attempts>> {
        let lines = self.posts.attempts(&caller, id.0.0).await?;
        Ok(Found::plain(Attempts { data: lines.into_iter().map(Into::into).collect() }))
    }

    /// Try a publication again
    ///
    /// Publishes now what failed, was missed or was cancelled, with the content as it was approved.
    #[oai(path = "/publications/:id/retry", method = "post", operation_id = "retryPublication")]
    async fn retry(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<id::Publication>>,
    ) -> Answer<Found<Publication>> {
        Ok(Found::plain(self.posts.retry(&caller, id.0.0).await?.into()))
    }

    /// Try a publication again at another time
    ///
    /// As `retryPublication`, but not now: what failed, was missed or was cancelled is planned for the time that is given, with the
    /// content as it was approved. It may be as late as before. Its channel has a time of its own from then on, as the `channel_times`
    /// of the post say.
    #[oai(path = "/publications/:id/reschedule", method = "post", operation_id = "reschedulePublication")]
    async fn reschedule(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<id::Publication>>,
        body: StrictJson<NewSchedule>,
    ) -> Answer<Found<Publication>> {
        let StrictJson(body) = body;
        Ok(Found::plain(self.posts.reschedule(&caller, id.0.0, body.read()?).await?.into()))
    }

    /// Decide what nobody else can know
    ///
    /// For publications with `needs_person`: somebody looked on the platform. `live` records the post that is there;
    /// `publish_again` sends it once more.
    #[oai(path = "/publications/:id/resolve", method = "post", operation_id = "resolvePublication")]
    async fn resolve(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<id::Publication>>,
        body: StrictJson<Resolve>,
    ) -> Answer<Found<Publication>> {
        let StrictJson(body) = body;
        let permalink = body.permalink.map(Into::into);
        let resolution = match body.outcome {
            Outcome::Live => {
                Resolution::Live { platform_post_id: body.platform_post_id.unwrap_or_default(), permalink }
            }
            Outcome::PublishAgain => Resolution::PublishAgain,
        };
        Ok(Found::plain(self.posts.resolve(&caller, id.0.0, resolution).await?.into()))
    }
}

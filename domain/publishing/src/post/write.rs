//! Writing: drafts, and changes to them. A change to a scheduled post is scheduled again, under a new approval.

use tenancy::{Caller, Scope, organization::LateLimit};
use url::Url;

use super::{
    PostError, PostView, Posts, Target, Violation,
    store::{Draft, Facts},
    validate,
};
use crate::{
    content::{Attachment, Content},
    id::{ChannelId, MediaId, PostId},
};

/// What changes; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct PostPatch {
    /// The text.
    pub caption: Option<String>,
    /// The link; `Some(None)` removes it.
    pub link: Option<Option<Url>>,
    /// The pictures.
    pub media: Option<Vec<Attachment>>,
    /// The channels.
    pub targets: Option<Vec<Target>>,
    /// How late it may still go out; `Some(None)` leaves that to the workspace.
    pub late_limit: Option<Option<LateLimit>>,
}

impl Posts {
    /// Keeps a draft. It may be incomplete, but what it names must be there.
    pub async fn write(&self, caller: &Caller, draft: Draft) -> Result<PostView, PostError> {
        Self::admit(caller, &draft, None)?;
        let facts = self.facts(caller, draft.workspace, &draft.content, &draft.targets).await?;
        let fence = draft.fence;
        let post = self.compose(caller, draft, None, &facts)?.post;
        self.store.insert(&post, fence).await?;
        Ok(PostView { post, publications: vec![] })
    }

    /// A post that this caller wrote, as it is now.
    pub async fn written(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        caller.may(Scope::PostsWrite)?;
        self.store.get(caller, id).await
    }

    /// Changes a post whose version is still `expected`.
    pub async fn change(
        &self,
        caller: &Caller,
        id: PostId,
        expected: i64,
        patch: PostPatch,
    ) -> Result<PostView, PostError> {
        caller.may(Scope::PostsWrite)?;
        let mut post = self.store.get(caller, id).await?.post;
        if post.version != expected {
            return Err(PostError::Stale);
        }
        if let Some(late_limit) = patch.late_limit {
            post.late_limit = late_limit;
        }
        apply(&mut post.content, &mut post.targets, patch);
        let facts = self.facts(caller, post.workspace, &post.content, &post.targets).await?;
        acceptable(&post.content, &post.targets, &facts)?;
        post.version += 1;
        post.updated_at = self.clock.now();
        if !post.scheduled {
            return self.store.save(&post, expected, None).await;
        }
        // What was scheduled stays scheduled, so the change speaks to the public: it needs the right to, and a new approval.
        caller.may(Scope::PostsPublish)?;
        let schedule = post.schedule.ok_or(PostError::WrongState)?;
        let plan = self.plan(caller, &post, &facts, schedule.resolve())?;
        self.store.save(&post, expected, Some(&plan)).await
    }

    pub(super) async fn facts(
        &self,
        caller: &Caller,
        workspace: tenancy::WorkspaceId,
        content: &Content,
        targets: &[Target],
    ) -> Result<Facts, PostError> {
        let (channels, media) = named(content, targets);
        let facts = self.store.facts(caller.organization, workspace, &channels, &media).await?;
        facts.ok_or(PostError::NotFound)
    }
}

/// The channels and the media that a content and its targets name.
pub(super) fn named(content: &Content, targets: &[Target]) -> (Vec<ChannelId>, Vec<MediaId>) {
    let overridden = targets.iter().filter_map(|t| t.change.media.as_ref()).flatten();
    let media = content.media.iter().chain(overridden).map(|a| a.media).collect();
    (targets.iter().map(|t| t.channel).collect(), media)
}

/// Changes a content and its targets.
pub(crate) fn apply(content: &mut Content, targets: &mut Vec<Target>, patch: PostPatch) {
    if let Some(caption) = patch.caption {
        content.caption = caption;
    }
    if let Some(link) = patch.link {
        content.link = link;
    }
    if let Some(media) = patch.media {
        content.media = media;
    }
    if let Some(others) = patch.targets {
        *targets = others;
    }
}

/// What even a draft must satisfy: sizes, and that the things it names are there.
pub(super) fn acceptable(content: &Content, targets: &[Target], facts: &Facts) -> Result<(), PostError> {
    let unknown = validate::validate(content, targets, facts)
        .into_iter()
        .filter(|v| matches!(v.code, "channel_unknown" | "media_unknown"));
    let violations: Vec<Violation> = validate::shape(content, targets).into_iter().chain(unknown).collect();
    if violations.is_empty() { Ok(()) } else { Err(PostError::Invalid(violations)) }
}

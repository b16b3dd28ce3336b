//! Writing: drafts, and changes to them. A change to a scheduled post is scheduled again, under a new approval.

use tenancy::{Caller, Scope};
use url::Url;

use super::{
    Post, PostError, PostView, Posts, Target, TargetTime, Violation,
    store::{Draft, Facts},
    validate,
};
use crate::{
    content::{Attachment, Content},
    id::{ChannelId, PostId},
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
}

impl Posts {
    /// Keeps a draft. It may be incomplete, but what it names must be there.
    pub async fn write(&self, caller: &Caller, draft: Draft) -> Result<PostView, PostError> {
        caller.may(Scope::PostsWrite)?;
        if !caller.reaches(draft.workspace) {
            return Err(PostError::NotFound);
        }
        let facts = self.facts(caller, draft.workspace, &draft.content, &draft.targets).await?;
        acceptable(&draft.content, &draft.targets, &facts)?;
        let now = self.clock.now();
        let post = Post {
            id: PostId::new(),
            organization: caller.organization,
            workspace: draft.workspace,
            content: draft.content,
            targets: draft.targets,
            schedule: None,
            scheduled: false,
            version: 1,
            author: (&caller.actor).into(),
            created_at: now,
            updated_at: now,
        };
        self.store.insert(&post, draft.fence).await?;
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
        apply(&mut post, patch);
        let facts = self.facts(caller, post.workspace, &post.content, &post.targets).await?;
        acceptable(&post.content, &post.targets, &facts)?;
        post.version += 1;
        post.updated_at = self.clock.now();
        if !post.scheduled {
            return self.store.save(&post, expected, None).await;
        }
        // What was scheduled stays scheduled, so the change speaks to the public: it needs the right to, and a new approval.
        caller.may(Scope::PostsPublish)?;
        self.save_planned(caller, post, expected, &facts).await
    }

    pub(super) async fn facts(
        &self,
        caller: &Caller,
        workspace: tenancy::WorkspaceId,
        content: &Content,
        targets: &[Target],
    ) -> Result<Facts, PostError> {
        let channels: Vec<_> = targets.iter().map(|t| t.channel).collect();
        let overridden = targets.iter().filter_map(|t| t.change.media.as_ref()).flatten();
        let media: Vec<_> = content.media.iter().chain(overridden).map(|a| a.media).collect();
        let facts = self.store.facts(caller.organization, workspace, &channels, &media).await?;
        facts.ok_or(PostError::NotFound)
    }
}

fn apply(post: &mut Post, patch: PostPatch) {
    let content = &mut post.content;
    if let Some(caption) = patch.caption {
        content.caption = caption;
    }
    if let Some(link) = patch.link {
        content.link = link;
    }
    if let Some(media) = patch.media {
        content.media = media;
    }
    if let Some(targets) = patch.targets {
        post.targets = targets
            .into_iter()
            .map(|target| Target { time: time_after(post, target.channel), ..target })
            .collect();
    }
}

/// A channel that stays keeps its time, and one that is added gets the post's. Without a time of the post's own it waits until
/// somebody says when.
fn time_after(post: &Post, channel: ChannelId) -> TargetTime {
    let known = post.targets.iter().find(|target| target.channel == channel);
    let added =
        if post.scheduled && post.schedule.is_none() { TargetTime::Unplanned } else { TargetTime::Post };
    known.map_or(added, |target| target.time)
}

/// What even a draft must satisfy: sizes, and that the things it names are there.
fn acceptable(content: &Content, targets: &[Target], facts: &Facts) -> Result<(), PostError> {
    let unknown = validate::validate(content, targets, facts)
        .into_iter()
        .filter(|v| matches!(v.code, "channel_unknown" | "media_unknown"));
    let violations: Vec<Violation> = validate::shape(content, targets).into_iter().chain(unknown).collect();
    if violations.is_empty() { Ok(()) } else { Err(PostError::Invalid(violations)) }
}

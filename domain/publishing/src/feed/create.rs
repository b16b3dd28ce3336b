//! Making, seeing and revoking feeds.

use secrecy::{ExposeSecret, SecretString};
use tenancy::{Caller, Page, Scope, WorkspaceId, digest::SecretHash, idempotency::Fence, random};

use super::{Feed, Feeds};
use crate::{
    calendar::EntryStatus,
    id::{self, ChannelId, FeedId},
    post::{PostError, Violation},
};

/// What every secret of a feed begins with, so that a leaked one is recognised.
const PREFIX: &str = "pstf_";

/// The feed that somebody wants.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// Whose calendar.
    pub workspace: WorkspaceId,
    /// What it is for.
    pub name: String,
    /// Only of these channels.
    pub channels: Option<Vec<ChannelId>>,
    /// Only with these statuses.
    pub statuses: Option<Vec<EntryStatus>>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A new feed and, this once, its address.
#[derive(Debug, Clone)]
pub struct Created {
    /// The feed.
    pub feed: Feed,
    /// Where calendar programs fetch it.
    pub address: SecretString,
}

impl Feeds {
    /// Makes a feed.
    pub async fn create(&self, caller: &Caller, new: NewFeed) -> Result<Created, PostError> {
        caller.may(Scope::PostsWrite)?;
        caller.may(Scope::PostsRead)?;
        self.visit(caller, new.workspace).await?;
        let name = tenancy::text::name("name", &new.name)
            .map_err(|wrong| PostError::Invalid(vec![Violation::new("/name", wrong.code, wrong.detail)]))?;
        let channels = new.channels.as_deref().unwrap_or_default();
        if self.calendar.store.zone(caller.organization, new.workspace, channels).await?.is_none() {
            let detail = "The workspace has no such channel.";
            return Err(PostError::Invalid(vec![Violation::new("/channels", "channel_unknown", detail)]));
        }
        let now = self.clock.now();
        let feed = Feed {
            id: random::new_id(self.random.as_ref(), now),
            organization: caller.organization,
            workspace: new.workspace,
            name,
            channels: new.channels,
            statuses: new.statuses,
            author: (&caller.actor).into(),
            created_at: now,
        };
        let secret = random::new_secret(self.random.as_ref(), PREFIX);
        self.store.insert(&feed, SecretHash::of(secret.expose_secret()), new.fence).await?;
        let address = format!("{}{}.ics", self.base, secret.expose_secret()).into();
        Ok(Created { feed, address })
    }

    /// The feeds of a workspace, in order of creation.
    pub async fn list(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        page: Page<id::Feed>,
    ) -> Result<Vec<Feed>, PostError> {
        caller.may(Scope::PostsRead)?;
        self.visit(caller, workspace).await?;
        self.store.list(caller.organization, workspace, page).await
    }

    /// Revokes a feed: its address leads nowhere from now on.
    pub async fn revoke(&self, caller: &Caller, id: FeedId) -> Result<(), PostError> {
        caller.may(Scope::PostsWrite)?;
        if self.store.delete(caller, id).await? { Ok(()) } else { Err(PostError::NotFound) }
    }

    /// A workspace out of reach does not exist.
    async fn visit(&self, caller: &Caller, workspace: WorkspaceId) -> Result<(), PostError> {
        let exists = caller.reaches(workspace)
            && self.calendar.store.zone(caller.organization, workspace, &[]).await?.is_some();
        if exists { Ok(()) } else { Err(PostError::NotFound) }
    }
}

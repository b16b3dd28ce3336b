//! Feeds: calendars behind a secret address, for programs that cannot send credentials. The address is shown once; the store
//! keeps a hash of its secret.

mod create;
mod follow;
pub mod store;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy::{Clock, OrganizationId, Random, WorkspaceId};
use url::Url;

pub use create::{Created, NewFeed};
pub use follow::{AHEAD, BACK, Followed};
pub use store::FeedStore;

use crate::{
    calendar::{Calendar, EntryStatus},
    id::{ChannelId, FeedId},
    post::Author,
};

/// A feed as its organization sees it: everything but the address.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Whose calendar.
    pub workspace: WorkspaceId,
    /// What it is for, in its maker's words.
    pub name: String,
    /// Only of these channels.
    pub channels: Option<Vec<ChannelId>>,
    /// Only with these statuses.
    pub statuses: Option<Vec<EntryStatus>>,
    /// Who made it. It works no longer than they, and the key that they used, do.
    pub author: Author,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The use cases of feeds.
#[derive(Clone)]
pub struct Feeds {
    /// Where feeds are kept.
    pub store: Arc<dyn FeedStore>,
    /// What they show.
    pub calendar: Calendar,
    /// Draws secrets.
    pub random: Arc<dyn Random>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where addresses begin: `https://postern.example/feeds/`.
    pub base: Url,
}

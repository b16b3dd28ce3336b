//! Feeds: calendars that calendar programs subscribe to.

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use publishing::{
    feed,
    id::{self, Channel},
};
use tenancy::id::{ApiKey, Person, Workspace};

use super::Chapter;
use crate::{
    answer::{Created, Done, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, Limit, Once, Page,
        permissions::{ReadPosts, WritePosts},
    },
    strict::StrictJson,
    value::{CalendarStatusName, Id, Instant, Secret},
};

/// Where feeds are.
const PLACE: &str = "/v1/feeds";

/// A feed, without its address.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Feed {
    /// The identifier.
    id: Id<id::Feed>,
    /// Whose calendar.
    workspace_id: Id<Workspace>,
    /// What it is for.
    name: String,
    /// Only of these channels; absent when of all.
    channels: Option<Vec<Id<Channel>>>,
    /// Only with these statuses; absent when with any.
    statuses: Option<Vec<CalendarStatusName>>,
    /// Who made it; it works while they are a member.
    created_by: Id<Person>,
    /// The API key it was made with, if it was; it works while the key does.
    api_key_id: Option<Id<ApiKey>>,
    /// When it was made.
    created_at: Instant,
}

impl From<feed::Feed> for Feed {
    fn from(feed: feed::Feed) -> Self {
        let statuses = feed.statuses.map(|words| words.into_iter().map(CalendarStatusName).collect());
        Self {
            id: feed.id.into(),
            workspace_id: feed.workspace.into(),
            name: feed.name,
            channels: feed.channels.map(|ids| ids.into_iter().map(Into::into).collect()),
            statuses,
            created_by: feed.author.person.into(),
            api_key_id: feed.author.api_key.map(Into::into),
            created_at: feed.created_at.into(),
        }
    }
}

/// A feed to be made.
#[derive(Object)]
struct NewFeed {
    /// What it is for; calendar programs show it as the calendar's name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// Only of these channels.
    #[oai(validator(min_items = 1, max_items = 50, unique_items))]
    channels: Option<Vec<Id<Channel>>>,
    /// Only with these statuses.
    #[oai(validator(min_items = 1, unique_items))]
    statuses: Option<Vec<CalendarStatusName>>,
}

/// A new feed and, this once, its address.
#[derive(Object)]
struct CreatedFeed {
    /// The feed as it will be listed.
    feed: Feed,
    /// Where calendar programs fetch it. Whoever has the address reads the calendar. It is shown this once.
    url: Secret,
}

/// Feeds.
pub struct FeedsResource {
    /// The use cases.
    pub feeds: feed::Feeds,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Calendar")]
impl FeedsResource {
    /// List the feeds of a workspace
    ///
    /// In order of creation, without their addresses.
    #[oai(path = "/workspaces/:workspace_id/feeds", method = "get", operation_id = "listFeeds")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        /// The workspace.
        workspace_id: Path<Id<Workspace>>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<Feed>>> {
        let list = self.cursors.list("feeds", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let rows = self.feeds.list(&caller, workspace_id.0.0, part).await?;
        Ok(Found::plain(list.page(rows, |one| one.id)?))
    }

    /// Make a feed
    ///
    /// A calendar of the last 30 and the next 180 days behind a secret address, for programs that cannot send credentials. It
    /// hands on what the scope `posts:read` allows, so its maker needs that one too. The address is in this answer and nowhere
    /// else. The answer is not kept for replays: the same `Idempotency-Key` gets a 409 with `idempotency_secret_gone` and the
    /// place of the feed that was made.
    #[oai(path = "/workspaces/:workspace_id/feeds", method = "post", operation_id = "createFeed")]
    async fn create(
        &self,
        caller: Access<WritePosts>,
        /// The workspace.
        workspace_id: Path<Id<Workspace>>,
        idempotency_key: Once,
        body: StrictJson<NewFeed>,
    ) -> Answer<Created<CreatedFeed>> {
        let StrictJson(body) = body;
        let new = feed::NewFeed {
            workspace: workspace_id.0.0,
            name: body.name,
            channels: body.channels.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            statuses: body.statuses.map(|words| words.into_iter().map(|word| word.0).collect()),
            fence: idempotency_key.with_secret::<id::Feed>(PLACE)?,
        };
        let made = self.feeds.create(&caller, new).await?;
        let place = format!("{PLACE}/{}", made.feed.id);
        let view = CreatedFeed { feed: made.feed.into(), url: made.address.into() };
        Ok(Created::at(place, view).shown_once())
    }

    /// Revoke a feed
    ///
    /// Its address leads nowhere from now on.
    #[oai(path = "/feeds/:id", method = "delete", operation_id = "revokeFeed")]
    async fn revoke(&self, caller: Access<WritePosts>, id: Path<Id<id::Feed>>) -> Answer<Done> {
        self.feeds.revoke(&caller, id.0.0).await?;
        Ok(Done)
    }
}

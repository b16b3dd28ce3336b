//! The API put together.

use std::sync::Arc;

use poem::{Endpoint, Response};
use publishing::{
    calendar::Calendar,
    connection::Connections,
    event::Events,
    feed::Feeds,
    import::Imports,
    media::{Media, links::MediaLinks},
    post::Posts,
    posting::Posting,
    series::Recurrence,
};
use serde_json::Value;
use tenancy::{Accounts, ApiKeys, Organizations, Sessions};

use crate::{
    document::Document,
    publish::publish,
    request::{Authenticate, ClientAddress, Cursors, Gate, idempotency::IdempotencyStore},
    resource::{
        ApiKeysResource, BestTimesResource, BulkResource, CALLBACK, CalendarResource, Callback,
        ChannelsResource, ConnectionsResource, EventsResource, FEED_FILE, FeedFile, FeedsResource,
        HealthResource, ImportsResource, MEDIA_FILE, MeResource, MediaFile, MediaResource,
        OrganizationResource, PlatformsResource, PostingSchedulesResource, PostsResource,
        PublicationsResource, QueuesResource, Readiness, RegistrationsResource, SeriesResource,
        SessionsResource, WorkspacesResource,
    },
    traffic::{Frame, Intake, Origins, Pseudonyms, Quota, Quotas, frame},
};

/// Every resource. Tuples of tuples: the framework's go up to sixteen.
pub type Resources = (
    HealthResource,
    (RegistrationsResource, SessionsResource, MeResource),
    (OrganizationResource, WorkspacesResource, ApiKeysResource),
    (PlatformsResource, ConnectionsResource, ChannelsResource),
    (MediaResource, PostsResource, PublicationsResource),
    (PostingSchedulesResource, QueuesResource, BestTimesResource),
    (CalendarResource, FeedsResource, EventsResource),
    (BulkResource, ImportsResource),
    SeriesResource,
);

/// What the API calls.
#[derive(Clone)]
pub struct UseCases {
    /// Signing up.
    pub accounts: Accounts,
    /// Signing in.
    pub sessions: Sessions,
    /// Organizations and workspaces.
    pub organizations: Organizations,
    /// API keys.
    pub api_keys: ApiKeys,
    /// Connections and channels.
    pub connections: Connections,
    /// Pictures and videos.
    pub media: Arc<Media>,
    /// Makes the public addresses of media.
    pub media_links: Arc<dyn MediaLinks>,
    /// Posts and publications.
    pub posts: Arc<Posts>,
    /// What is due when.
    pub calendar: Calendar,
    /// Calendars that others subscribe to.
    pub feeds: Feeds,
    /// What happened.
    pub events: Events,
    /// Files of posts.
    pub imports: Arc<Imports>,
    /// Series of posts.
    pub series: Arc<Recurrence>,
    /// Posting schedules and queues.
    pub posting: Arc<Posting>,
    /// Resolves bearer tokens.
    pub authenticate: Arc<dyn Authenticate>,
    /// Keeps idempotency keys.
    pub idempotency: Arc<dyn IdempotencyStore>,
    /// Knows whether the process is ready.
    pub readiness: Arc<dyn Readiness>,
}

/// The settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The origins browsers may call from, for every caller.
    pub origins: Origins,
    /// How the address of a client is found. With a trusted proxy the API believes that TLS ends there.
    pub client: ClientAddress,
    /// What a body may take.
    pub intake: Intake,
    /// The quota of each caller.
    pub caller_quota: Quota,
    /// The quota of each address whose caller is not known.
    pub address_quota: Quota,
    /// Seals positions in lists.
    pub cursors: Cursors,
    /// Turns callers into pseudonyms for the log.
    pub pseudonyms: Pseudonyms,
    /// The public keys of access tokens: a JSON Web Key Set.
    pub key_set: Value,
}

/// The published document.
pub fn document() -> Document {
    Document::of::<Resources>()
}

impl Settings {
    /// What the guard of every operation asks.
    pub fn gate(&self, authenticate: Arc<dyn Authenticate>, idempotency: Arc<dyn IdempotencyStore>) -> Gate {
        let quotas = Arc::new(Quotas::new(self.caller_quota, self.address_quota));
        Gate { authenticate, idempotency, quotas, origins: self.origins.clone() }
    }

    /// What the outermost layer needs.
    pub fn frame(&self, authenticate: Arc<dyn Authenticate>) -> Frame {
        let (origins, pseudonyms) = (self.origins.clone(), self.pseudonyms.clone());
        Frame { intake: self.intake, origins, authenticate, client: self.client, pseudonyms }
    }
}

/// The whole API, to be given to [`crate::traffic::serve`].
pub fn api(use_cases: UseCases, settings: Settings) -> impl Endpoint<Output = Response> + 'static {
    let gate = settings.gate(Arc::clone(&use_cases.authenticate), Arc::clone(&use_cases.idempotency));
    let outermost = settings.frame(Arc::clone(&use_cases.authenticate));
    let callback = Callback { connections: use_cases.connections.clone(), quotas: Arc::clone(&gate.quotas) };
    let file = MediaFile { media: Arc::clone(&use_cases.media), quotas: Arc::clone(&gate.quotas) };
    let feed = FeedFile { feeds: use_cases.feeds.clone(), quotas: Arc::clone(&gate.quotas) };
    let routes = publish(resources(use_cases, settings), gate).at(CALLBACK, callback).at(MEDIA_FILE, file);
    let routes = routes.at(FEED_FILE, feed);
    frame(outermost, routes)
}

fn resources(use_cases: UseCases, settings: Settings) -> Resources {
    let UseCases { accounts, sessions, organizations, api_keys, connections, readiness, .. } = use_cases;
    let (media, links, posts) = (use_cases.media, use_cases.media_links, use_cases.posts);
    let (calendar, feeds, events) = (use_cases.calendar, use_cases.feeds, use_cases.events);
    let (posting, imports) = (use_cases.posting, use_cases.imports);
    let cursors = settings.cursors;
    (
        HealthResource { readiness, key_set: settings.key_set },
        (
            RegistrationsResource { accounts: accounts.clone() },
            SessionsResource { sessions },
            MeResource { accounts },
        ),
        (
            OrganizationResource { organizations: organizations.clone() },
            WorkspacesResource { organizations, cursors: cursors.clone() },
            ApiKeysResource { api_keys, cursors: cursors.clone() },
        ),
        (
            PlatformsResource,
            ConnectionsResource { connections: connections.clone(), cursors: cursors.clone() },
            ChannelsResource { connections, cursors: cursors.clone() },
        ),
        (
            MediaResource { media, links, cursors: cursors.clone() },
            PostsResource { posts: posts.clone(), cursors: cursors.clone() },
            PublicationsResource { posts: posts.clone(), cursors: cursors.clone() },
        ),
        (
            PostingSchedulesResource { posting: posting.clone() },
            QueuesResource { posts: posts.clone(), posting: posting.clone(), cursors: cursors.clone() },
            BestTimesResource { posting },
        ),
        (
            CalendarResource { calendar, cursors: cursors.clone() },
            FeedsResource { feeds, cursors: cursors.clone() },
            EventsResource { events, cursors: cursors.clone() },
        ),
        (BulkResource { posts }, ImportsResource { imports, cursors: cursors.clone() }),
        SeriesResource { series: use_cases.series, cursors },
    )
}

//! The API put together.

use std::sync::Arc;

use bytes::Bytes;
use poem::{Endpoint, Response, Route, RouteMethod, endpoint::make_sync, get, http::header};
use poem_openapi::OpenApiService;
use publishing::{connection::Connections, post::Posts};
use serde_json::Value;
use tenancy::{Accounts, ApiKeys, Organizations, Sessions};

use crate::{
    document::{Document, TITLE, docs},
    problem::explanations,
    request::{Authenticate, ClientAddress, Cursors, Gate, Guarded, idempotency::IdempotencyStore},
    resource::{
        ApiKeysResource, CALLBACK, Callback, ChannelsResource, ConnectionsResource, HealthResource,
        MeResource, OrganizationResource, PlatformsResource, PostsResource, PublicationsResource, Readiness,
        RegistrationsResource, SessionsResource, WorkspacesResource,
    },
    traffic::{Frame, Intake, Origins, Pseudonyms, Quota, Quotas, frame},
};

/// Every resource. Tuples of tuples: the framework's go up to sixteen.
type Resources = (
    HealthResource,
    (RegistrationsResource, SessionsResource, MeResource),
    (OrganizationResource, WorkspacesResource, ApiKeysResource),
    (PlatformsResource, ConnectionsResource, ChannelsResource),
    (PostsResource, PublicationsResource),
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
    /// Posts and publications.
    pub posts: Arc<Posts>,
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

/// The whole API, to be given to [`crate::traffic::serve`].
pub fn api(use_cases: UseCases, settings: Settings) -> impl Endpoint<Output = Response> + 'static {
    let document = Arc::new(document());
    let quotas = Arc::new(Quotas::new(settings.caller_quota, settings.address_quota));
    let (authenticate, idempotency) =
        (Arc::clone(&use_cases.authenticate), Arc::clone(&use_cases.idempotency));
    let origins = settings.origins.clone();
    let gate = Gate {
        authenticate: Arc::clone(&authenticate),
        idempotency,
        quotas: Arc::clone(&quotas),
        origins: origins.clone(),
    };
    let callback = Callback { connections: use_cases.connections.clone(), quotas };
    let (client, intake, pseudonyms) = (settings.client, settings.intake, settings.pseudonyms.clone());
    let json = document.json().to_string();
    let yaml = document.yaml();
    let guarded = Guarded { api: resources(use_cases, settings), document, gate };
    let routes = Route::new()
        .nest("/docs", docs())
        .at("/problems/:code", get(explanations()))
        .at("/openapi.json", text("application/json", json))
        .at("/openapi.yaml", text("application/yaml", yaml))
        .at(CALLBACK, callback)
        .nest_no_strip("/", OpenApiService::new(guarded, TITLE, env!("CARGO_PKG_VERSION")));
    frame(Frame { intake, origins, authenticate, client, pseudonyms }, routes)
}

fn resources(use_cases: UseCases, settings: Settings) -> Resources {
    let UseCases { accounts, sessions, organizations, api_keys, connections, posts, readiness, .. } =
        use_cases;
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
            PostsResource { posts: posts.clone(), cursors: cursors.clone() },
            PublicationsResource { posts, cursors },
        ),
    )
}

fn text(kind: &'static str, text: String) -> RouteMethod {
    let text = Bytes::from(text);
    get(make_sync(move |_| {
        Response::builder().content_type(kind).header(header::CACHE_CONTROL, "no-cache").body(text.clone())
    }))
}

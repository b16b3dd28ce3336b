//! An API around a world in memory.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use api::{
    Settings,
    document::Document,
    publish,
    request::{ClientAddress, Cursors, Tokens},
    resource::{
        ApiKeysResource, CALLBACK, Callback, ChannelsResource, ConnectionsResource, HealthResource,
        MeResource, OrganizationResource, PlatformsResource, Readiness, RegistrationsResource,
        SessionsResource, WorkspacesResource,
    },
    traffic::{Intake, Origins, Pseudonyms, Quota, frame},
};
use async_trait::async_trait;
use poem::{
    EndpointExt,
    endpoint::BoxEndpoint,
    http::{Method, StatusCode},
    test::{TestClient, TestResponse},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};
use publishing::connection::Connections;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tenancy::{
    Authenticator, Client, Scope,
    session::TokenSigner,
    testing::{PASSWORD, World, grant, registration, sign_in},
};

use crate::grants;

/// The document of these tests.
pub(crate) fn document() -> Document {
    Document::of::<Resources>()
}

type Resources = (
    HealthResource,
    (RegistrationsResource, SessionsResource, MeResource),
    (OrganizationResource, WorkspacesResource, ApiKeysResource),
    (PlatformsResource, ConnectionsResource, ChannelsResource),
);

/// An endpoint that many clients share.
pub(crate) type Shared = Arc<BoxEndpoint<'static>>;

/// Everything a test needs to call.
pub(crate) struct Api {
    pub(crate) world: World,
    pub(crate) settings: Settings,
    /// Checks access tokens instead of the world's own signer.
    pub(crate) signer: Option<Arc<dyn TokenSigner>>,
    /// Connections over a platform that always agrees.
    pub(crate) connections: Connections,
    pub(crate) is_stubbed: bool,
    pub(crate) endpoint: OnceLock<Shared>,
}

pub(crate) fn quota(requests: u32) -> Quota {
    Quota { requests, window: Duration::from_mins(1) }
}

impl Api {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            origins: Origins::new(["https://app.example".to_owned()]),
            client: ClientAddress::Peer,
            intake: Intake::default(),
            caller_quota: quota(10_000),
            address_quota: quota(10_000),
            cursors: Cursors::new(&[1; 32]),
            pseudonyms: Pseudonyms::new(&[2; 32]),
            key_set: json!({"keys": [{"kty": "OKP"}]}),
        };
        let world = World::new();
        let connections = grants::connections(&world);
        Self { world, settings, signer: None, connections, is_stubbed: false, endpoint: OnceLock::new() }
    }

    /// The endpoint; the settings are fixed when it is first asked for.
    pub(crate) fn endpoint(&self) -> Shared {
        Arc::clone(self.endpoint.get_or_init(|| Arc::new(self.build())))
    }

    fn build(&self) -> BoxEndpoint<'static> {
        let world = &self.world;
        let signer = self.signer.clone().unwrap_or_else(|| world.signer.clone());
        let authenticator = Authenticator { signer, ..world.authenticator() };
        let authenticate = Arc::new(Tokens { authenticator, api_keys: world.api_keys() });
        let gate = self.settings.gate(authenticate.clone(), world.store.keys.clone());
        let callback = Callback { connections: self.connections.clone(), quotas: Arc::clone(&gate.quotas) };
        let routes = if self.is_stubbed { publish(Stubs, gate) } else { publish(self.resources(), gate) };
        frame(self.settings.frame(authenticate), routes.at(CALLBACK, callback)).boxed()
    }

    /// Every operation of the whole document, with handlers that do nothing: for what happens before them.
    pub(crate) fn of_every_operation() -> Self {
        Self { is_stubbed: true, ..Self::new() }
    }

    /// The resources of tenancy and of connections: enough to try what all have in common.
    fn resources(&self) -> Resources {
        let (world, cursors) = (&self.world, &self.settings.cursors);
        let accounts = (
            RegistrationsResource { accounts: world.accounts() },
            SessionsResource { sessions: world.sessions() },
            MeResource { accounts: world.accounts() },
        );
        let organization = (
            OrganizationResource { organizations: world.organizations() },
            WorkspacesResource { organizations: world.organizations(), cursors: cursors.clone() },
            ApiKeysResource { api_keys: world.api_keys(), cursors: cursors.clone() },
        );
        let key_set = self.settings.key_set.clone();
        let connections = self.connections.clone();
        let channels = (
            PlatformsResource,
            ConnectionsResource { connections: connections.clone(), cursors: cursors.clone() },
            ChannelsResource { connections, cursors: cursors.clone() },
        );
        (HealthResource { readiness: Arc::new(Ready), key_set }, accounts, organization, channels)
    }

    pub(crate) fn client(&self) -> TestClient<Shared> {
        TestClient::new(self.endpoint())
    }

    /// The access token of somebody who registered and signed in.
    pub(crate) async fn member(&self, mail: &str) -> String {
        self.world.accounts().register(registration(mail), &Client::default()).await.unwrap();
        let tokens = self.world.sessions().sign_in(sign_in(mail), &Client::default()).await.unwrap();
        tokens.access.expose_secret().to_owned()
    }

    /// An API key that somebody granted.
    pub(crate) async fn key(&self, member: &str, scopes: &[Scope], origins: &[&str]) -> String {
        let caller = self.world.authenticator().authenticate(member).await.unwrap().caller;
        let wanted = tenancy::api_key::Grant {
            origins: origins.iter().map(ToString::to_string).collect(),
            ..grant(scopes.iter().copied())
        };
        self.world.api_keys().grant(&caller, wanted).await.unwrap().secret.expose_secret().to_owned()
    }

    /// Sends one request and reads the answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answered {
        let client = self.client();
        let mut request = client.request(method, path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request.content_type("application/json").body(body.to_string());
        }
        Answered::read(request.send().await).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answered {
        self.send(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answered {
        self.send(Method::POST, path, token, Some(body)).await
    }
}

pub(crate) fn registering(mail: &str) -> Value {
    json!({"mail": mail, "password": PASSWORD, "organization_name": "Engines", "is_of_age": true,
           "acknowledged_notice": "2026-01"})
}

/// An answer that was read.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
}

impl Answered {
    pub(crate) async fn read(response: TestResponse) -> Self {
        let response = response.0;
        let text = |value: &poem::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let status = response.status().as_u16();
        let bytes = response.into_body().into_vec().await.unwrap();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    /// The code of a complete problem.
    pub(crate) fn code(&self) -> &str {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.body);
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].as_str());
        assert_eq!(self.body["type"], format!("/problems/{}", self.body["code"].as_str().unwrap()));
        self.body["code"].as_str().unwrap()
    }

    /// The violations as `in pointer code`.
    pub(crate) fn violations(&self) -> Vec<String> {
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        let all = self.body["violations"].as_array().unwrap().iter();
        all.map(|one| format!("{} {} {}", text(one, "in"), text(one, "pointer"), text(one, "code"))).collect()
    }
}

/// The operations of [`api::Resources`], doing nothing.
struct Stubs;

impl OpenApi for Stubs {
    fn meta() -> Vec<MetaApi> {
        api::Resources::meta()
    }

    fn register(registry: &mut Registry) {
        api::Resources::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        for (path, method, _) in api::document().operations() {
            let mut parameters = 0..;
            let steps = path.split('/').map(|step| match step.strip_prefix('{') {
                Some(_) => format!(":param{}", parameters.next().unwrap()),
                None => step.to_owned(),
            });
            let route = table.entry(steps.collect::<Vec<_>>().join("/")).or_default();
            let stub = poem::endpoint::make_sync(|_| StatusCode::NO_CONTENT).map_to_response();
            route.insert(method.to_uppercase().parse().unwrap(), stub.boxed());
        }
    }
}

struct Ready;

#[async_trait]
impl Readiness for Ready {
    async fn is_ready(&self) -> bool {
        true
    }
}

//! An API around a world in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{
    Settings, UseCases,
    request::{
        ClientAddress, Cursors, Tokens,
        idempotency::{Claim, Claimed, IdempotencyStore, Kept, Unavailable},
    },
    resource::Readiness,
    traffic::{Intake, Origins, Pseudonyms, Quota},
};
use async_trait::async_trait;
use poem::{
    Endpoint, Response,
    http::Method,
    test::{TestClient, TestResponse},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tenancy::{
    Authenticator, Client, Scope,
    session::TokenSigner,
    testing::{PASSWORD, World, grant, registration, sign_in},
};

/// Everything a test needs to call.
pub(crate) struct Api {
    pub(crate) world: World,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) settings: Settings,
    /// Checks access tokens instead of the world's own signer.
    pub(crate) signer: Option<Arc<dyn TokenSigner>>,
}

pub(crate) fn quota(requests: u32) -> Quota {
    Quota { requests, window: Duration::from_secs(60) }
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
        Self { world: World::new(), keys: Arc::default(), settings, signer: None }
    }

    pub(crate) fn endpoint(&self) -> impl Endpoint<Output = Response> + 'static {
        let world = &self.world;
        let signer = self.signer.clone().unwrap_or_else(|| world.signer.clone());
        let authenticator = Authenticator { signer, ..world.authenticator() };
        let use_cases = UseCases {
            accounts: world.accounts(),
            sessions: world.sessions(),
            organizations: world.organizations(),
            api_keys: world.api_keys(),
            authenticate: Arc::new(Tokens { authenticator, api_keys: world.api_keys() }),
            idempotency: self.keys.clone(),
            readiness: Arc::new(Ready),
        };
        api::api(use_cases, self.settings.clone())
    }

    pub(crate) fn client(&self) -> TestClient<impl Endpoint<Output = Response> + 'static> {
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

struct Ready;

#[async_trait]
impl Readiness for Ready {
    async fn is_ready(&self) -> bool {
        true
    }
}

type Taken = HashMap<(String, [u8; 32], uuid::Uuid), (Claim, Option<Kept>)>;

/// Idempotency keys in memory.
#[derive(Default)]
pub(crate) struct MemoryKeys(Mutex<Taken>);

fn place(claim: &Claim) -> (String, [u8; 32], uuid::Uuid) {
    (format!("{} {}", claim.organization, claim.operation), claim.key, claim.actor)
}

#[async_trait]
impl IdempotencyStore for MemoryKeys {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        let mut taken = self.0.lock().unwrap();
        Ok(match taken.get(&place(claim)) {
            Some((other, _)) if other.body != claim.body => Claimed::AnotherBody,
            Some((_, Some(kept))) => Claimed::Before(kept.clone()),
            Some((_, None)) => Claimed::InFlight,
            None => {
                taken.insert(place(claim), (claim.clone(), None));
                Claimed::First
            }
        })
    }

    async fn keep(&self, claim: &Claim, answer: &Kept) -> Result<(), Unavailable> {
        self.0.lock().unwrap().insert(place(claim), (claim.clone(), Some(answer.clone())));
        Ok(())
    }

    async fn release(&self, claim: &Claim) -> Result<(), Unavailable> {
        self.0.lock().unwrap().remove(&place(claim));
        Ok(())
    }
}

//! Connecting as a front end does it.

use std::{ops::Deref, sync::Arc};

use api::{
    publish,
    request::Tokens,
    resource::{
        CALLBACK, Callback, ChannelsResource, ConnectionsResource, PlatformsResource, WorkspacesResource,
    },
    traffic::frame,
};
use poem::{EndpointExt, Response, endpoint::BoxEndpoint, http::Method, test::TestClient};
use serde_json::{Value, json};
use tenancy::Scope;

use crate::{
    grants,
    support::{Answered, Api},
};

/// The resources of connections, with the world of the others.
struct Desk {
    api: Api,
    client: TestClient<BoxEndpoint<'static, Response>>,
}

impl Deref for Desk {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Desk {
    fn new() -> Self {
        let api = Api::new();
        let (world, settings) = (&api.world, &api.settings);
        let authenticate =
            Arc::new(Tokens { authenticator: world.authenticator(), api_keys: world.api_keys() });
        let gate = settings.gate(authenticate.clone(), api.keys.clone());
        let (connections, cursors) = (grants::connections(world), &settings.cursors);
        let callback = Callback { connections: connections.clone(), quotas: gate.quotas.clone() };
        let resources = (
            WorkspacesResource { organizations: world.organizations(), cursors: cursors.clone() },
            PlatformsResource,
            ConnectionsResource { connections: connections.clone(), cursors: cursors.clone() },
            ChannelsResource { connections, cursors: cursors.clone() },
        );
        let routes = publish(resources, gate).at(CALLBACK, callback);
        let client = TestClient::new(frame(settings.frame(authenticate), routes).boxed());
        Self { api, client }
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Answered {
        let mut request = self.client.request(method, path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(body) = body {
            request = request.content_type("application/json").body(body.to_string());
        }
        Answered::read(request.send().await).await
    }

    async fn get(&self, path: &str, token: &str) -> Answered {
        self.send(Method::GET, path, token, None).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Answered {
        self.send(Method::POST, path, token, Some(body)).await
    }
}

async fn workspace(api: &Desk, token: &str) -> Value {
    api.get("/v1/workspaces", token).await.body["data"][0]["id"].clone()
}

async fn begin(api: &Desk, token: &str, return_url: Option<&str>) -> Value {
    let mut body = json!({"workspace_id": workspace(api, token).await, "provider": "meta"});
    if let Some(url) = return_url {
        body["return_url"] = url.into();
    }
    let begun = api.post("/v1/connections", token, body).await;
    assert_eq!((begun.status, &begun.body["state"]), (201, &json!("awaiting_person")), "{}", begun.body);
    begun.body
}

fn parameter(url: &str, name: &str) -> String {
    let url: url::Url = url.parse().unwrap();
    url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

/// The browser comes back from the platform.
async fn back(api: &Desk, begun: &Value, outcome: &str) -> (Answered, String) {
    let state = parameter(begun["authorize_url"].as_str().unwrap(), "state");
    let answer = api.client.get(format!("/v1/connections/callback?{outcome}&state={state}")).send().await;
    let (parts, body) = answer.0.into_parts();
    let text = body.into_string().await.unwrap();
    let header = |(name, value): (&poem::http::HeaderName, &poem::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = parts.headers.iter().map(header).collect();
    let body = serde_json::from_str(&text).unwrap_or_default();
    (Answered { status: parts.status.as_u16(), headers, body }, text)
}

#[tokio::test]
async fn a_front_end_connects_a_page_looks_at_its_health_and_disconnects_it() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, Some("https://app.example/back")).await;
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    let (redirect, _) = back(&api, &begun, "code=c&granted_scopes=x").await;
    assert_eq!(redirect.status, 303);
    let code = parameter(&redirect.headers["location"], "completion");
    assert_eq!(api.get(&path, &token).await.body["state"], "awaiting_completion");
    let completed = api.post(&format!("{path}/complete"), &token, json!({"completion_code": code})).await;
    assert_eq!(completed.body["candidates"][0]["name"], "Harbour Coffee");
    assert_eq!(api.get(&path, &token).await.body["candidates"], completed.body["candidates"]);
    let choice = json!({"candidates": [{"platform": "facebook", "remote_id": "101"}]});
    let chosen = api.post(&format!("{path}/channels"), &token, choice).await;
    let channel = &chosen.body["channels"][0];
    assert_eq!((chosen.status, &channel["state"]), (200, &json!("connected")));
    assert_eq!(channel["health"]["missing_scopes"], json!(["pages_read_engagement", "pages_manage_posts"]));
    assert_eq!(channel["health"]["problems"][0]["code"], "permission_missing");
    assert_eq!(channel["health"]["can_publish"], false);
    let channel_path = format!("/v1/channels/{}", channel["id"].as_str().unwrap());
    assert_eq!(&api.get(&channel_path, &token).await.body, channel);
    assert_eq!(
        &api.get("/v1/channels?state=connected&platform=facebook", &token).await.body["data"][0],
        channel
    );
    assert_eq!(api.get("/v1/channels?state=lost", &token).await.code(), "invalid_parameters");
    assert_eq!(api.send(Method::DELETE, &channel_path, &token, None).await.status, 204);
    assert_eq!(api.get(&path, &token).await.body["state"], "disconnected");
    assert_eq!(api.send(Method::DELETE, &path, &token, None).await.status, 204);
}

#[tokio::test]
async fn without_a_return_address_the_browser_shows_the_code_on_a_page_without_scripts() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, None).await;
    let (answer, page) = back(&api, &begun, "code=c").await;
    assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "text/html; charset=utf-8"));
    assert!(answer.headers["content-security-policy"].starts_with("default-src 'none'"));
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(!page.contains("<script"));
    let code = page.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
    let path = format!("/v1/connections/{}/complete", begun["id"].as_str().unwrap());
    let wrong = api.post(&path, &token, json!({"completion_code": "guessed"})).await;
    assert_eq!(wrong.violations(), ["body /completion_code completion_code_wrong"]);
    assert_eq!(api.post(&path, &token, json!({"completion_code": code})).await.status, 200);
    assert_eq!(api.post(&path, &token, json!({"completion_code": code})).await.code(), "conflict");
}

#[tokio::test]
async fn a_person_who_says_no_a_used_state_and_a_made_up_one_lead_nowhere() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, Some("https://app.example/")).await;
    let (denied, _) = back(&api, &begun, "error=access_denied&error_reason=user_denied").await;
    assert_eq!(parameter(&denied.headers["location"], "error"), "access_denied");
    let (again, _) = back(&api, &begun, "code=c").await;
    assert_eq!((again.status, again.code()), (400, "invalid_parameters"));
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    let failed = api.get(&path, &token).await.body;
    assert_eq!((&failed["state"], &failed["failure"]["code"]), (&json!("failed"), &json!("access_denied")));
    assert_eq!(api.get("/v1/connections/callback", "").await.code(), "invalid_parameters");
    assert_eq!(api.post("/v1/connections/callback", "", json!({})).await.code(), "method_not_allowed");
}

#[tokio::test]
async fn the_browser_is_sent_to_the_origins_of_the_deployment_and_of_the_callers_key_only() {
    let api = Desk::new();
    let member = api.member("ada@example.org").await;
    let wanted = |workspace: Value, url: &str| json!({"workspace_id": workspace, "provider": "meta", "return_url": url});
    let id = workspace(&api, &member).await;
    let refused = api.post("/v1/connections", &member, wanted(id.clone(), "https://tool.example/")).await;
    assert_eq!(refused.violations(), ["body /return_url return_url_not_allowed"]);
    let refused = api.post("/v1/connections", &member, wanted(id.clone(), "not a url")).await;
    assert_eq!(refused.violations(), ["body /return_url wrong_pattern", "body /return_url wrong_format"]);
    let key = api.key(&member, &[Scope::ChannelsWrite], &["https://tool.example"]).await;
    assert_eq!(api.post("/v1/connections", &key, wanted(id, "https://tool.example/")).await.status, 201);
}

#[tokio::test]
async fn another_tenants_connections_do_not_exist() {
    let api = Desk::new();
    let (ada, eve) = (api.member("ada@example.org").await, api.member("eve@example.org").await);
    let begun = begin(&api, &ada, None).await;
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    assert_eq!(api.get(&path, &eve).await.code(), "not_found");
    assert_eq!(api.send(Method::DELETE, &path, &eve, None).await.code(), "not_found");
    assert_eq!(api.post(&format!("{path}/reconnect"), &eve, json!({})).await.code(), "not_found");
    assert_eq!(api.get("/v1/connections", &eve).await.body["data"], json!([]));
    assert_eq!(api.get("/v1/connections", &ada).await.body["data"][0]["id"], begun["id"]);
}

#[tokio::test]
async fn what_a_platform_accepts_is_served_as_data() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let platforms = api.get("/v1/platforms", &token).await.body;
    assert_eq!(platforms["data"][1]["platform"], "instagram");
    assert_eq!(platforms["data"][1]["max_caption"], 2_200);
    assert_eq!(platforms["data"][1]["pictures"]["content_types"], json!(["image/jpeg"]));
}

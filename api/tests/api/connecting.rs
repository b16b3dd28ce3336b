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
use poem::{
    EndpointExt, Response,
    endpoint::BoxEndpoint,
    http::Method,
    test::{TestClient, TestRequestBuilder},
};
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
        let gate = settings.gate(authenticate.clone(), api.world.store.keys.clone());
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

/// What a browser shows or does.
struct Shown {
    answer: Answered,
    text: String,
}

impl Shown {
    fn nonce(&self) -> String {
        let rest = self.text.split_once("name=\"nonce\" value=\"").expect("the page asks").1;
        rest.split_once('"').unwrap().0.to_owned()
    }

    fn code(&self) -> String {
        let rest = self.text.split_once("<code>").expect("the page shows a code").1;
        rest.split_once("</code>").unwrap().0.to_owned()
    }
}

async fn browse(request: TestRequestBuilder<'_, BoxEndpoint<'static, Response>>) -> Shown {
    let (parts, body) = request.header("accept", "text/html,*/*;q=0.8").send().await.0.into_parts();
    let text = body.into_string().await.unwrap();
    let header = |(name, value): (&poem::http::HeaderName, &poem::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let headers = parts.headers.iter().map(header).collect();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Shown { answer: Answered { status: parts.status.as_u16(), headers, body }, text }
}

/// The browser comes back from the platform.
async fn back(api: &Desk, begun: &Value, outcome: &str) -> Shown {
    let state = parameter(begun["authorize_url"].as_str().unwrap(), "state");
    browse(api.client.get(format!("{CALLBACK}?{outcome}&state={state}"))).await
}

/// The person presses a button of the page.
async fn press(api: &Desk, nonce: &str, decision: &str) -> Shown {
    let form = format!("nonce={nonce}&decision={decision}");
    let request = api.client.post(CALLBACK).content_type("application/x-www-form-urlencoded").body(form);
    browse(request.header("sec-fetch-site", "same-origin").header("origin", "null")).await
}

#[tokio::test]
async fn a_front_end_connects_a_page_looks_at_its_health_and_disconnects_it() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, Some("https://app.example/back")).await;
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    let redirect = back(&api, &begun, "code=c&granted_scopes=x").await.answer;
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
async fn without_a_return_address_the_person_is_asked_and_then_shown_the_code() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, None).await;
    let asked = back(&api, &begun, "code=c").await;
    assert!(!asked.text.contains("<code>"), "no code without a word");
    let shown = press(&api, &asked.nonce(), "continue").await;
    for page in [&asked, &shown] {
        let headers = &page.answer.headers;
        assert_eq!((page.answer.status, headers["content-type"].as_str()), (200, "text/html; charset=utf-8"));
        let policy = &headers["content-security-policy"];
        assert!(
            policy.starts_with("default-src 'none'") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(
            (headers["referrer-policy"].as_str(), headers["cache-control"].as_str()),
            ("no-referrer", "no-store")
        );
        assert_eq!(
            (headers["x-frame-options"].as_str(), headers["cross-origin-opener-policy"].as_str()),
            ("DENY", "same-origin")
        );
        assert!(!headers.contains_key("set-cookie") && !page.text.contains("<script"));
    }
    assert!(shown.text.contains("13 minutes"), "{}", shown.text);
    let code = shown.code();
    let path = format!("/v1/connections/{}/complete", begun["id"].as_str().unwrap());
    let wrong = api.post(&path, &token, json!({"completion_code": "guessed"})).await;
    assert_eq!(wrong.violations(), ["body /completion_code completion_code_wrong"]);
    assert_eq!(api.post(&path, &token, json!({"completion_code": code})).await.status, 200);
    assert_eq!(api.post(&path, &token, json!({"completion_code": code})).await.code(), "conflict");
}

/// A login that a key began, whose way back the key brought itself.
async fn delegated(api: &Desk) -> (String, Value) {
    let member = api.member("mallory@example.org").await;
    let scopes = [Scope::ChannelsRead, Scope::ChannelsWrite];
    let key = api.key(&member, &scopes, &["https://tool.example"]).await;
    let wanted = json!({"workspace_id": workspace(api, &member).await, "provider": "meta", "return_url": "https://tool.example/take"});
    let begun = api.post("/v1/connections", &key, wanted).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    (key, begun.body)
}

#[tokio::test]
async fn a_login_that_is_sent_to_somebody_else_yields_its_sender_nothing_until_that_person_agrees_to_the_sender()
 {
    let api = Desk::new();
    let (key, begun) = delegated(&api).await;
    let asked = back(&api, &begun, "code=c").await;
    assert_eq!(asked.answer.status, 200, "nobody is sent to the sender's page");
    assert!(asked.text.contains("&lt;/strong&gt;&lt;form action=//evil.example&gt;"), "{}", asked.text);
    assert!(asked.text.contains("Harbour Coffee") && asked.text.contains("https://tool.example</strong>"));
    let policy = &asked.answer.headers["content-security-policy"];
    assert!(policy.contains("form-action 'self' https://tool.example;"), "{policy}");
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    assert_eq!(api.get(&path, &key).await.body["state"], "awaiting_person");
    for guess in ["guessed", &asked.nonce()] {
        let early = api.post(&format!("{path}/complete"), &key, json!({"completion_code": guess})).await;
        assert_eq!(early.code(), "conflict");
    }
    let declined = press(&api, &asked.nonce(), "decline").await;
    assert_eq!(declined.answer.status, 200, "nobody is sent to the sender's page after a no either");
    assert!(declined.text.contains("Nothing was connected"), "{}", declined.text);
    let failed = api.get(&path, &key).await.body;
    assert_eq!((&failed["state"], &failed["failure"]["code"]), (&json!("failed"), &json!("declined")));
    assert!(press(&api, &asked.nonce(), "continue").await.text.contains("login_used"));
}

#[tokio::test]
async fn who_agrees_to_the_asker_is_sent_on_with_the_code_once() {
    let api = Desk::new();
    let (key, begun) = delegated(&api).await;
    let nonce = back(&api, &begun, "code=c").await.nonce();
    let sent = press(&api, &nonce, "continue").await.answer;
    assert_eq!(sent.status, 303);
    let location = &sent.headers["location"];
    assert!(location.starts_with("https://tool.example/take?connection=conn_"), "{location}");
    let again = press(&api, &nonce, "continue").await;
    assert_eq!(again.answer.status, 400);
    assert!(again.text.contains("login_used") && !again.answer.headers.contains_key("location"));
    let path = format!("/v1/connections/{}/complete", begun["id"].as_str().unwrap());
    let completion = json!({"completion_code": parameter(location, "completion")});
    assert_eq!(api.post(&path, &key, completion).await.status, 200);
}

#[tokio::test]
async fn what_others_chose_as_names_cannot_become_markup() {
    let api = Desk::new();
    let (_, begun) = delegated(&api).await;
    let page = back(&api, &begun, "code=c").await.text;
    for name in [crate::grants::ORGANIZATION, "<script", "<img", "alert('", "\"scones\""] {
        assert!(!page.contains(name), "{name} is in {page}");
    }
    assert_eq!(page.matches("<form").count(), 1);
    assert!(page.contains("<bdi>Tea &amp; &quot;scones&quot;</bdi>"), "{page}");
}

#[tokio::test]
async fn a_form_from_elsewhere_or_of_another_kind_is_not_an_answer() {
    let api = Desk::new();
    let (_, begun) = delegated(&api).await;
    let nonce = back(&api, &begun, "code=c").await.nonce();
    let post = |kind: &str, body: String| api.client.post(CALLBACK).content_type(kind).body(body);
    let form = "application/x-www-form-urlencoded";
    let good = format!("nonce={nonce}&decision=continue");
    for site in ["cross-site", "same-site", "none"] {
        let foreign =
            Answered::read(post(form, good.clone()).header("sec-fetch-site", site).send().await).await;
        assert_eq!(foreign.code(), "forbidden", "{site}");
    }
    let cases = [
        ("text/plain", good.clone(), "unsupported_media_type"),
        (
            "application/json",
            json!({"nonce": nonce, "decision": "continue"}).to_string(),
            "unsupported_media_type",
        ),
        (form, format!("nonce={nonce}"), "invalid_parameters"),
        (form, format!("nonce={nonce}&decision=maybe"), "invalid_parameters"),
        (form, format!("decision=continue&nonce={}", "x".repeat(5_000)), "body_too_large"),
        (form, "decision=continue".to_owned(), "login_unknown"),
        (form, format!("decision=continue&nonce={}", "0".repeat(64)), "login_unknown"),
    ];
    for (kind, body, code) in cases {
        let refused = Answered::read(post(kind, body.clone()).send().await).await;
        assert_eq!(refused.code(), code, "{body}");
    }
    assert_eq!(press(&api, &nonce, "continue").await.answer.status, 303, "none of it used the page up");
}

#[tokio::test]
async fn a_person_who_says_no_a_used_state_and_a_made_up_one_lead_nowhere() {
    let api = Desk::new();
    let token = api.member("ada@example.org").await;
    let begun = begin(&api, &token, Some("https://app.example/")).await;
    let denied = back(&api, &begun, "error=access_denied&error_reason=user_denied").await.answer;
    assert_eq!(parameter(&denied.headers["location"], "error"), "access_denied");
    let again = back(&api, &begun, "code=c").await;
    assert_eq!(
        (again.answer.status, again.answer.headers["content-type"].as_str()),
        (400, "text/html; charset=utf-8")
    );
    assert!(again.text.contains("login_used") && again.text.contains("begin again"), "{}", again.text);
    let path = format!("/v1/connections/{}", begun["id"].as_str().unwrap());
    let failed = api.get(&path, &token).await.body;
    assert_eq!((&failed["state"], &failed["failure"]["code"]), (&json!("failed"), &json!("access_denied")));
    let late = begin(&api, &token, Some("https://app.example/")).await;
    api.world.clock.advance(chrono::TimeDelta::minutes(11));
    assert!(back(&api, &late, "code=c").await.text.contains("login_expired"));
    assert_eq!(api.get(CALLBACK, "").await.code(), "login_unknown");
    assert_eq!(api.get(&format!("{CALLBACK}?state=x&code=c"), "").await.code(), "login_unknown");
    assert_eq!(api.send(Method::DELETE, CALLBACK, "", None).await.code(), "method_not_allowed");
}

#[tokio::test]
async fn a_key_that_fails_at_the_platform_leaves_the_person_where_they_are_with_a_way_back() {
    let api = Desk::new();
    let (_, begun) = delegated(&api).await;
    let denied = back(&api, &begun, "error=access_denied").await;
    assert_eq!(denied.answer.status, 200);
    let address = format!(
        "https://tool.example/take?connection={}&amp;error=access_denied",
        begun["id"].as_str().unwrap()
    );
    assert!(denied.text.contains(&format!("<a href=\"{address}\"")), "{}", denied.text);
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

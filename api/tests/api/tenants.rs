//! The resources of tenancy as a front end uses them.

use poem::http::Method;
use serde_json::{Value, json};
use tenancy::testing::PASSWORD;

use crate::support::{Answered, Api, registering};

async fn patch(api: &Api, path: &str, token: &str, etag: Option<&str>, body: Value) -> Answered {
    let client = api.client();
    let request = client.patch(path).header("authorization", format!("Bearer {token}"));
    let request = etag.into_iter().fold(request, |request, etag| request.header("if-match", etag));
    Answered::read(request.content_type("application/merge-patch+json").body(body.to_string()).send().await)
        .await
}

#[tokio::test]
async fn a_person_registers_signs_in_refreshes_and_signs_out() {
    let api = Api::new();
    assert_eq!(
        api.get("/v1/registrations/policy", "").await.body,
        json!({"min_age": 18, "notice_version": "2026-01"})
    );
    assert_eq!(api.post("/v1/registrations", "", registering("ada@example.org")).await.status, 202);
    let signed_in =
        api.post("/v1/sessions", "", json!({"mail": "Ada@Example.org", "password": PASSWORD})).await;
    assert_eq!((signed_in.status, &signed_in.body["token_type"]), (201, &json!("Bearer")));
    let token = signed_in.body["access_token"].as_str().unwrap();
    let me = api.get("/v1/me", token).await.body;
    assert_eq!((&me["person"]["mail"], &me["person"]["name"]), (&json!("ada@example.org"), &Value::Null));
    assert_eq!(me["person"]["memberships"][0]["role"], "owner");
    let refresh = json!({"refresh_token": signed_in.body["refresh_token"]});
    let next = api.post("/v1/sessions/refresh", "", refresh.clone()).await;
    assert_eq!(next.status, 200);
    let token = next.body["access_token"].as_str().unwrap();
    let sessions = api.get("/v1/sessions", token).await.body;
    assert_eq!(sessions["data"][0]["current"], true);
    assert!(sessions["data"][0]["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(api.send(Method::DELETE, "/v1/sessions/current", token, None).await.status, 204);
    assert_eq!(api.get("/v1/me", token).await.code(), "invalid_token");
}

#[tokio::test]
async fn registering_twice_and_signing_in_wrong_tell_nothing() {
    let api = Api::new();
    let first = api.post("/v1/registrations", "", registering("ada@example.org")).await;
    let second = api.post("/v1/registrations", "", registering("ada@example.org")).await;
    assert_eq!((first.status, first.body), (second.status, second.body));
    let wrong = api.post("/v1/sessions", "", json!({"mail": "ada@example.org", "password": "wrong"})).await;
    let unknown = api.post("/v1/sessions", "", json!({"mail": "eve@example.org", "password": "wrong"})).await;
    assert_eq!((wrong.status, wrong.code()), (401, "invalid_credentials"));
    assert_eq!(
        (unknown.status, unknown.code(), &unknown.body["detail"]),
        (401, wrong.code(), &wrong.body["detail"])
    );
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down() {
    let api = Api::new();
    api.member("ada@example.org").await;
    let mut last = None;
    for _ in 0..8 {
        last =
            Some(api.post("/v1/sessions", "", json!({"mail": "ada@example.org", "password": "wrong"})).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.code()), (429, "too_many_attempts"));
    assert!(last.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_refresh_token_that_was_used_ends_the_session() {
    let api = Api::new();
    api.member("ada@example.org").await;
    let tokens =
        api.post("/v1/sessions", "", json!({"mail": "ada@example.org", "password": PASSWORD})).await.body;
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let next = api.post("/v1/sessions/refresh", "", refresh.clone()).await.body;
    assert_eq!(api.post("/v1/sessions/refresh", "", refresh).await.code(), "invalid_token");
    assert_eq!(api.get("/v1/me", next["access_token"].as_str().unwrap()).await.code(), "invalid_token");
}

#[tokio::test]
async fn who_edits_says_which_version_was_read() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let id = api.get("/v1/workspaces", &token).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/workspaces/{id}");
    let etag = api.get(&path, &token).await.headers["etag"].clone();
    assert_eq!(patch(&api, &path, &token, None, json!({"name": "b"})).await.code(), "precondition_required");
    let changed = patch(&api, &path, &token, Some(&etag), json!({"name": "b"})).await;
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("b")));
    assert_ne!(changed.headers["etag"], etag);
    assert_eq!(
        patch(&api, &path, &token, Some(&etag), json!({"name": "c"})).await.code(),
        "precondition_failed"
    );
    let nulled = patch(&api, &path, &token, Some("*"), json!({"name": null})).await;
    assert_eq!(nulled.violations(), ["body /name wrong_type"]);
    let organization =
        patch(&api, "/v1/organization", &token, Some("*"), json!({"name": "Engines II"})).await;
    assert_eq!(organization.body["name"], "Engines II");
}

#[tokio::test]
async fn another_tenants_things_do_not_exist() {
    let api = Api::new();
    let (ada, eve) = (api.member("ada@example.org").await, api.member("eve@example.org").await);
    let workspace = api.get("/v1/workspaces", &ada).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let granted = api.post("/v1/api_keys", &ada, json!({"name": "ci", "scopes": ["posts:read"]})).await;
    let key = granted.body["api_key"]["id"].as_str().unwrap();
    let session = api.get("/v1/sessions", &ada).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/workspaces/{workspace}");
    assert_eq!(api.get(&path, &eve).await.code(), "not_found");
    assert_eq!(patch(&api, &path, &eve, Some("*"), json!({"name": "mine"})).await.code(), "not_found");
    for path in [format!("/v1/api_keys/{key}"), format!("/v1/sessions/{session}")] {
        assert_eq!(api.send(Method::DELETE, &path, &eve, None).await.code(), "not_found");
    }
    assert_eq!(api.get("/v1/me", granted.body["secret"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_key_is_listed_without_its_secret_and_revoked_at_once() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let granted =
        api.post("/v1/api_keys", &token, json!({"name": "ci", "scopes": ["posts:read"]})).await.body;
    let listed = api.get("/v1/api_keys", &token).await.body;
    assert_eq!(listed["data"][0], granted["api_key"]);
    assert!(!listed.to_string().contains(granted["secret"].as_str().unwrap()));
    let path = format!("/v1/api_keys/{}", granted["api_key"]["id"].as_str().unwrap());
    assert_eq!(api.send(Method::DELETE, &path, &token, None).await.status, 204);
    assert_eq!(api.get("/v1/me", granted["secret"].as_str().unwrap()).await.code(), "invalid_token");
}

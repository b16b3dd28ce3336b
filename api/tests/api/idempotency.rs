//! The same key and body replay the first answer, and nothing is done twice.

use serde_json::{Value, json};

use crate::support::{Answered, Api};

async fn create(api: &Api, path: &str, token: &str, key: &str, body: &Value) -> Answered {
    let client = api.client();
    let request =
        client.post(path).header("authorization", format!("Bearer {token}")).header("idempotency-key", key);
    Answered::read(request.content_type("application/json").body(body.to_string()).send().await).await
}

async fn workspaces(api: &Api, token: &str) -> usize {
    api.get("/v1/workspaces", token).await.body["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_makes_nothing() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let body = json!({"name": "Nine Lives", "time_zone": "Europe/Berlin"});
    let first = create(&api, "/v1/workspaces", &token, "k1", &body).await;
    let again = create(&api, "/v1/workspaces", &token, "k1", &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    for header in ["location", "etag", "content-type"] {
        assert_eq!(first.headers[header], again.headers[header]);
    }
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_ne!(first.headers["x-request-id"], again.headers["x-request-id"]);
    assert_eq!(workspaces(&api, &token).await, 2);
}

#[tokio::test]
async fn another_body_under_the_same_key_is_refused() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    create(&api, "/v1/workspaces", &token, "k1", &json!({"name": "a", "time_zone": "UTC"})).await;
    let answer =
        create(&api, "/v1/workspaces", &token, "k1", &json!({"name": "b", "time_zone": "UTC"})).await;
    assert_eq!((answer.status, answer.code()), (422, "idempotency_mismatch"));
    assert_eq!(workspaces(&api, &token).await, 2);
}

#[tokio::test]
async fn two_callers_may_use_the_same_key() {
    let api = Api::new();
    let (ada, eve) = (api.member("ada@example.org").await, api.member("eve@example.org").await);
    let body = json!({"name": "a", "time_zone": "UTC"});
    let mine = create(&api, "/v1/workspaces", &ada, "k1", &body).await;
    let other = create(&api, "/v1/workspaces", &eve, "k1", &body).await;
    assert_ne!(mine.body["id"], other.body["id"]);
}

#[tokio::test]
async fn a_refusal_is_not_kept_so_that_the_corrected_request_may_use_the_key() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let refused =
        create(&api, "/v1/workspaces", &token, "k1", &json!({"name": "  ", "time_zone": "UTC"})).await;
    assert_eq!(refused.status, 422);
    let corrected =
        create(&api, "/v1/workspaces", &token, "k1", &json!({"name": "a", "time_zone": "UTC"})).await;
    assert_eq!(corrected.status, 201);
}

#[tokio::test]
async fn a_secret_is_shown_once_even_to_a_repeated_request() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let body = json!({"name": "ci", "scopes": ["posts:read"]});
    let first = create(&api, "/v1/api_keys", &token, "k1", &body).await;
    assert!(first.body["secret"].as_str().unwrap().starts_with("pstn_"));
    let again = create(&api, "/v1/api_keys", &token, "k1", &body).await;
    assert_eq!((again.status, again.code()), (409, "idempotency_secret_gone"));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert!(!again.body.to_string().contains("pstn_"));
    assert_eq!(api.get("/v1/api_keys", &token).await.body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_empty_or_repeated_key_is_refused() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let body = json!({"name": "a", "time_zone": "UTC"});
    assert_eq!(create(&api, "/v1/workspaces", &token, "", &body).await.code(), "invalid_parameters");
    assert_eq!(
        create(&api, "/v1/workspaces", &token, &"k".repeat(256), &body).await.code(),
        "invalid_parameters"
    );
}

#[tokio::test]
async fn an_operation_that_takes_no_key_refuses_one_and_says_why() {
    let api = Api::of_every_operation();
    let token = api.member("ada@example.org").await;
    let schedule = "/v1/posts/post_01jd0w5k7vf3q8c2t9m4x6y1za/schedule";
    let body = json!({"at": "2030-01-01T12:00:00Z"});
    assert_eq!(api.post(schedule, &token, body.clone()).await.status, 204);
    let answer = create(&api, schedule, &token, "k1", &body).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid_parameters"));
    assert_eq!(answer.violations(), ["header /Idempotency-Key unknown_parameter"]);
    assert!(answer.body["violations"][0]["detail"].as_str().unwrap().contains("takes no idempotency key"));
}

//! The admin API.

use sandbox::Settings;
use serde_json::{Value, json};

use crate::harness::{start, start_with};

#[tokio::test]
async fn the_document_names_every_operation_once() {
    let it = start().await;
    let document = it.send(it.client.get(it.url("/_sandbox/openapi.json"))).await.body;
    let operations: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    for name in
        ["create_app", "create_page", "create_many", "create_token", "read_ledger", "create_fault", "reset"]
    {
        assert_eq!(operations.iter().filter(|other| **other == name).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_drive_it() {
    let it = start().await;
    let (page, token) = it.page();
    it.post(&format!("/v25.0/{page}/feed"), &token, &[("message", "Hello")]).await.id();
    let reset = |origin: &str| {
        let simple = it.client.post(it.url("/_sandbox/reset")).header("content-type", "text/plain");
        it.send(simple.header("origin", origin).body("{}"))
    };
    for origin in ["https://evil.example", "null", ""] {
        let reply = reset(origin).await;
        assert_eq!(reply.status, 403, "{origin}: {:?}", reply.body);
        assert!(reply.text("/message").contains("Origin"));
    }
    let read = it.client.get(it.url("/_sandbox/ledger")).header("origin", "https://evil.example");
    assert_eq!(it.send(read).await.status, 403);
    assert_eq!(it.ledger().await.len(), 1, "nothing was reset");
    assert_eq!(reset(&it.base).await.status, 200);
    assert_eq!(it.ledger().await.len(), 0);
}

#[tokio::test]
async fn unknown_fields_and_values_without_meaning_are_refused() {
    let it = start().await;
    let cases = [
        ("/faults", json!({ "endpoint": "feed", "efect": {} })),
        ("/faults", json!({ "endpoint": "nowhere", "effect": { "kind": "drop" } })),
        ("/faults", json!({ "endpoint": "feed", "effect": { "kind": "drop", "ms": 5 } })),
        ("/faults", json!({ "endpoint": "feed", "effect": { "kind": "delay_ms" } })),
        ("/apps", json!({ "name": "A", "colour": "red" })),
        ("/tokens", json!({ "app_id": it.seed.app_id, "person_id": it.seed.person_id, "scopes": ["fly"] })),
        ("/tokens/revoke", json!({})),
        ("/bulk", json!({ "count": 100_001 })),
    ];
    for (path, body) in cases {
        let reply = it.send(it.client.post(it.url(&format!("/_sandbox{path}"))).json(&body)).await;
        assert_eq!(reply.status, 400, "{path} {body}: {:?}", reply.body);
    }
    let reply = it
        .send(it.client.post(it.url("/_sandbox/pages")).json(&json!({ "name": "P", "person_id": "1" })))
        .await;
    assert_eq!(reply.status, 404);
}

#[tokio::test]
async fn thousands_of_pages_come_in_one_call_and_can_publish() {
    let it = start_with(Settings { light: true, ..Settings::default() }).await;
    let made = it.admin("POST", "/bulk", json!({ "count": 3_000, "instagram": true })).await;
    let pages = made["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 3_000);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (page, token, account) =
        (text(&pages[2_999]["id"]), text(&pages[2_999]["token"]), text(&pages[2_999]["instagram_id"]));
    it.post(&format!("/{page}/feed"), &token, &[("message", "x")]).await.id();
    // In light mode nothing is fetched: nobody listens there.
    let params = [("image_url", "http://127.0.0.1:1/picture.jpg")];
    let container = it.post(&format!("/{account}/media"), &token, &params).await.id();
    it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await.id();
    let media = it.ledger().await[1]["media"][0].clone();
    assert_eq!(
        media,
        json!({ "url": "http://127.0.0.1:1/picture.jpg", "bytes": 0, "width": 0, "height": 0 })
    );
    let total =
        it.get("/me/accounts", &text(&made["user_token"]), &[("summary", "true"), ("limit", "1")]).await;
    assert_eq!(total.body["summary"]["total_count"], 3_000);
}

#[tokio::test]
async fn the_ledger_can_be_read_by_account_and_from_a_number_on() {
    let it = start().await;
    for index in [0, 1, 0] {
        let page = &it.seed.pages[index];
        let text = format!("page {index} {}", it.ledger().await.len());
        it.post(&format!("/{}/feed", page.id), &page.token, &[("message", &text)]).await.id();
    }
    let seqs = async |query: &str| -> Vec<u64> {
        let read = it.admin("GET", &format!("/ledger?{query}"), Value::Null).await;
        read["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs("").await, [1, 2, 3]);
    assert_eq!(seqs("since=1&limit=1").await, [2]);
    assert_eq!(seqs(&format!("account={}&since=1", it.seed.pages[0].id)).await, [3]);
}

#[tokio::test]
async fn calls_are_logged_by_endpoint_without_token_or_query() {
    let it = start().await;
    let (page, token) = it.page();
    it.fault("feed", json!({ "kind": "refuse", "code": 1 })).await;
    it.send(it.client.post(it.url(&format!("/v25.0/{page}/feed?access_token={token}&message=secret")))).await;
    it.get("/me", &token, &[]).await;
    let log = it.admin("GET", "/requests", Value::Null).await;
    let call = &log["calls"][0];
    assert_eq!((&call["endpoint"], &call["path"]), (&json!("feed"), &json!(format!("/v25.0/{page}/feed"))));
    assert_eq!((&call["account_id"], &call["faults"]), (&json!(page), &json!(["refuse"])));
    assert!(call["token_id"].is_u64());
    let text = log.to_string();
    assert!(!text.contains(&token) && !text.contains("secret"));
    assert_eq!(
        log["counts"],
        json!([{ "endpoint": "page", "calls": 1 }, { "endpoint": "feed", "calls": 1 }])
    );
    let only = it.admin("GET", "/requests?endpoint=page", Value::Null).await;
    assert_eq!(only["calls"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn reset_brings_the_seed_back_and_forgets_the_rest() {
    let it = start().await;
    let (page, token) = it.page();
    it.post(&format!("/{page}/feed"), &token, &[("message", "x")]).await.id();
    it.admin("POST", "/faults", json!({ "endpoint": "any", "effect": { "kind": "drop" } })).await;
    it.admin("PUT", "/switches", json!({ "ig_quota_total": 3 })).await;
    it.admin("PUT", "/clock", json!({ "offset_ms": 5_000 })).await;
    it.admin("POST", "/reset", Value::Null).await;
    assert!(it.ledger().await.is_empty());
    assert_eq!(it.admin("GET", "/switches", Value::Null).await["ig_quota_total"], 100);
    assert_eq!(it.admin("GET", "/clock", Value::Null).await["offset_ms"], 0);
    it.post(&format!("/{page}/feed"), &token, &[("message", "x")]).await.id();
    let seed = it.admin("GET", "/seed", Value::Null).await;
    assert_eq!((&seed["app_id"], &seed["pages"][0]["token"]), (&json!(it.seed.app_id), &json!(token)));
}

#[tokio::test]
async fn a_sandbox_without_seed_is_empty() {
    let it = start_with(Settings { seed: false, ..Settings::default() }).await;
    assert_eq!(it.get("/me", &it.seed.user_token, &[]).await.error(), (190, 0));
}

#[tokio::test]
async fn serving_ends_when_it_is_told_to_although_connections_are_open() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = crate::harness::client();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let sandbox = sandbox::Sandbox::new(Settings::default()).unwrap();
    let serving = tokio::spawn(sandbox.serve(listener, async {
        let _ = stopped.await;
    }));
    assert_eq!(client.get(format!("http://{address}/")).send().await.unwrap().status(), 200);
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(client.get(format!("http://{address}/")).send().await.is_err());
}

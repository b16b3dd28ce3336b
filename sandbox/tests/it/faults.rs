//! Scripted faults, one test for each effect.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Running, jpeg, serve_picture, start};

/// Posts a text and returns whatever comes.
async fn post(it: &Running, text: &str) -> Result<reqwest::Response, reqwest::Error> {
    let (page, token) = it.page();
    let url = it.url(&format!("/v25.0/{page}/feed"));
    it.client.post(url).bearer_auth(token).form(&[("message", text)]).send().await
}

async fn texts(it: &Running) -> Vec<Value> {
    it.ledger().await.iter().map(|entry| entry["text"].clone()).collect()
}

/// Sends a text over a connection of its own and does not wait for the answer.
async fn send_raw(it: &Running, text: &str) -> TcpStream {
    let (page, token) = it.page();
    let mut stream = TcpStream::connect(it.base.trim_start_matches("http://")).await.unwrap();
    let body = format!("message={text}");
    let request = format!(
        "POST /v25.0/{page}/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn execute_then_drop_publishes_and_sends_not_one_byte() {
    let it = start().await;
    it.fault("feed", json!({ "kind": "execute_then_drop" })).await;
    let mut stream = send_raw(&it, "Dropped").await;
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    assert_eq!(received, b"");
    assert_eq!(texts(&it).await, ["Dropped"]);
    assert_eq!(post(&it, "Next").await.unwrap().status(), 200);
}

#[tokio::test]
async fn drop_closes_the_connection_before_anything_happens() {
    let it = start().await;
    it.fault("feed", json!({ "kind": "drop" })).await;
    let error = post(&it, "Lost").await.unwrap_err();
    assert!(!error.is_timeout() && !error.is_status(), "{error:?}");
    assert!(texts(&it).await.is_empty());
}

#[tokio::test]
async fn execute_then_error_publishes_and_answers_the_error() {
    let it = start().await;
    for (code, status, subcode) in [(2, 500, None), (4, 403, Some(2_207_051))] {
        let mut effect = json!({ "kind": "execute_then_error", "code": code, "message": "An unexpected error has occurred." });
        if let Some(subcode) = subcode {
            effect["subcode"] = json!(subcode);
        }
        it.fault("feed", effect).await;
        let reply = post(&it, &format!("code {code}")).await.unwrap();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.json::<Value>().await.unwrap()["error"]["code"], code);
    }
    assert_eq!(texts(&it).await, ["code 2", "code 4"]);
}

#[tokio::test]
async fn refuse_answers_the_error_and_publishes_nothing() {
    let it = start().await;
    let effect = json!({ "kind": "refuse", "status": 503, "code": 2, "subcode": 7, "transient": true });
    it.admin("POST", "/faults", json!({ "endpoint": "any", "skip": 1, "count": 2, "effect": effect })).await;
    assert_eq!(post(&it, "one").await.unwrap().status(), 200);
    for _ in 0..2 {
        let reply = post(&it, "two").await.unwrap();
        assert_eq!(reply.status(), 503);
        let error = reply.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!((&error["is_transient"], &error["error_subcode"]), (&json!(true), &json!(7)));
    }
    assert_eq!(post(&it, "three").await.unwrap().status(), 200);
    assert_eq!(texts(&it).await, ["one", "three"]);
}

#[tokio::test]
async fn a_fault_for_one_account_leaves_the_others_alone() {
    let it = start().await;
    let page = it.seed.pages[1].id.clone();
    let fault =
        json!({ "endpoint": "feed", "account": page, "count": 0, "effect": { "kind": "refuse", "code": 1 } });
    it.admin("POST", "/faults", fault).await;
    assert_eq!(post(&it, "fine").await.unwrap().status(), 200);
    let refused = it.post(&format!("/{page}/feed"), &it.seed.pages[1].token, &[("message", "x")]).await;
    assert_eq!(refused.error(), (1, 0));
    it.admin("DELETE", "/faults", Value::Null).await;
    assert_eq!(
        it.post(&format!("/{page}/feed"), &it.seed.pages[1].token, &[("message", "x")]).await.status,
        200
    );
}

#[tokio::test]
async fn delay_waits_and_hang_never_answers() {
    let it = start().await;
    it.fault("feed", json!({ "kind": "delay_ms", "ms": 120 })).await;
    let begin = Instant::now();
    assert_eq!(post(&it, "slow").await.unwrap().status(), 200);
    assert!(begin.elapsed() >= Duration::from_millis(120));
    it.fault("feed", json!({ "kind": "hang" })).await;
    let hanging = tokio::time::timeout(Duration::from_millis(150), post(&it, "never")).await;
    assert!(hanging.is_err());
    assert_eq!(texts(&it).await, ["slow"]);
}

#[tokio::test]
async fn a_call_is_executed_although_its_caller_went_away() {
    let it = start().await;
    it.admin("PUT", "/latency", json!({ "ms": 1_000, "endpoint": "feed" })).await;
    let stream = send_raw(&it, "gone").await;
    while it.admin("GET", "/requests?endpoint=feed", Value::Null).await["calls"] == json!([]) {
        tokio::task::yield_now().await;
    }
    drop(stream);
    assert!(texts(&it).await.is_empty());
    while texts(&it).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(texts(&it).await, ["gone"]);
}

#[tokio::test]
async fn lag_hides_what_is_live_from_lists_for_a_while() {
    let it = start().await;
    let (page, token) = it.page();
    it.fault("feed", json!({ "kind": "lag_ms", "ms": 60_000 })).await;
    let id = it.post(&format!("/{page}/feed"), &token, &[("message", "Lagging")]).await.id();
    let (account, _) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let container = it.container(&pictures.base, "Lagging too").await;
    it.fault("media_publish", json!({ "kind": "lag_ms", "ms": 60_000 })).await;
    it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await.id();
    let lists = async || {
        let posts = it.get(&format!("/{page}/published_posts"), &token, &[]).await.body["data"].clone();
        let media = it.get(&format!("/{account}/media"), &token, &[]).await.body["data"].clone();
        (posts.as_array().unwrap().len(), media.as_array().unwrap().len())
    };
    assert_eq!(lists().await, (0, 0));
    assert_eq!(it.get(&format!("/{id}"), &token, &[]).await.status, 200);
    assert_eq!(it.ledger().await.len(), 2);
    it.admin("PUT", "/clock", json!({ "offset_ms": 61_000 })).await;
    assert_eq!(lists().await, (1, 1));
}

#[tokio::test]
async fn malformed_answers_are_no_answers_but_the_call_took_effect() {
    let it = start().await;
    it.fault("feed", json!({ "kind": "malformed", "body": "html502" })).await;
    let reply = post(&it, "html").await.unwrap();
    assert_eq!(
        (reply.status().as_u16(), reply.text().await.unwrap().starts_with("<!DOCTYPE html>")),
        (502, true)
    );
    it.fault("feed", json!({ "kind": "malformed", "body": "truncated_json" })).await;
    let reply = post(&it, "truncated").await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(serde_json::from_str::<Value>(&reply.text().await.unwrap()).is_err());
    it.fault("feed", json!({ "kind": "malformed", "body": "empty", "execute": false })).await;
    assert_eq!(post(&it, "empty").await.unwrap().text().await.unwrap(), "");
    assert_eq!(texts(&it).await, ["html", "truncated"]);
}

#[tokio::test]
async fn a_token_revoked_in_mid_flight_is_dead_from_then_on() {
    let it = start().await;
    it.fault("feed", json!({ "kind": "revoke_token" })).await;
    for _ in 0..2 {
        let error = post(&it, "x").await.unwrap().json::<Value>().await.unwrap()["error"].clone();
        assert_eq!((&error["code"], &error["error_subcode"]), (&json!(190), &json!(460)));
    }
    assert!(texts(&it).await.is_empty());
}

#[tokio::test]
async fn usage_headers_say_how_much_is_used() {
    let it = start().await;
    let (page, _) = it.page();
    it.fault("feed", json!({ "kind": "usage_headers", "percent": 97, "regain_minutes": 19 })).await;
    let reply = post(&it, "x").await.unwrap();
    let header =
        |name: &str| -> Value { serde_json::from_str(reply.headers()[name].to_str().unwrap()).unwrap() };
    assert_eq!(header("x-app-usage")["call_count"], 97);
    let business = &header("x-business-use-case-usage")[&page][0];
    assert_eq!(
        (&business["type"], &business["estimated_time_to_regain_access"]),
        (&json!("pages"), &json!(19))
    );
    assert_eq!(reply.headers()["facebook-api-version"], "v25.0");
    assert!(!post(&it, "y").await.unwrap().headers().contains_key("x-app-usage"));
}

#[tokio::test]
async fn containers_can_be_slow_broken_or_expired() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let publish = format!("/{account}/media_publish");
    let status = async |container: &str| {
        let reply = it.get(&format!("/{container}"), &token, &[("fields", "status_code,status")]).await;
        reply.text("/status_code")
    };
    it.fault("media", json!({ "kind": "container_in_progress", "polls": 2 })).await;
    let slow = it.container(&pictures.base, "slow").await;
    assert_eq!(it.post(&publish, &token, &[("creation_id", &slow)]).await.error(), (9_007, 2_207_027));
    assert_eq!(
        [status(&slow).await, status(&slow).await, status(&slow).await],
        ["IN_PROGRESS", "IN_PROGRESS", "FINISHED"]
    );
    it.fault("container_status", json!({ "kind": "container_error", "subcode": 2_207_026 })).await;
    assert_eq!(status(&slow).await, "ERROR");
    assert_eq!(it.post(&publish, &token, &[("creation_id", &slow)]).await.error(), (9_007, 2_207_027));
    let late = it.container(&pictures.base, "late").await;
    it.fault("media_publish", json!({ "kind": "container_expired" })).await;
    assert_eq!(it.post(&publish, &token, &[("creation_id", &late)]).await.error(), (24, 2_207_008));
    assert_eq!(status(&late).await, "EXPIRED");
    assert!(it.ledger().await.is_empty());
}

#[tokio::test]
async fn a_scripted_quota_is_shown_and_enforced() {
    let it = start().await;
    let (account, token) = it.account();
    let pictures = serve_picture(&jpeg(400, 400)).await;
    let quota = json!({ "kind": "quota", "used": 50, "total": 50 });
    it.admin(
        "POST",
        "/faults",
        json!({ "endpoint": "any", "account": account, "count": 0, "effect": quota }),
    )
    .await;
    let limit = it.get(&format!("/{account}/content_publishing_limit"), &token, &[]).await;
    assert_eq!(limit.body["data"][0]["quota_usage"], 50);
    let container = it.container(&pictures.base, "x").await;
    let refused = it.post(&format!("/{account}/media_publish"), &token, &[("creation_id", &container)]).await;
    assert_eq!(refused.error(), (9, 2_207_042));
    let status = it.get(&format!("/{container}"), &token, &[("fields", "status_code")]).await;
    assert_eq!(status.body["status_code"], "FINISHED");
}

#[tokio::test]
async fn latency_is_set_for_all_or_for_one_endpoint() {
    let it = start().await;
    it.admin("PUT", "/latency", json!({ "ms": 600_000 })).await;
    it.admin("PUT", "/latency", json!({ "ms": 0, "endpoint": "me" })).await;
    // The seed's user token asks for `me`; were the general latency used, this would take ten minutes.
    assert_eq!(it.get("/me", &it.seed.user_token, &[]).await.status, 200);
    assert!(tokio::time::timeout(Duration::from_millis(100), post(&it, "slow")).await.is_err());
    it.admin("PUT", "/latency", json!({ "ms": 40 })).await;
    let begin = Instant::now();
    post(&it, "slow").await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(40));
}

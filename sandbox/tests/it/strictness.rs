//! What is refused, with which code: one table.

use serde_json::json;

use crate::harness::{Running, jpeg, serve_picture, start};

async fn token(it: &Running, scopes: &[&str], page: Option<&str>) -> String {
    let body = json!({ "app_id": it.seed.app_id, "person_id": it.seed.person_id, "scopes": scopes, "page_id": page });
    let mut body = body;
    if page.is_none() {
        body.as_object_mut().unwrap().remove("page_id");
    }
    it.admin("POST", "/tokens", body).await["token"].as_str().unwrap().to_owned()
}

/// Method, path, token, parameters as a query string, then the expected status, code and subcode.
type Row = (&'static str, &'static str, &'static str, &'static str, u16, i64, u64);

const TABLE: [Row; 37] = [
    ("POST", "/v25.0/{page}/feed", "none", "message=x", 400, 104, 0),
    ("POST", "/v25.0/{page}/feed", "garbage", "message=x", 400, 190, 0),
    ("GET", "/me", "none", "", 400, 2500, 0),
    ("POST", "/{page}/feed", "user", "message=x", 403, 200, 0),
    ("POST", "/{page}/feed", "other page", "message=x", 403, 200, 0),
    ("POST", "/{page}/feed", "poor", "message=x", 403, 200, 0),
    ("POST", "/{museum}/feed", "museum", "message=x", 403, 200, 0),
    ("POST", "/{page}/feed", "page", "", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "message=", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "message={63207}", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "link=not a url", 400, 100, 2_061_006),
    ("POST", "/{page}/feed", "page", "link=https://www.facebook.com/x", 400, 100, 1_609_008),
    ("POST", "/{page}/feed", "page", "attached_media=[{\"media_fbid\":\"7\"}]", 400, 100, 33),
    ("POST", "/{page}/feed", "page", "attached_media=7", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "message=x&published=false&scheduled_publish_time=1", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "message=x&published=false&scheduled_publish_time=soon", 400, 100, 0),
    ("POST", "/{page}/feed", "page", "message=x&scheduled_publish_time={in_an_hour}", 400, 100, 0),
    (
        "POST",
        "/{page}/feed",
        "page",
        "message=x&published=false&scheduled_publish_time={in_an_hour}",
        400,
        100,
        0,
    ),
    (
        "POST",
        "/{page}/feed",
        "page",
        "message=x&published=false&unpublished_content_type=SCHEDULED",
        400,
        100,
        0,
    ),
    ("POST", "/{page}/feed", "page", "message=x&published=false&unpublished_content_type=LATER", 400, 100, 0),
    ("POST", "/{page}/photos", "page", "url={picture}&scheduled_publish_time={in_an_hour}", 400, 100, 0),
    ("GET", "/{page}/feed", "poor", "", 403, 10, 0),
    ("GET", "/{page}/feed", "page", "fields=id,post_id", 400, 100, 0),
    ("GET", "/{page}/feed", "page", "fields=id{", 400, 2500, 0),
    ("GET", "/{page}/feed", "page", "after=forged", 400, 100, 0),
    ("GET", "/{page}/feed", "page", "since=yesterday-ish", 400, 100, 0),
    ("GET", "/v25.0/104999999999999", "page", "", 400, 100, 33),
    ("GET", "/v25.0/harbour", "page", "", 400, 803, 0),
    ("GET", "/{page}/bogus", "page", "", 400, 2500, 0),
    ("GET", "/{account}", "other page", "", 400, 100, 33),
    ("GET", "/{account}", "poor", "", 403, 10, 0),
    ("POST", "/{account}/media", "poor", "image_url=http://127.0.0.1:1/", 403, 10, 0),
    ("POST", "/{account}/media", "page", "", 400, 100, 0),
    ("POST", "/{account}/media", "page", "media_type=REELS&video_url=http://x/", 400, 100, 2_207_023),
    ("POST", "/{account}/media_publish", "page", "", 400, 100, 0),
    ("GET", "/{account}/content_publishing_limit", "page", "since=1", 400, 100, 0),
    ("GET", "/{account}/content_publishing_limit", "page", "since=lately", 400, 100, 0),
];

#[tokio::test]
async fn every_refusal_has_metas_code_and_status() {
    let it = start().await;
    let (page, page_token) = it.page();
    let (account, museum) = (it.account().0, it.seed.pages[3].clone());
    let poor = token(&it, &["public_profile"], Some(&page)).await;
    let pictures = serve_picture(&jpeg(40, 40)).await;
    let now = it.admin("GET", "/clock", serde_json::Value::Null).await["now_ms"].as_i64().unwrap();
    let in_an_hour = (now / 1_000 + 3_600).to_string();
    for (method, path, who, params, status, code, subcode) in TABLE {
        let token = match who {
            "user" => it.seed.user_token.as_str(),
            "page" => &page_token,
            "other page" => &it.seed.pages[1].token,
            "museum" => &museum.token,
            "poor" => &poor,
            other => other,
        };
        let path =
            path.replace("{page}", &page).replace("{account}", &account).replace("{museum}", &museum.id);
        let params = params.replace("{63207}", &"x".repeat(63_207));
        let params = params.replace("{in_an_hour}", &in_an_hour).replace("{picture}", &pictures.base);
        let pairs: Vec<(&str, &str)> = params.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let request = match method {
            "GET" => it.client.get(it.url(&path)).query(&pairs),
            _ => it.client.post(it.url(&path)).form(&pairs),
        };
        let reply = it.send(if who == "none" { request } else { request.bearer_auth(token) }).await;
        let row = format!("{method} {path} {who} {}: {:?}", &params[..params.len().min(80)], reply.body);
        assert_eq!((reply.status, reply.error()), (status, (code, subcode)), "{row}");
        assert!(reply.body["error"]["fbtrace_id"].as_str().unwrap().len() > 8);
        assert_eq!(reply.headers.contains_key("www-authenticate"), matches!(code, 104 | 190 | 2500), "{row}");
    }
    assert!(it.ledger().await.is_empty());
}

#[tokio::test]
async fn a_proof_is_checked_whenever_it_is_sent_and_demanded_when_the_app_says_so() {
    let it = start().await;
    let proof = |secret: &str, token: &str| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(token.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    let user = it.seed.user_token.clone();
    let right = proof(&it.seed.app_secret, &user);
    assert_eq!(it.get("/me", &user, &[("appsecret_proof", &right)]).await.status, 200);
    let wrong = proof("another secret", &user);
    assert_eq!(it.get("/me", &user, &[("appsecret_proof", &wrong)]).await.error(), (100, 0));
    let app_token = format!("{}|{}", it.seed.app_id, it.seed.app_secret);
    let asked = |proof: String| {
        let query = [("input_token", user.clone()), ("appsecret_proof", proof)];
        it.send(it.client.get(it.url("/debug_token")).bearer_auth(&app_token).query(&query))
    };
    assert_eq!(asked(wrong).await.error(), (100, 0));
    assert_eq!(asked(proof(&it.seed.app_secret, &app_token)).await.body["data"]["is_valid"], true);
    let app = it
        .admin("POST", "/apps", json!({ "name": "Strict", "secret": "s3cret", "require_proof": true }))
        .await;
    let body = json!({ "app_id": app["id"], "person_id": it.seed.person_id });
    let token = it.admin("POST", "/tokens", body).await["token"].as_str().unwrap().to_owned();
    let without = it.get("/me", &token, &[]).await;
    assert_eq!((without.error(), without.text("/error/type")), ((100, 0), "GraphMethodException".to_owned()));
    assert_eq!(it.get("/me", &token, &[("appsecret_proof", &proof("s3cret", &token))]).await.status, 200);
}

#[tokio::test]
async fn a_lost_role_answers_492_and_a_changed_password_460() {
    let it = start().await;
    let (page, token) = it.page();
    let role = json!({ "person_id": it.seed.person_id, "tasks": [] });
    it.admin("PUT", &format!("/pages/{page}/roles"), role).await;
    assert_eq!(it.post(&format!("/{page}/feed"), &token, &[("message", "x")]).await.error(), (190, 492));
    it.admin("POST", "/tokens/revoke", json!({ "person_id": it.seed.person_id })).await;
    assert_eq!(it.get("/me", &it.seed.user_token, &[]).await.error(), (190, 460));
}

#[tokio::test]
async fn without_pages_show_list_the_list_is_empty() {
    let it = start().await;
    let token = token(&it, &["public_profile"], None).await;
    assert_eq!(it.get("/me/accounts", &token, &[]).await.body, json!({ "data": [] }));
}

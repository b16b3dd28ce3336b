//! The login dialog, tokens, permissions.

use serde_json::{Value, json};

use crate::harness::{Reply, Running, start};

const BACK: &str = "http://127.0.0.1:9/callback";
const SCOPES: &str = "pages_show_list,pages_read_engagement pages_manage_posts,instagram_basic";

/// Answers the dialog as a program does and returns the parameters of the redirect.
async fn dialog(it: &Running, extra: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut form = vec![
        ("client_id", it.seed.app_id.as_str()),
        ("redirect_uri", BACK),
        ("state", "s t&a=te"),
        ("scope", SCOPES),
        ("person", it.seed.person_id.as_str()),
        ("decision", "continue"),
    ];
    form.retain(|(name, _)| !extra.iter().any(|(other, _)| other == name));
    form.extend_from_slice(extra);
    let answer = it.client.post(it.url("/v25.0/dialog/oauth")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let to = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(to.as_str().starts_with(BACK));
    to.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn value(pairs: &[(String, String)], name: &str) -> String {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

async fn exchange(it: &Running, params: &[(&str, &str)]) -> Reply {
    let mut query =
        vec![("client_id", it.seed.app_id.as_str()), ("client_secret", it.seed.app_secret.as_str())];
    query.extend_from_slice(params);
    it.send(it.client.get(it.url("/v25.0/oauth/access_token")).query(&query)).await
}

/// Logs in all the way to a long-lived user token.
async fn log_in(it: &Running, extra: &[(&str, &str)]) -> String {
    let code = value(&dialog(it, extra).await, "code");
    let short = exchange(it, &[("redirect_uri", BACK), ("code", &code)]).await.text("/access_token");
    let params = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.as_str())];
    let long = exchange(it, &params).await;
    assert_eq!(long.body["expires_in"], 5_183_944);
    long.text("/access_token")
}

async fn debug(it: &Running, token: &str) -> Value {
    let app = format!("{}|{}", it.seed.app_id, it.seed.app_secret);
    it.get("/debug_token", &app, &[("input_token", token)]).await.body["data"].clone()
}

#[tokio::test]
async fn the_dialog_shows_people_pages_and_permissions() {
    let it = start().await;
    let query =
        [("client_id", it.seed.app_id.as_str()), ("redirect_uri", BACK), ("scope", SCOPES), ("state", "<x>")];
    let page = it.send(it.client.get(it.url("/v25.0/dialog/oauth")).query(&query)).await;
    assert_eq!(page.status, 200);
    let html = page.body.as_str().unwrap();
    for part in [
        "Dana Demo",
        "Harbour Coffee",
        "@harbour.coffee",
        "pages_manage_posts",
        "value=\"cancel\"",
        "&lt;x&gt;",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_login_ends_in_page_tokens_that_never_expire() {
    let it = start().await;
    let back = dialog(&it, &[]).await;
    assert_eq!(value(&back, "state"), "s t&a=te");
    let token = log_in(&it, &[]).await;
    let fields =
        "id,name,access_token,tasks,picture{url},instagram_business_account{id,username,profile_picture_url}";
    let pages = it.get("/v25.0/me/accounts", &token, &[("fields", fields)]).await;
    let pages = pages.body["data"].as_array().unwrap().clone();
    assert_eq!(pages.len(), 4);
    assert_eq!(pages[0]["instagram_business_account"]["username"], "harbour.coffee");
    assert!(pages[0]["picture"]["data"]["url"].as_str().unwrap().starts_with(&it.base));
    assert!(pages[2].get("instagram_business_account").is_none());
    assert!(!pages[3]["tasks"].as_array().unwrap().contains(&json!("CREATE_CONTENT")));
    let data = debug(&it, pages[0]["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (&data["type"], &data["expires_at"], &data["is_valid"]),
        (&json!("PAGE"), &json!(0), &json!(true))
    );
    assert_eq!(data["profile_id"], json!(it.seed.pages[0].id));
}

#[tokio::test]
async fn what_was_unticked_is_not_granted() {
    let it = start().await;
    let page = it.seed.pages[1].id.clone();
    let ticks = [
        ("chosen", "1"),
        ("page", page.as_str()),
        ("permission", "pages_show_list"),
        ("permission", "instagram_basic"),
    ];
    let token = log_in(&it, &ticks).await;
    let pages = it.get("/me/accounts", &token, &[]).await;
    assert_eq!(pages.body["data"].as_array().unwrap().len(), 1);
    let permissions = it.get("/v25.0/me/permissions", &token, &[]).await.body["data"].clone();
    let row = |name: &str| {
        permissions.as_array().unwrap().iter().find(|row| row["permission"] == name).unwrap()["status"]
            .clone()
    };
    assert_eq!((row("pages_show_list"), row("pages_manage_posts")), (json!("granted"), json!("declined")));
    let granular = debug(&it, &token).await["granular_scopes"].clone();
    let account = it.seed.pages[1].instagram.as_ref().unwrap().id.clone();
    assert!(
        granular
            .as_array()
            .unwrap()
            .contains(&json!({ "scope": "instagram_basic", "target_ids": [account] }))
    );
    assert!(
        granular.as_array().unwrap().contains(&json!({ "scope": "pages_show_list", "target_ids": [page] }))
    );
}

#[tokio::test]
async fn declined_permissions_come_back_only_when_asked_for_again() {
    let it = start().await;
    log_in(&it, &[("chosen", "1"), ("permission", "pages_show_list")]).await;
    let without = log_in(&it, &[]).await;
    assert!(!debug(&it, &without).await["scopes"].as_array().unwrap().contains(&json!("pages_manage_posts")));
    let with = log_in(&it, &[("auth_type", "rerequest")]).await;
    assert!(debug(&it, &with).await["scopes"].as_array().unwrap().contains(&json!("pages_manage_posts")));
}

#[tokio::test]
async fn cancelling_goes_back_with_access_denied() {
    let it = start().await;
    let back = dialog(&it, &[("decision", "cancel")]).await;
    assert_eq!(
        (value(&back, "error").as_str(), value(&back, "error_reason").as_str()),
        ("access_denied", "user_denied")
    );
    assert_eq!((value(&back, "state").as_str(), value(&back, "code").as_str()), ("s t&a=te", ""));
}

#[tokio::test]
async fn a_code_works_once_for_its_redirect_uri_and_secret_in_every_encoding() {
    let it = start().await;
    let code = || async { value(&dialog(&it, &[]).await, "code") };
    let first = code().await;
    let other = exchange(&it, &[("redirect_uri", "http://127.0.0.1:9/callback/"), ("code", &first)]).await;
    assert_eq!((other.status, other.error()), (400, (100, 36_008)));
    assert_eq!(exchange(&it, &[("redirect_uri", BACK), ("code", &first)]).await.status, 200);
    assert_eq!(exchange(&it, &[("redirect_uri", BACK), ("code", &first)]).await.error(), (100, 36_009));
    let expiring = code().await;
    it.admin("PUT", "/clock", json!({ "offset_ms": 3_600_000 })).await;
    assert_eq!(exchange(&it, &[("redirect_uri", BACK), ("code", &expiring)]).await.error(), (100, 36_007));
    let (id, secret) = (it.seed.app_id.clone(), it.seed.app_secret.clone());
    let url = it.url("/oauth/access_token");
    let next = code().await;
    let form =
        [("client_id", id.as_str()), ("client_secret", &secret), ("redirect_uri", BACK), ("code", &next)];
    assert_eq!(it.send(it.client.post(&url).form(&form)).await.status, 200);
    let next = code().await;
    let body = json!({ "client_id": id, "client_secret": secret, "redirect_uri": BACK, "code": next });
    assert_eq!(it.send(it.client.post(&url).json(&body)).await.status, 200);
    let next = code().await;
    let form = [("grant_type", "authorization_code"), ("redirect_uri", BACK), ("code", &next)];
    assert_eq!(
        it.send(it.client.post(&url).basic_auth(&id, Some("wrong")).form(&form)).await.error(),
        (1, 0)
    );
    assert_eq!(it.send(it.client.post(&url).basic_auth(&id, Some(&secret)).form(&form)).await.status, 200);
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_on_the_list_never_gets_a_redirect() {
    let it = start().await;
    let app = it.admin("POST", "/apps", json!({ "name": "Strict", "redirect_uris": [BACK] })).await;
    let form = [
        ("client_id", app["id"].as_str().unwrap()),
        ("redirect_uri", "http://127.0.0.1:9/evil"),
        ("person", it.seed.person_id.as_str()),
        ("decision", "continue"),
    ];
    let answer = it.client.post(it.url("/v25.0/dialog/oauth")).form(&form).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("location")), (400, None));
}

#[tokio::test]
async fn revoking_everything_kills_user_and_page_tokens_with_458() {
    let it = start().await;
    let token = log_in(&it, &[]).await;
    let pages = it.get("/me/accounts", &token, &[]).await;
    let page_token = pages.text("/data/0/access_token");
    let revoked = it.delete("/v25.0/me/permissions", &token).await;
    assert_eq!(revoked.body, json!({ "success": true }));
    for dead in [&token, &page_token] {
        assert_eq!(it.get("/me", dead, &[]).await.error(), (190, 458));
    }
    let data = debug(&it, &token).await;
    assert_eq!((&data["is_valid"], &data["error"]["subcode"]), (&json!(false), &json!(458)));
    let again = log_in(&it, &[]).await;
    assert_eq!(it.get("/me", &again, &[]).await.body["name"], "Dana Demo");
}

#[tokio::test]
async fn revoking_one_permission_leaves_the_others() {
    let it = start().await;
    let (page, page_token) = it.page();
    it.admin("PUT", "/switches", json!({ "revoke_body": "true" })).await;
    let revoked = it.delete("/me/permissions/pages_manage_posts", &it.seed.user_token).await;
    assert_eq!(revoked.body, json!(true));
    let refused = it.post(&format!("/{page}/feed"), &page_token, &[("message", "x")]).await;
    assert_eq!((refused.status, refused.error()), (403, (200, 0)));
    assert_eq!(it.get(&format!("/{page}/feed"), &page_token, &[]).await.status, 200);
}

#[tokio::test]
async fn tokens_expire_by_the_sandbox_clock() {
    let it = start().await;
    let code = value(&dialog(&it, &[]).await, "code");
    let short = exchange(&it, &[("redirect_uri", BACK), ("code", &code)]).await.text("/access_token");
    let page = it.get("/me/accounts", &short, &[]).await.text("/data/0/access_token");
    it.admin("PUT", "/clock", json!({ "offset_ms": 3 * 3_600_000 })).await;
    assert_eq!(it.get("/me", &short, &[]).await.error(), (190, 463));
    assert_eq!(it.get("/me", &page, &[]).await.error(), (190, 463));
    let params = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.as_str())];
    assert_eq!(exchange(&it, &params).await.error(), (190, 463));
    assert_eq!(it.get("/me", &it.seed.user_token, &[]).await.status, 200);
}

#[tokio::test]
async fn the_app_token_of_client_credentials_may_debug() {
    let it = start().await;
    let token = exchange(&it, &[("grant_type", "client_credentials")]).await.text("/access_token");
    let reply = it.get("/debug_token", &token, &[("input_token", &it.seed.user_token)]).await;
    assert_eq!(reply.body["data"]["user_id"], json!(it.seed.person_id));
    let unknown = it.get("/debug_token", &token, &[("input_token", "nonsense")]).await;
    assert_eq!((unknown.status, &unknown.body["data"]["is_valid"]), (200, &json!(false)));
    assert_eq!(unknown.body["data"]["error"]["code"], 190);
}

#[tokio::test]
async fn the_account_list_goes_on_where_its_cursor_says() {
    let it = start().await;
    let token = it.seed.user_token.clone();
    let first = it
        .send(it.client.get(it.url("/v25.0/me/accounts")).query(&[
            ("limit", "3"),
            ("access_token", &token),
            ("fields", "name"),
        ]))
        .await;
    assert_eq!(first.body["data"].as_array().unwrap().len(), 3);
    let next = first.text("/paging/next");
    assert!(next.contains(&token));
    let second = it.send(it.client.get(next)).await;
    assert_eq!(second.body["data"], json!([{ "name": "Old Town Museum", "id": it.seed.pages[3].id }]));
    assert!(second.body["paging"].get("next").is_none());
    let by_header = it.get("/me/accounts", &token, &[("limit", "1")]).await.text("/paging/next");
    assert!(!by_header.contains(&token));
}

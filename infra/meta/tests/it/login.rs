//! The login.

use chrono::{DateTime, TimeDelta};
use publishing::{
    authorizer::{Authorizer, Grant, Liveness},
    platform::Platform,
    refusal::{Reason, Remedy},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    script::{Script, error, ok},
    stage::{meta, now},
};

fn callback() -> Url {
    Url::parse("https://app.example/v1/connections/callback").unwrap()
}

fn grant() -> Grant {
    Grant {
        remote_person: "7".to_owned(),
        token: SecretString::from("EAA-long"),
        expires_at: None,
        data_access_expires_at: None,
        granted: Vec::new(),
        declined: Vec::new(),
    }
}

#[tokio::test]
async fn the_dialog_is_asked_for_every_scope_that_publishing_needs() {
    let url = meta("127.0.0.1:9".parse().unwrap()).authorize_url("st&ate", &callback());
    assert_eq!(url.path(), "/v25.0/dialog/oauth");
    let value = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    assert_eq!(value("client_id"), "4242");
    assert_eq!(value("state"), "st&ate");
    assert_eq!(value("redirect_uri"), callback().as_str());
    assert_eq!(value("response_type"), "code");
    assert_eq!(
        value("scope"),
        "pages_show_list,pages_read_engagement,pages_manage_posts,instagram_basic,instagram_content_publish"
    );
}

const DESCRIBED: &str = r#"{"data":{"app_id":4242,"type":"USER","is_valid":true,"expires_at":1800000000,
    "data_access_expires_at":1790000000,"scopes":["pages_show_list"],"user_id":7}}"#;
const PERMISSIONS: &str = r#"{"data":[{"permission":"pages_show_list","status":"granted"},
    {"permission":"instagram_basic","status":"declined"},{"permission":"email","status":"expired"}]}"#;

#[tokio::test]
async fn a_code_becomes_a_long_lived_grant_and_no_address_carries_a_secret() {
    let script = Script::new([
        ok(r#"{"access_token":"EAA-short","token_type":"bearer"}"#),
        ok(r#"{"access_token":"EAA-long","token_type":"bearer","expires_in":5183944}"#),
        ok(DESCRIBED),
        ok(PERMISSIONS),
    ])
    .await;
    let grant = meta(script.address).exchange(&"the-code".into(), &callback()).await.unwrap();
    assert_eq!(grant.token.expose_secret(), "EAA-long");
    assert_eq!(grant.remote_person, "7");
    assert_eq!(grant.expires_at, DateTime::from_timestamp(1_800_000_000, 0));
    assert_eq!(grant.data_access_expires_at, DateTime::from_timestamp(1_790_000_000, 0));
    assert_eq!(
        (grant.granted, grant.declined),
        (vec!["pages_show_list".to_owned()], vec!["instagram_basic".to_owned(), "email".to_owned()])
    );
    let requests = script.requests();
    assert_eq!(requests[0].form["code"], "the-code");
    assert_eq!(requests[0].form["redirect_uri"], callback().as_str());
    assert_eq!(requests[0].form["client_secret"], "app secret");
    assert_eq!(requests[1].form["grant_type"], "fb_exchange_token");
    assert_eq!(requests[1].form["fb_exchange_token"], "EAA-short");
    assert_eq!(requests[2].query["input_token"], "EAA-long");
    assert_eq!(requests[2].headers["authorization"], "Bearer 4242|app secret");
    assert_eq!(requests[3].headers["authorization"], "Bearer EAA-long");
    for request in [&requests[0], &requests[1], &requests[3]] {
        for secret in ["the-code", "EAA", "secret"] {
            let seen = request.target.replace("appsecret_proof", "");
            assert!(!seen.contains(secret), "{seen}");
        }
    }
}

#[tokio::test]
async fn what_the_inspection_leaves_out_comes_from_elsewhere() {
    let script = Script::new([
        ok(r#"{"access_token":"EAA-long","expires_in":"60"}"#),
        ok(r#"{"data":{"is_valid":true,"expires_at":0,"scopes":["a"]}}"#),
        ok(r#"{"id":7}"#),
        ok(r#"{"data":[]}"#),
    ])
    .await;
    let grant = meta(script.address).refresh(&"EAA-old".into()).await.unwrap();
    assert_eq!(grant.expires_at, Some(now() + TimeDelta::seconds(60)));
    assert_eq!((grant.remote_person.as_str(), grant.granted), ("7", vec!["a".to_owned()]));
    assert_eq!(grant.data_access_expires_at, None);
}

#[tokio::test]
async fn a_token_that_does_not_work_or_belongs_to_another_app_makes_no_grant() {
    for (data, reason, remedy) in [
        (r#"{"data":{"is_valid":false,"error":{"code":190}}}"#, Reason::Unauthorized, Remedy::Reconnect),
        (r#"{"data":{"is_valid":true,"app_id":"1"}}"#, Reason::AppMisconfigured, Remedy::GiveUp),
        (r#"{"data":{"scopes":[]}}"#, Reason::PlatformUnavailable, Remedy::Retry),
    ] {
        let script = Script::new([ok(r#"{"access_token":"EAA"}"#), ok(data)]).await;
        let refusal = meta(script.address).refresh(&"x".into()).await.err().unwrap();
        assert_eq!((refusal.reason, refusal.remedy), (reason, remedy), "{data}");
    }
}

#[tokio::test]
async fn a_person_whose_id_is_none_makes_no_grant() {
    let script = Script::new([
        ok(r#"{"access_token":"EAA"}"#),
        ok(r#"{"data":{"is_valid":true,"user_id":"7\u0000"}}"#),
        ok(r#"{"id":"7/permissions"}"#),
    ])
    .await;
    let refusal = meta(script.address).refresh(&"x".into()).await.err().unwrap();
    assert_eq!((refusal.reason, refusal.remedy), (Reason::PlatformUnavailable, Remedy::Retry));
}

#[tokio::test]
async fn pages_and_accounts_whose_id_is_none_are_not_offered() {
    let list = r#"{"data":[{"id":"104\u0000","access_token":"EAA","tasks":["CREATE_CONTENT"],
        "instagram_business_account":{"id":"17"}},{"id":"105","instagram_business_account":{"id":"1/8"}}]}"#;
    let script = Script::new([ok(list)]).await;
    let candidates = meta(script.address).candidates(&grant()).await.unwrap();
    let ids: Vec<_> = candidates.iter().map(|c| c.remote_id.as_str()).collect();
    assert_eq!(ids, ["17", "105"]);
}

#[tokio::test]
async fn a_used_code_and_a_dead_token_are_refused() {
    let script = Script::new([error(400, 100, Some(36_009))]).await;
    let refusal = meta(script.address).exchange(&"used".into(), &callback()).await.err().unwrap();
    assert_eq!(refusal.remedy, Remedy::GiveUp);
    let script = Script::new([error(400, 190, Some(463))]).await;
    let refusal = meta(script.address).refresh(&"expired".into()).await.err().unwrap();
    assert_eq!(refusal.remedy, Remedy::Reconnect);
}

const FIRST: &str = r#"{"data":[
    {"id":"104","name":"Bakery","username":"bakery","access_token":"EAA-1","tasks":["MANAGE","CREATE_CONTENT"],
     "category":"x","fan_count":3,"emails":["a@b"],
     "picture":{"data":{"url":"https://pics.example/1","height":50}},
     "instagram_business_account":{"id":17841,"username":"bakery.ig","profile_picture_url":"https://pics.example/2","biography":"x"}},
    {"id":"105","name":"No account","access_token":"EAA-2","tasks":["PROFILE_PLUS_CREATE_CONTENT"]}],
    "paging":{"cursors":{"before":"a","after":"b"},"next":"http://127.0.0.1:1/elsewhere"}}"#;
const SECOND: &str = r#"{"data":[
    {"id":"106","name":"Read only","access_token":"EAA-3","tasks":["ANALYZE"],
     "connected_instagram_account":{"id":"666"}, "instagram_business_account":{"id":"18"}},
    {"id":"107","name":"No token","tasks":["CREATE_CONTENT"]}],
    "paging":{"cursors":{"before":"b","after":"c"}}}"#;

#[tokio::test]
async fn candidates_are_listed_to_the_last_page() {
    let script = Script::new([ok(FIRST), ok(SECOND)]).await;
    let candidates = meta(script.address).candidates(&grant()).await.unwrap();
    let rows: Vec<_> = candidates
        .iter()
        .map(|c| (c.platform, c.remote_id.as_str(), c.name.as_str(), c.token.expose_secret(), c.can_publish))
        .collect();
    assert_eq!(
        rows,
        [
            (Platform::Facebook, "104", "Bakery", "EAA-1", true),
            (Platform::Instagram, "17841", "bakery.ig", "EAA-1", true),
            (Platform::Facebook, "105", "No account", "EAA-2", true),
            (Platform::Facebook, "106", "Read only", "EAA-3", false),
            (Platform::Instagram, "18", "Read only", "EAA-3", false),
            (Platform::Facebook, "107", "No token", "", false),
        ]
    );
    assert_eq!(candidates[0].picture_url.as_ref().unwrap().as_str(), "https://pics.example/1");
    assert_eq!(candidates[1].username.as_deref(), Some("bakery.ig"));
    assert_eq!(script.requests()[1].query["after"], "b");
}

#[tokio::test]
async fn a_list_that_ends_early_is_not_taken_for_the_whole() {
    let script = Script::new([ok(FIRST), error(500, 2, None)]).await;
    assert!(meta(script.address).candidates(&grant()).await.is_err());
    let script = Script::new(vec![ok(FIRST); 60]).await;
    assert!(meta(script.address).candidates(&grant()).await.is_err());
    assert_eq!(script.requests().len(), 2, "a cursor that does not move ends the reading");
}

#[tokio::test]
async fn liveness_is_what_meta_says_of_the_token() {
    let script = Script::new([ok(DESCRIBED), ok(r#"{"data":{"is_valid":false,"scopes":[]}}"#)]).await;
    let meta = meta(script.address);
    let alive = Liveness {
        valid: true,
        scopes: vec!["pages_show_list".to_owned()],
        expires_at: DateTime::from_timestamp(1_800_000_000, 0),
        data_access_expires_at: DateTime::from_timestamp(1_790_000_000, 0),
    };
    assert_eq!(meta.liveness(&"a".into()).await, Ok(alive));
    assert!(!meta.liveness(&"b".into()).await.unwrap().valid);
}

#[tokio::test]
async fn an_error_of_the_inspection_speaks_of_the_app_and_never_of_the_token() {
    for (status, code, subcode) in
        [(400, 190, None), (400, 190, Some(460)), (403, 10, None), (403, 200, None), (400, 102, None)]
    {
        let script = Script::new([error(status, code, subcode)]).await;
        let refusal = meta(script.address).liveness(&"a".into()).await.unwrap_err();
        assert_eq!((refusal.reason, refusal.remedy), (Reason::AppMisconfigured, Remedy::GiveUp), "{code}");
        assert_eq!((refusal.code.code, refusal.code.subcode), (Some(code), subcode));
    }
}

#[tokio::test]
async fn an_inspection_that_does_not_say_whether_the_token_works_is_no_answer() {
    for body in ["{}", "", r#"{"data":{}}"#, r#"{"data":{"is_valid":null}}"#, r#"{"data":{"is_valid":"no"}}"#]
    {
        let script = Script::new([ok(body)]).await;
        let refusal = meta(script.address).liveness(&"a".into()).await.unwrap_err();
        assert_eq!((refusal.reason, refusal.remedy), (Reason::PlatformUnavailable, Remedy::Retry), "{body}");
    }
    let script = Script::new([ok(r#"{"data":{"is_valid":true,"app_id":"1"}}"#)]).await;
    let refusal = meta(script.address).liveness(&"a".into()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::AppMisconfigured);
}

#[tokio::test]
async fn a_grant_is_taken_back_in_either_spelling_and_only_once() {
    for (reply, done) in [
        (ok("true"), true),
        (ok(r#"{"success":true}"#), true),
        (error(400, 190, Some(458)), true),
        (ok(r#"{"success":false}"#), false),
        (ok("<html>"), false),
        (error(400, 190, Some(463)), false),
    ] {
        let script = Script::new([reply]).await;
        let outcome = meta(script.address).revoke("7", &"EAA".into()).await;
        assert_eq!(outcome.is_ok(), done, "{outcome:?}");
        assert_eq!(script.paths(), ["DELETE /v25.0/7/permissions"]);
    }
}

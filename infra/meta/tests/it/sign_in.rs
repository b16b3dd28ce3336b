//! The login against the sandbox's dialog, as a person in a browser goes through it.

use chrono::{TimeDelta, Utc};
use meta::Settings;
use publishing::{
    authorizer::Authorizer,
    platform::Platform,
    publisher::{Published, Publisher},
    refusal::{Reason, Remedy},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

use crate::rig::Rig;

fn callback() -> Url {
    Url::parse("https://app.example/v1/connections/callback?x=1").unwrap()
}

async fn code(rig: &Rig, fields: &str) -> SecretString {
    let back = rig.sign_in(&rig.meta.authorize_url("the-state", &callback()), fields).await;
    let value = |name: &str| back.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    assert_eq!(value("state").as_deref(), Some("the-state"));
    SecretString::from(value("code").unwrap())
}

#[tokio::test]
async fn signing_in_reaches_every_page_and_account() {
    let rig = Rig::new().await;
    let grant = rig.meta.exchange(&code(&rig, "").await, &callback()).await.unwrap();
    assert_eq!(grant.remote_person, rig.seed.person_id);
    assert!(grant.expires_at.unwrap() - Utc::now() > TimeDelta::days(59));
    assert!(grant.data_access_expires_at.is_some());
    for scope in rig.meta.scopes() {
        assert!(grant.granted.contains(&scope), "{scope}");
    }
    let candidates = rig.meta.candidates(&grant).await.unwrap();
    let mut expected = Vec::new();
    for page in &rig.seed.pages {
        expected.push((Platform::Facebook, page.id.clone(), page.can_publish));
        expected
            .extend(page.instagram.as_ref().map(|ig| (Platform::Instagram, ig.id.clone(), page.can_publish)));
    }
    let found: Vec<_> = candidates.iter().map(|c| (c.platform, c.remote_id.clone(), c.can_publish)).collect();
    assert_eq!(found, expected);
    let liveness = rig.meta.liveness(&candidates[0].token).await.unwrap();
    assert!(liveness.valid && liveness.expires_at.is_none(), "page tokens do not end: {liveness:?}");
    let mut work = rig.work("image");
    work.token = candidates[1].token.clone();
    rig.make_ready(&mut work).await;
    assert!(matches!(rig.meta.publish(&work).await, Published::Live(_)));
}

#[tokio::test]
async fn hundreds_of_pages_are_listed_to_the_last() {
    let rig = Rig::new().await;
    let order =
        json!({"count": 250, "app_id": rig.seed.app_id, "person_id": rig.seed.person_id, "instagram": true});
    rig.admin("bulk", order).await;
    let grant = rig.meta.exchange(&code(&rig, "").await, &callback()).await.unwrap();
    let candidates = rig.meta.candidates(&grant).await.unwrap();
    let instagram = rig.seed.pages.iter().filter(|page| page.instagram.is_some()).count();
    assert_eq!(candidates.len(), rig.seed.pages.len() + instagram + 500);
    let mut ids: Vec<_> = candidates.iter().map(|c| c.remote_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), candidates.len());
}

#[tokio::test]
async fn what_the_person_unticks_is_declined() {
    let rig = Rig::new().await;
    let page = &rig.seed.pages[1].id;
    let fields = format!(
        "chosen=1&page={page}&permission=pages_show_list&permission=pages_read_engagement&permission=pages_manage_posts"
    );
    let grant = rig.meta.exchange(&code(&rig, &fields).await, &callback()).await.unwrap();
    assert!(grant.granted.contains(&"pages_manage_posts".to_owned()));
    assert!(grant.declined.contains(&"instagram_content_publish".to_owned()), "{:?}", grant.declined);
    let candidates = rig.meta.candidates(&grant).await.unwrap();
    assert!(candidates.iter().all(|c| c.platform == Platform::Facebook && c.remote_id == *page));
    assert_eq!(candidates.len(), 1);
}

#[tokio::test]
async fn a_code_works_once_and_only_for_its_address() {
    let rig = Rig::new().await;
    let first = code(&rig, "").await;
    let elsewhere = Url::parse("https://app.example/other").unwrap();
    assert!(rig.meta.exchange(&first, &elsewhere).await.is_err());
    let second = code(&rig, "").await;
    assert!(rig.meta.exchange(&second, &callback()).await.is_ok());
    let refusal = rig.meta.exchange(&second, &callback()).await.err().unwrap();
    assert_eq!(refusal.remedy, Remedy::GiveUp);
}

#[tokio::test]
async fn a_wrong_secret_is_for_the_operator_to_put_right() {
    let rig = Rig::with(|settings| Settings { app_secret: "wrong".into(), ..settings }).await;
    let refusal = rig.meta.exchange(&"any".into(), &callback()).await.err().unwrap();
    assert_eq!((refusal.reason, refusal.remedy), (Reason::AppMisconfigured, Remedy::GiveUp));
    let token = SecretString::from(rig.seed.pages[0].token.clone());
    let refusal = rig.meta.liveness(&token).await.unwrap_err();
    assert_eq!((refusal.reason, refusal.remedy), (Reason::AppMisconfigured, Remedy::GiveUp));
}

#[tokio::test]
async fn a_grant_is_refreshed_and_then_taken_back() {
    let rig = Rig::new().await;
    let grant = rig.meta.exchange(&code(&rig, "").await, &callback()).await.unwrap();
    let refreshed = rig.meta.refresh(&grant.token).await.unwrap();
    assert_ne!(refreshed.token.expose_secret(), grant.token.expose_secret());
    assert!(rig.meta.liveness(&refreshed.token).await.unwrap().valid);
    rig.meta.revoke(&refreshed.remote_person, &refreshed.token).await.unwrap();
    assert!(!rig.meta.liveness(&refreshed.token).await.unwrap().valid);
    assert!(rig.meta.refresh(&refreshed.token).await.is_err());
}

//! The login: through the platform's dialog and back.

use serde_json::json;

use super::{stage, state, tokens};
use crate::support::person::Login;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_goes_through_the_dialog_and_chooses_what_to_connect() {
    let (_world, person) = stage().await;
    let login = person.begin().await;
    assert_eq!(state(&person, &login.connection).await, "awaiting_person");
    let nonce = person.agree(&login, &[]).await;
    assert_eq!(
        state(&person, &login.connection).await,
        "awaiting_person",
        "nobody agreed to this organization yet"
    );
    let page = person.press(&nonce, "continue").await.is(200);
    let code =
        page.body.as_str().unwrap().split(['<', '>']).find(|text| text.len() == 64).unwrap().to_owned();
    assert_eq!(state(&person, &login.connection).await, "awaiting_completion");
    let unseen = person.get(&format!("/v1/connections/{}", login.connection)).await;
    assert_eq!(unseen.body.get("candidates"), None, "candidates are shown to whoever completes");
    let path = format!("/v1/connections/{}/complete", login.connection);
    let wrong = person.post(&path, json!({ "completion_code": "x".repeat(43) })).await;
    assert_eq!(wrong.refuses(422, "validation_failed").violations()[0].1, "completion_code_wrong");
    person.post(&path, json!({ "completion_code": code })).await.is(200);
    assert_eq!(state(&person, &login.connection).await, "awaiting_selection");
    let picks = json!([{ "platform": "facebook", "remote_id": crate::support::sandbox::PAGE }]);
    person.choose(&login.connection, picks).await.is(200);
    assert_eq!(state(&person, &login.connection).await, "connected");
    let channels = person.get("/v1/channels").await.is(200);
    assert_eq!(
        (channels.text("/data/0/name"), channels.text("/data/0/state")),
        ("Harbour Coffee".into(), "connected".into())
    );
    assert_eq!(channels.body["data"][0]["health"]["can_publish"], true);
    person.post(&path, json!({ "completion_code": code })).await.is(409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_says_no_connects_nothing() {
    let (world, person) = stage().await;
    let login = person.begin().await;
    let page = person.come_back(&login.answer("cancel", &[]).await).await.is(200);
    assert!(page.body.as_str().unwrap().contains("Nothing was connected"));
    let view = person.get(&format!("/v1/connections/{}", login.connection)).await.is(200);
    assert_eq!((view.text("/state"), view.text("/failure/code")), ("failed".into(), "access_denied".into()));
    assert_eq!(tokens(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_works_once_and_not_at_all_when_it_is_forged_or_late() {
    let (world, person) = stage().await;
    let first = person.begin().await;
    let location = first.answer("continue", &[]).await;
    person.come_back(&location).await.is(200);
    person.come_back(&location).await.refuses(400, "login_used");
    let forged = format!("{}/v1/connections/callback?state={}&code=AQD123", world.base, "A".repeat(43));
    person.come_back(&forged).await.refuses(400, "login_unknown");
    let late = person.begin().await;
    let location = late.answer("continue", &[]).await;
    world
        .database
        .execute("UPDATE connection_attempts SET expires_at = now() - interval '1 second'", &[])
        .await;
    person.come_back(&location).await.refuses(400, "login_expired");
    assert_eq!(state(&person, &late.connection).await, "expired");
    let exchanges = world.sandbox.calls("exchange").await.len();
    assert_eq!(
        exchanges, 2,
        "one for the short-lived token and one for the long-lived, of the first login only"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_goes_on_only_with_whoever_began_it() {
    let (world, person) = stage().await;
    let login = person.begin().await;
    let code = person.consent(&login, &[]).await;
    let path = format!("/v1/connections/{}/complete", login.connection);
    let completion = json!({ "completion_code": code });
    let stranger = world.sign_up("Somebody else").await;
    stranger.post(&path, completion.clone()).await.refuses(404, "not_found");
    let credentials = json!({ "mail": person.mail, "password": crate::support::person::PASSWORD });
    let other_session = person.post("/v1/sessions", credentials).await.is(201).text("/access_token");
    person.with(&other_session).post(&path, completion.clone()).await.refuses(404, "not_found");
    let grant = json!({ "name": "robot", "scopes": ["channels:read", "channels:write"] });
    let (_, robot) = person.grant(grant).await;
    robot.post(&path, completion.clone()).await.refuses(404, "not_found");
    person.post(&path, completion).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_the_platform_refuses_fails_the_login_and_says_so() {
    let (world, person) = stage().await;
    world.sandbox.fault("exchange", json!({ "kind": "refuse", "code": 100 })).await;
    let login = person.begin().await;
    person.come_back(&login.answer("continue", &[]).await).await.is(200);
    let view = person.get(&format!("/v1/connections/{}", login.connection)).await.is(200);
    assert_eq!(view.text("/state"), "failed");
    assert!(view.body["failure"]["fix"].as_str().unwrap().len() > 5);
    assert_eq!(tokens(&world).await, 0);
    let again = format!("/v1/connections/{}/reconnect", login.connection);
    let login = Login::of(&person.post(&again, json!({})).await.is(200));
    person.finish(&login, &[("facebook", crate::support::sandbox::PAGE)]).await;
    assert_eq!(state(&person, &login.connection).await, "connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browser_is_sent_back_only_to_origins_that_are_allowed() {
    let (_world, person) = stage().await;
    let body = |url: &str| json!({ "workspace_id": person.workspace, "provider": "meta", "return_url": url });
    person.post("/v1/connections", body("https://evil.example/steal")).await.is(422);
    let key = json!({ "name": "front end", "scopes": ["channels:read", "channels:write"], "origins": ["https://app.example"] });
    let (_, front_end) = person.grant(key).await;
    front_end.post("/v1/connections", body("https://app.example.evil.example/")).await.is(422);
    let begun = front_end.post("/v1/connections", body("https://app.example/done?tab=2")).await.is(201);
    let login = Login::of(&begun);
    let nonce = person.agree(&login, &[]).await;
    let back = person.press(&nonce, "continue").await.is(303);
    let location = back.header("location");
    assert!(location.starts_with("https://app.example/done?tab=2&"), "{location}");
    let location: url::Url = location.parse().unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "completion").unwrap().1.into_owned();
    let path = format!("/v1/connections/{}/complete", login.connection);
    front_end.post(&path, json!({ "completion_code": code })).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_sent_to_a_victim_yields_its_sender_nothing() {
    let (world, attacker) = stage().await;
    let key = json!({ "name": "bait", "scopes": ["channels:read", "channels:write"], "origins": ["https://evil.example"] });
    let (_, bait) = attacker.grant(key).await;
    let body = json!({
        "workspace_id": attacker.workspace, "provider": "meta", "return_url": "https://evil.example/take"
    });
    let login = Login::of(&bait.post("/v1/connections", body).await.is(201));
    // The victim follows the link, agrees in the platform's dialog, and then reads whom this is for.
    let page = attacker.come_back(&login.answer("continue", &[]).await).await.is(200);
    let html = page.body.as_str().unwrap();
    for name in ["Harbour Coffee", "https://evil.example"] {
        assert!(html.contains(name), "{name} is not in {html}");
    }
    assert!(!html.contains("<code>") && page.headers.get("location").is_none());
    assert_eq!(tokens(&world).await, 1);
    let nonce = html.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let declined = attacker.press(nonce, "decline").await.is(200);
    assert!(declined.body.as_str().unwrap().contains("Nothing was connected"));
    assert_eq!(tokens(&world).await, 0, "the grant and its key are gone at once");
    let view = bait.get(&format!("/v1/connections/{}", login.connection)).await.is(200);
    assert_eq!((view.text("/state"), view.text("/failure/code")), ("failed".into(), "declined".into()));
    attacker.press(nonce, "continue").await.refuses(400, "login_used");
    let ask = async || world.sandbox.calls("revoke").await.len();
    crate::support::until::until("taken back on the platform", ask, |calls| *calls == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_answers_for_its_own_login_and_once() {
    let (_world, person) = stage().await;
    let (one, other) = (person.begin().await, person.begin().await);
    let (first, second) = (person.agree(&one, &[]).await, person.agree(&other, &[]).await);
    person.press(&second, "continue").await.is(200);
    person.press(&second, "continue").await.refuses(400, "login_used");
    person.press(&second, "decline").await.refuses(400, "login_used");
    assert_eq!(state(&person, &other.connection).await, "awaiting_completion");
    assert_eq!(state(&person, &one.connection).await, "awaiting_person");
    person.press(&"0".repeat(64), "continue").await.refuses(400, "login_unknown");
    person.press(&first, "decline").await.is(200);
    assert_eq!(state(&person, &one.connection).await, "failed");
    assert_eq!(state(&person, &other.connection).await, "awaiting_completion");
}

//! Secrets stay where they are needed: canaries of every kind are sent through the real binary at its most talkative, and looked
//! for in its logs, its metrics and its database.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    Caller, Channels, Person, World, hexadecimal::hexadecimal, process::Process, world::free_port,
};

const PASSWORD: &str = "canary-password-of-dana-9471";
const CAPTION: &str = "canary caption 2203";
const PLATFORM: &str = "canary words of the platform 7716";

/// What the request log may say, see rule G1 in the documentation of the API.
const REQUEST_LOG: [&str; 12] = [
    "timestamp",
    "level",
    "target",
    "message",
    "method",
    "route",
    "status",
    "latency_us",
    "bytes_in",
    "bytes_out",
    "request_id",
    "actor",
];

/// Follows a calendar at its secret address, and returns what is secret about it.
async fn follow(person: &Person) -> String {
    let feeds = format!("/v1/workspaces/{}/feeds", person.workspace);
    let address = person.post(&feeds, json!({ "name": "Team" })).await.is(201).text("/url");
    Caller::new("", None).get(&address).await.is(200);
    address.rsplit('/').next().unwrap().trim_end_matches(".ics").to_owned()
}

/// Goes through everything that involves a secret, and returns them all.
async fn use_secrets(world: &World) -> (Person, Channels, BTreeSet<String>) {
    let person = Person::sign_up_with(&world.base, "Secretive", PASSWORD).await;
    let wrong = json!({ "mail": person.mail, "password": "canary-wrong-password-1" });
    person.post("/v1/sessions", wrong).await.is(401);
    let tokens =
        person.post("/v1/sessions/refresh", json!({ "refresh_token": person.refresh_token })).await.is(200);
    let login = person.begin().await;
    let state = login.authorize_url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let declined = person.agree(&person.begin().await, &[]).await;
    person.press(&declined, "decline").await.is(200);
    let code = person.consent(&login, &[]).await;
    person
        .post(&format!("/v1/connections/{}/complete", login.connection), json!({ "completion_code": code }))
        .await
        .is(200);
    person.delete(&format!("/v1/connections/{}", login.connection)).await.is(204);
    let channels = person.connect().await;
    let key = person.post("/v1/api_keys", json!({ "name": "robot", "scopes": ["posts:read"] })).await.is(201);
    person.with(&key.text("/secret")).get("/v1/posts?limit=1").await.is(200);
    let secrets = [
        follow(&person).await,
        PASSWORD.to_owned(),
        "canary-wrong-password-1".to_owned(),
        person.token.clone().unwrap(),
        person.refresh_token.clone(),
        tokens.text("/access_token"),
        tokens.text("/refresh_token"),
        key.text("/secret"),
        world.sandbox.app_secret.clone(),
        person.mail.clone(),
        state,
        declined,
        code,
        // Every token that the sandbox issues begins like this.
        "EAASBX".to_owned(),
    ];
    (person, channels, BTreeSet::from(secrets))
}

/// Publishes, is refused, and meets a lost answer: all that logs have to tell about.
async fn publish(world: &World, person: &Person, channels: &Channels) {
    let post = person.write(CAPTION, &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
    let refusal = json!({ "kind": "refuse", "code": 100, "message": PLATFORM });
    world.sandbox.fault("feed", refusal).await;
    let refused = person.write(&format!("{CAPTION} again"), &[&channels.facebook], json!({})).await;
    person.publish_now(&refused).await;
    person.until_status(&refused, "failed").await;
    world.sandbox.fault("feed", json!({ "kind": "execute_then_drop" })).await;
    let lost = person.write(&format!("{CAPTION} at last"), &[&channels.facebook], json!({})).await;
    person.publish_now(&lost).await;
    person.until_status(&lost, "published").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_reaches_a_log_a_metric_or_the_database_in_the_clear() {
    let metrics = format!("127.0.0.1:{}", free_port());
    let changes = [
        ("POSTERN_LOG_LEVEL", "trace,apalis_core=trace"),
        ("POSTERN_LOG_FORMAT", "json"),
        ("POSTERN_METRICS_LISTEN", metrics.as_str()),
    ];
    let world = World::prepare(&changes).await;
    let mut product = Process::start(&["serve", "--with-workers"], world.environment());
    product.until_said("postern serves").await;
    let (person, channels, secrets) = use_secrets(&world).await;
    publish(&world, &person, &channels).await;
    let page = crate::support::Caller::new(&format!("http://{metrics}"), None).get("/metrics").await.is(200);
    let page = page.body.as_str().unwrap().to_owned();
    assert!(page.contains("postern_"), "{page}");
    assert!(product.stop().await.0.success());
    let log = product.said();
    assert!(log.lines().count() > 200 && log.contains("\"TRACE\""), "a log like this proves nothing: {log}");
    let never_told = [CAPTION, PLATFORM];
    for secret in secrets.iter().map(String::as_str).chain(never_told) {
        for (place, text) in [("the log", &log), ("the metrics", &page)] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in {place}");
        }
    }
    let rows = world.database.dump(&[]).await;
    assert!(
        rows.iter().any(|row| row.contains(CAPTION)),
        "captions are content, and a dump that lacks them proves nothing"
    );
    for secret in &secrets {
        let hex = hexadecimal(secret.as_bytes());
        let row = rows.iter().find(|row| row.contains(secret.as_str()) || row.contains(&hex));
        assert_eq!(row, None, "{secret} is in the database");
    }
    requests_are_logged_by_the_list(&log);
}

/// Every line of the request log has the members of the list and no other, and no address or id of anybody.
fn requests_are_logged_by_the_list(log: &str) {
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["target"] == "postern::request").collect();
    assert!(requests.len() > 20, "only {} requests", requests.len());
    for request in requests {
        for member in request.as_object().unwrap().keys() {
            assert!(REQUEST_LOG.contains(&member.as_str()), "{member} is in {request}");
        }
        let route = request["route"].as_str().unwrap_or_default();
        assert!(!route.contains("_01"), "an id is in {request}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_generated_secrets_are_for_nobody_elses_eyes() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::start().await;
    for name in ["secrets.toml", "keyring.toml"] {
        let mode = std::fs::metadata(world.state_dir().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} can be read by others");
    }
}

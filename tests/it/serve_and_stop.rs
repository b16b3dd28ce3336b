//! The binary as an operator meets it: its commands, its words and its end.

use std::{ffi::OsString, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Caller, Person, World, process::Process, until::until, world::free_port};

fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_and_work_are_processes_of_their_own_and_end_politely_within_ten_seconds() {
    let world = World::prepare(&[("POSTERN_LOG_LEVEL", "info")]).await;
    let mut serve = Process::start(&["serve"], world.environment());
    serve.until_said(&format!("postern serves {}/v1", world.base)).await;
    let mut work = Process::start(&["work"], world.environment());
    work.until_said("postern works").await;
    let person = world.sign_up("Two processes").await;
    let channels = person.connect().await;
    // The platform takes its time, and the worker is told to stop meanwhile.
    world.sandbox.fault("feed", json!({ "kind": "delay_ms", "ms": 1_500 })).await;
    let post = person.write("Finished before the end", &[&channels.facebook], json!({})).await;
    person.publish_now(&post).await;
    let ask = async || world.sandbox.calls("feed").await.len();
    until("in hand", ask, |calls| *calls == 1).await;
    let (status, took) = work.stop().await;
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
    assert_eq!(person.view(&post).await.body["status"], "published", "what was in hand was not finished");
    let waiting = person.write("Nobody works", &[&channels.facebook], json!({})).await;
    person.publish_now(&waiting).await;
    let (status, took) = serve.stop().await;
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
    assert!(person.request("GET", "/v1/me").send().await.is_err(), "somebody still listens");
    assert_eq!(world.sandbox.ledger().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_trickles_its_body_does_not_delay_the_end_beyond_the_ceiling() {
    let world = World::prepare(&[("POSTERN_SHUTDOWN_CEILING", "4s")]).await;
    let mut serve = Process::start(&["serve"], world.environment());
    serve.until_said("postern serves").await;
    let mut client = TcpStream::connect(world.base.trim_start_matches("http://")).await.unwrap();
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    // The server says so when it begins to read the body.
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, *b"HTTP/1.1 100");
    let trickle = tokio::spawn(async move {
        while client.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let (status, took) = serve.stop().await;
    // Nothing but the client held it up, so that what is kept for a private database is left over.
    assert!(status.success() && took < Duration::from_secs(4), "{status} after {took:?}");
    assert!(took > Duration::from_secs(1), "it was not held up at all: {took:?}");
    trickle.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_without_a_database_runs_one_of_its_own_and_stops_it() {
    let state = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let path = state.path().display().to_string();
    let settings = [
        ("POSTERN_STATE_DIR", path.as_str()),
        ("POSTERN_LISTEN", &listen),
        ("POSTERN_METRICS_LISTEN", "off"),
    ];
    for mail in ["first@example.org", "second@example.org"] {
        let mut serve = Process::start(&["serve"], environment(&settings));
        serve.until_said("postern serves").await;
        let base = format!("http://{listen}");
        let nobody = Caller::new(&base, None);
        assert_eq!(nobody.get("/readyz").await.status, 200);
        let body = crate::support::person::registration(mail, "a long enough password", "Private");
        nobody.post("/v1/registrations", body).await.is(202);
        // The second run continues with what the first one kept.
        let first = json!({ "mail": "first@example.org", "password": "a long enough password" });
        nobody.post("/v1/sessions", first).await.is(201);
        let (status, took) = serve.stop().await;
        assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
        let pid = state.path().join("postgres/server/data/postmaster.pid");
        assert!(!pid.exists(), "its PostgreSQL was left running");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_says_where_it_is_and_what_any_client_can_use() {
    let mut sandbox = Process::start(&["sandbox", "--listen", "127.0.0.1:0"], Vec::new());
    let said = sandbox.until_said("Harbour Coffee").await;
    let address = said.split("listens on ").nth(1).unwrap().split(';').next().unwrap();
    let seed = Caller::new(address, None).get("/_sandbox/seed").await.is(200);
    assert!(said.contains(&seed.text("/app_id")) && said.contains(&seed.text("/user_token")));
    assert!(sandbox.stop().await.0.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_says_what_it_did_and_does_it_once() {
    let world = World::prepare(&[]).await;
    world.database.execute("DROP SCHEMA public CASCADE", &[]).await;
    world.database.execute("CREATE SCHEMA public", &[]).await;
    for words in ["migrated: 00000000000001", "the database was up to date"] {
        let mut migrate = Process::start(&["migrate"], world.environment());
        assert!(migrate.ended().await.success());
        migrate.until_said(words).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_shape_is_refused_in_one_line_that_says_what_to_do() {
    let world = World::prepare(&[]).await;
    // What an earlier version of the same migrations would have made.
    world.database.execute("ALTER TABLE publications DROP COLUMN plan_epoch, DROP COLUMN looks", &[]).await;
    for command in ["serve", "work", "migrate"] {
        let mut process = Process::start(&[command], world.environment());
        assert!(!process.ended().await.success(), "{command}");
        let said = process.until_said("the tables of the database are not those of this version").await;
        let line = said.lines().find(|line| line.contains("the tables of the database")).unwrap();
        for words in ["publications.", "is declared but not in the database, and 1 more", "POSTERN_STATE_DIR"]
        {
            assert!(line.contains(words), "{command} does not say {words}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn config_check_prints_every_setting_and_no_secret() {
    let world = World::prepare(&[]).await;
    let mut check = Process::start(&["config", "check"], world.environment());
    assert!(check.ended().await.success());
    let said = check.until_said("POSTERN_PUBLISH_MAX_BACKOFF").await;
    assert!(said.contains("POSTERN_META_APP_ID") && said.contains(crate::support::sandbox::APP_ID));
    assert!(!said.contains(&world.sandbox.app_secret) && !said.contains(&world.database.url));
    let mut wrong = Process::start(&["config", "check"], environment(&[("POSTERN_LISTEN", "everywhere")]));
    assert!(!wrong.ended().await.success());
    wrong.until_said("POSTERN_LISTEN").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_does_not_start_without_its_secrets_and_says_which() {
    let world = World::prepare(&[]).await;
    let settings =
        [("POSTERN_ENVIRONMENT", "production"), ("POSTERN_DATABASE_URL", world.database.url.as_str())];
    let mut serve = Process::start(&["serve"], environment(&settings));
    assert!(!serve.ended().await.success());
    let said = serve.until_said("POSTERN_SIGNING_KEYS").await;
    for name in
        ["POSTERN_PASSWORD_PEPPERS", "POSTERN_LOOKUP_KEY", "POSTERN_META_APP_SECRET", "POSTERN_PUBLIC_URL"]
    {
        assert!(said.contains(name), "{name} is not named in {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_does_not_start_on_a_database_that_may_lose_commits() {
    // The server of the tests does not wait for the disk; a first start made the key ring.
    let world = World::start().await;
    let key =
        || STANDARD.encode([*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat());
    let ring = world.state_dir().join("keyring.toml").display().to_string();
    let (signing, peppers, lookup, cursor) = (key(), format!("1:{}", key()), key(), key());
    let mut serve = Process::start(
        &["serve"],
        environment(&[
            ("POSTERN_ENVIRONMENT", "production"),
            ("POSTERN_DATABASE_URL", &world.database.url),
            ("POSTERN_PUBLIC_URL", "https://api.example.com"),
            ("POSTERN_SIGNING_KEYS", &signing),
            ("POSTERN_PASSWORD_PEPPERS", &peppers),
            ("POSTERN_KEYRING_FILE", &ring),
            ("POSTERN_LOOKUP_KEY", &lookup),
            ("POSTERN_CURSOR_KEY", &cursor),
            ("POSTERN_META_APP_ID", crate::support::sandbox::APP_ID),
            ("POSTERN_META_APP_SECRET", &key()),
            ("POSTERN_DATA_AT_REST_ENCRYPTED", "true"),
        ]),
    );
    assert!(!serve.ended().await.success());
    serve.until_said("set fsync = on, full_page_writes = on there").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_use_is_said_in_one_line() {
    let world = World::start().await;
    let mut second = Process::start(&["serve"], world.environment());
    assert!(!second.ended().await.success());
    second.until_said("cannot listen on").await;
    Person::sign_up(&world.base, "Undisturbed").await;
}

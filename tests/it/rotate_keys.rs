//! Rotating the key ring while everything runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::support::{Person, World, process::Process};

/// Reads what is sealed, again and again: the person's mail address and the devices of their sessions.
async fn read_until(person: Person, stop: Arc<AtomicBool>) -> usize {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        for path in ["/v1/me", "/v1/sessions"] {
            let reply = person.get(path).await;
            assert_eq!(reply.status, 200, "read {reads}: {:#}", reply.body);
            reads += 1;
        }
    }
    reads
}

async fn rotate(world: &World) {
    let mut rotation = Process::start(&["keys", "rotate"], world.environment());
    let status = rotation.ended().await;
    assert!(status.success(), "{}", rotation.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_the_keys_while_people_read_and_posts_go_out_fails_nothing() {
    let mut world = World::start().await;
    let person = world.sign_up("Rotating").await;
    let channels = person.connect().await;
    let versions = "SELECT max(ring_version)::bigint FROM (SELECT ring_version FROM organization_keys
        UNION ALL SELECT ring_version FROM person_keys) k";
    let first = world.database.number(versions).await;
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3).map(|_| tokio::spawn(read_until(person.clone(), stop.clone()))).collect();
    for round in 0..3 {
        let post = person.write(&format!("Round {round}"), &[&channels.facebook], json!({})).await;
        person.publish_now(&post).await;
        rotate(&world).await;
        person.until_status(&post, "published").await;
    }
    // Somebody who comes meanwhile gets the newest key.
    world.sign_up("Newcomer").await.get("/v1/me").await.is(200);
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 10);
    }
    assert_eq!(world.database.number(versions).await, first + 3);
    let behind = "SELECT count(*) FROM (SELECT ring_version FROM organization_keys UNION ALL SELECT ring_version FROM person_keys) k
        WHERE ring_version < (SELECT max(ring_version) FROM organization_keys)";
    assert_eq!(world.database.number(behind).await, 0, "a key is still wrapped by an older one");
    the_older_keys_are_not_needed(&mut world, &person).await;
}

/// With nothing but the newest key in the file, everything still opens.
async fn the_older_keys_are_not_needed(world: &mut World, person: &Person) {
    world.stop().await;
    let path = world.state_dir().join("keyring.toml");
    let ring = std::fs::read_to_string(&path).unwrap();
    let entries: Vec<_> = ring.split("[[key]]").collect();
    assert_eq!(entries.len(), 5, "a heading and four keys");
    let version = |entry: &&str| -> i32 {
        let line = entry.lines().find(|line| line.trim_start().starts_with("version")).unwrap();
        line.split('=').nth(1).unwrap().trim().parse().unwrap()
    };
    let newest = entries[1..].iter().copied().max_by_key(version).unwrap();
    std::fs::write(&path, format!("[[key]]{newest}")).unwrap();
    world.run(postern::Roles { api: true, workers: true }).await;
    person.get("/v1/me").await.is(200);
    let channels = person.get("/v1/channels").await.is(200);
    let facebook = crate::support::person::channel(&channels.body["data"], "facebook");
    let post = person.write("With the newest key alone", &[&facebook], json!({})).await;
    person.publish_now(&post).await;
    person.until_status(&post, "published").await;
}

fn key() -> String {
    STANDARD.encode([*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_production_gets_its_first_key_and_its_database_is_stopped_again() {
    let state = tempfile::tempdir().unwrap();
    let ring = state.path().join("ring.toml");
    let settings = |ring: &std::path::Path| {
        [
            ("POSTERN_ENVIRONMENT", "production".to_owned()),
            ("POSTERN_STATE_DIR", state.path().display().to_string()),
            ("POSTERN_PUBLIC_URL", "https://api.example.com".to_owned()),
            ("POSTERN_SIGNING_KEYS", key()),
            ("POSTERN_PASSWORD_PEPPERS", format!("1:{}", key())),
            ("POSTERN_KEYRING_FILE", ring.display().to_string()),
            ("POSTERN_LOOKUP_KEY", key()),
            ("POSTERN_CURSOR_KEY", key()),
            ("POSTERN_META_APP_ID", crate::support::sandbox::APP_ID.to_owned()),
            ("POSTERN_META_APP_SECRET", key()),
            ("POSTERN_DATA_AT_REST_ENCRYPTED", "true".to_owned()),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec()
    };
    let nowhere = state.path().join("no such directory/ring.toml");
    for (file, succeeds, keys) in [(&ring, true, 1), (&nowhere, false, 1), (&ring, true, 2)] {
        let mut rotation = Process::start(&["keys", "rotate"], settings(file));
        assert_eq!(rotation.ended().await.success(), succeeds, "{}", rotation.said());
        let text = std::fs::read_to_string(&ring).unwrap();
        assert_eq!(text.matches("[[key]]").count(), keys, "{}", rotation.said());
        let pid = state.path().join("postgres/server/data/postmaster.pid");
        assert!(pid.parent().unwrap().exists(), "there was no private server");
        assert!(!pid.exists(), "its PostgreSQL was left running");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_path_makes_no_second_ring() {
    let world = World::start().await;
    let person = world.sign_up("One ring").await;
    let mistyped = world.state_dir().join("keyrng.toml");
    let mut environment = world.environment();
    environment.push(("POSTERN_KEYRING_FILE".into(), mistyped.clone().into()));
    let mut rotation = Process::start(&["keys", "rotate"], environment);
    assert!(!rotation.ended().await.success(), "{}", rotation.said());
    rotation.until_said("wrapped by version 1 of a ring already").await;
    assert!(!mistyped.exists(), "a ring was made that opens nothing");
    person.get("/v1/me").await.is(200);
}

//! Rotating the key ring while everything runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

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

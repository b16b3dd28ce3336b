//! The document in the repository is the one that the program serves.

use crate::support::World;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");

#[test]
fn the_committed_document_is_what_the_code_says() {
    let current = format!("{}\n", api::document().yaml().trim_end());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PATH, &current).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    let different = committed.lines().zip(current.lines()).position(|(old, new)| old != new);
    assert!(
        committed == current,
        "openapi.yaml differs from the code, first in line {}; `cargo run -- openapi > openapi.yaml` brings it up to date",
        different.unwrap_or(committed.lines().count().min(current.lines().count())) + 1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_served_document_is_the_committed_one() {
    let world = World::start().await;
    let served = world.nobody().get("/openapi.json").await.is(200);
    assert_eq!(&served.body, api::document().json());
    let page = world.nobody().get("/docs").await.is(200);
    assert!(page.body.as_str().unwrap().contains("Postern API"));
}

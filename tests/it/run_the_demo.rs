//! The demo as a newcomer meets it: one command, a state directory of its own, and nothing set up before.

use std::{ffi::OsString, os::unix::fs::PermissionsExt, path::Path};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Caller, process::Process};

/// A directory that the user who runs PostgreSQL for root may enter, as a home directory is.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    home
}

/// `postern demo --once` with its state there and on free ports, so that many can run on one machine.
fn demo(home: &TempDir, more: &[(&str, &Path)]) -> Process {
    let settings = [("POSTERN_STATE_DIR", home.path()), ("POSTERN_LISTEN", Path::new("127.0.0.1:0"))];
    let pairs = settings.iter().chain(more);
    let environment = pairs.map(|(name, value)| (OsString::from(name), value.as_os_str().to_owned()));
    Process::start(&["demo", "--once"], environment.collect())
}

/// Waits for one step after the other: on a busy machine all of them together may take long.
async fn until_scheduled(demo: &Process) {
    for step in
        ["is ready after", "the API listens on", "granting an API key", "scheduled one post for 2 channels"]
    {
        demo.until_said(step).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_publishes_to_both_channels_and_leaves_nothing_running() {
    let home = home();
    let mut first = demo(&home, &[]);
    first.until_said("state lives in").await;
    let mut second = demo(&home, &[]);
    assert!(!second.ended().await.success(), "two demos shared a state directory");
    second.until_said("a demo is already running in").await;
    until_scheduled(&first).await;
    first.until_said("Published:").await;
    let ended = first.ended().await;
    let said = first.said();
    assert!(ended.success(), "{said}");
    let (_, results) = said.split_once("Published:").unwrap();
    for line in ["Facebook   Harbour Coffee", "Instagram  @harbour.coffee"] {
        let line = results.lines().find(|it| it.trim_start().starts_with(line)).expect(&said);
        assert!(line.contains("ms late") && line.contains("/_sandbox/timeline/"), "{line}");
    }
    let server = home.path().join("postgres/server/data");
    assert!(server.join("PG_VERSION").exists() && !server.join("postmaster.pid").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_fails_and_says_why_when_a_platform_refuses() {
    let home = home();
    let mut demo = demo(&home, &[]);
    let said = demo.until_said("plays Facebook and Instagram on ").await;
    let (_, address) = said.split_once("plays Facebook and Instagram on ").unwrap();
    let admin = Caller::new(&format!("{}_sandbox", address.lines().next().unwrap()), None);
    let refuse = json!({ "kind": "refuse", "code": 368, "subcode": 1_404_006 });
    admin.post("/faults", json!({ "endpoint": "media_publish", "count": 0, "effect": refuse })).await.is(200);
    until_scheduled(&demo).await;
    demo.until_said("@harbour.coffee  failed").await;
    let ended = demo.ended().await;
    let said = demo.said();
    assert_eq!(ended.code(), Some(1), "{said}");
    let last = said.lines().find(|line| line.starts_with("postern: ")).expect(&said);
    for words in ["the post was not published everywhere", "@harbour.coffee is failed (account_restricted:"] {
        assert!(last.contains(words), "{last}");
    }
    assert!(!said.contains("Published:"), "{said}");
    assert!(
        !home.path().join("postgres/server/data/postmaster.pid").exists(),
        "its PostgreSQL was left running"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_what_to_change_when_it_cannot_have_a_database() {
    let home = home();
    let mut demo = demo(&home, &[("POSTGRES_BIN_DIR", home.path())]);
    assert_eq!(demo.ended().await.code(), Some(1));
    let said = demo.said();
    let lines: Vec<_> = said.lines().filter(|line| line.starts_with("postern: ")).collect();
    assert!(lines.len() == 1 && lines[0].contains("POSTGRES_BIN_DIR is "), "{said}");
}

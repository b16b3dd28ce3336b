//! The server of this run: the one that `TEST_DATABASE_URL` names, else a private one that every test process shares.

use std::{
    io::Read,
    process::{Command, Stdio},
    sync::OnceLock,
};

use cluster::{Cluster, Settings};
use tokio::sync::OnceCell;

const DIR: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/stores");

fn settings() -> Settings {
    Settings { durable: false, max_connections: 400, ..Settings::new(DIR) }
}

const GIVEN: &str = "TEST_DATABASE_URL";

/// Whether somebody named a server.
pub(super) fn is_given() -> bool {
    std::env::var_os(GIVEN).is_some()
}

/// The URL of a database of the server.
pub(crate) async fn url(database: &str) -> String {
    match std::env::var(GIVEN) {
        Ok(server) => {
            let (base, query) = server.split_once('?').unwrap_or((&server, ""));
            let base = base.rsplit_once('/').unwrap().0;
            format!("{base}/{database}?{query}")
        }
        Err(_) => private().await.url(database),
    }
}

/// The private server; the first caller starts it.
async fn private() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    let start = async || {
        let cluster = Cluster::start(settings(), |line| eprintln!("{line}")).await.unwrap();
        leave_a_keeper();
        cluster
    };
    CLUSTER.get_or_init(start).await
}

/// A test process has no last moment of its own. So it starts one more that waits for its end, however it comes, and gives up
/// the server then; the last one to do so stops it.
fn leave_a_keeper() {
    use std::os::unix::process::CommandExt;
    static KEEPER: OnceLock<std::process::Child> = OnceLock::new();
    KEEPER.get_or_init(|| {
        Command::new(std::env::current_exe().unwrap())
            .args(["support::server::keep_until_the_tests_end", "--exact", "--ignored"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; the keeper still has something to do then.
            .process_group(0)
            .spawn()
            .unwrap()
    });
}

#[tokio::test]
#[ignore = "not a test: the process that stops the server when the tests have ended"]
async fn keep_until_the_tests_end() {
    // The pipe closes when the process that holds its other end has ended.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Cluster::start(settings(), |_| {}).await.unwrap().stop().await.unwrap();
}

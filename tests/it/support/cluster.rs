//! The private server of this run, shared by every test process that runs at the same time.

use std::{
    io::Read,
    process::{Command, Stdio},
    sync::OnceLock,
};

use cluster::{Cluster, Settings};
use tokio::sync::OnceCell;

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/it/postgres");

fn settings() -> Settings {
    Settings { durable: false, max_connections: 400, ..Settings::new(DIR) }
}

/// The server; the first caller starts it.
pub(crate) async fn shared() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    CLUSTER
        .get_or_init(|| async {
            let cluster = Cluster::start(settings(), |line| eprintln!("{line}")).await.unwrap();
            leave_a_keeper();
            cluster
        })
        .await
}

/// A test process has no last moment of its own. So it starts one more that waits for its end, however it comes, and gives up
/// the server then; the last one to do so stops it.
fn leave_a_keeper() {
    static KEEPER: OnceLock<std::process::Child> = OnceLock::new();
    KEEPER.get_or_init(|| {
        use std::os::unix::process::CommandExt;
        Command::new(std::env::current_exe().unwrap())
            .args(["support::cluster::keep_until_the_tests_end", "--exact", "--ignored"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; the keeper still has something to do then.
            .process_group(0)
            .spawn()
            .unwrap()
    });
}

#[test]
#[ignore = "not a test: the process that stops the server when the tests have ended"]
fn keep_until_the_tests_end() {
    // The pipe closes when the process that holds its other end has ended.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(settings(), |_| {}).await.unwrap();
        cluster.stop().await.unwrap();
    });
}

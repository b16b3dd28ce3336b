//! The private server of this run, shared by every test process that runs at the same time and gone with the last of them.

use std::{
    fs::File,
    io::Read,
    path::Path,
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
            tokio::task::spawn_blocking(take_a_share).await.unwrap();
            Cluster::start(settings(), |line| eprintln!("{line}")).await.unwrap()
        })
        .await
}

/// A file that every test process holds a share of for as long as it lives.
fn users() -> File {
    std::fs::create_dir_all(Path::new(DIR).parent().unwrap()).unwrap();
    File::create(format!("{DIR}.users")).unwrap()
}

/// A test process has no last moment of its own. So it starts one more that waits for its end, however it comes, and cleans up
/// once nobody else is there.
fn take_a_share() {
    static SHARE: OnceLock<(File, std::process::Child)> = OnceLock::new();
    SHARE.get_or_init(|| {
        use std::os::unix::process::CommandExt;
        let users = users();
        users.lock_shared().unwrap();
        let keeper = Command::new(std::env::current_exe().unwrap())
            .args(["support::cluster::keep_until_the_tests_end", "--exact", "--ignored"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; the keeper still has something to do then.
            .process_group(0)
            .spawn();
        (users, keeper.unwrap())
    });
}

#[test]
#[ignore = "not a test: the process that removes the server when the tests have ended"]
fn keep_until_the_tests_end() {
    // The pipe closes when the process that holds its other end has ended.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    // Waits for whoever still tests. Another keeper may have been here by then.
    let users = users();
    users.lock().unwrap();
    if !Path::new(DIR).exists() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let was_last = runtime.block_on(async {
        let cluster = Cluster::start(settings(), |_| {}).await.unwrap();
        cluster.stop().await.unwrap()
    });
    // Dropping a hundred databases takes far longer than making the server anew.
    if was_last {
        std::fs::remove_dir_all(DIR).unwrap();
    }
}

//! One private cluster of a test: its folder, and the end of its server even when the test fails.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cluster::{Cluster, ClusterError, Search, Settings};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use url::Url;

pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) settings: Settings,
    pub(crate) lines: Mutex<Vec<String>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::below("data")
    }

    /// A stage whose data lies in `path` below a folder that every user may enter.
    pub(crate) fn below(path: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        let mut settings = Settings::new(folder.path().join(path));
        settings.durable = false;
        settings.max_connections = 20;
        // Nothing but a test's own mirror is ever asked.
        settings.download_base = Url::parse("http://127.0.0.1:9/").unwrap();
        Self { folder, settings, lines: Mutex::default() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.settings.dir.join("server/data")
    }

    pub(crate) async fn start(&self) -> Result<Cluster, ClusterError> {
        self.start_with(&Search::from_env()).await
    }

    pub(crate) async fn start_with(&self, search: &Search) -> Result<Cluster, ClusterError> {
        let note = |line: &str| self.lines.lock().unwrap().push(line.to_owned());
        Cluster::start_with(self.settings.clone(), search, note).await
    }

    pub(crate) fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    fn postmaster(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        Pid::from_raw(text.lines().next()?.parse().ok()?)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster() {
            let _ = kill_process(pid, Signal::QUIT);
        }
        if let Ok(elsewhere) = self.settings.dir.join("server").read_link() {
            let _ = std::fs::remove_dir_all(elsewhere);
        }
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Ends a process at once, as the kernel does when memory runs out.
pub(crate) fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Runs one statement on a connection of its own and returns the first column of the first row.
pub(crate) async fn sql(url: &str, statement: &str) -> Result<Option<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    let answer = client.simple_query(statement).await;
    drop(client);
    driver.await.unwrap().ok();
    let first = answer?.into_iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(first)
}

//! The cluster as its users see it.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::account::{self, Account};
use crate::binaries::{Binaries, Missing, Search};
use crate::download;
use crate::error::{ClusterError, IoContext};
use crate::home::Home;
use crate::keeper::Keeper;
use crate::postmaster::{Postmaster, Shutdown};
use crate::progress::Progress;
use crate::server::Server;
use crate::settings::Settings;
use crate::{initdb, lock};

/// A share in a running private `PostgreSQL` server.
///
/// Dropping it leaves the server running; [`Cluster::stop`] ends it together with its last user.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    socket: PathBuf,
    /// Locked for as long as this value lives, in shared mode.
    users: File,
}

impl Cluster {
    /// Brings up the server of `settings.dir`, or attaches to it when it runs; `progress` gets a line for a person
    /// at every step and at least every second.
    pub async fn start(
        settings: Settings,
        progress: impl Fn(&str) + Send + Sync,
    ) -> Result<Self, ClusterError> {
        Self::start_with(settings, &Search::from_env(), progress).await
    }

    /// Does what [`Cluster::start`] does, looking for binaries only where `search` says.
    pub async fn start_with(
        settings: Settings,
        search: &Search,
        progress: impl Fn(&str) + Send + Sync,
    ) -> Result<Self, ClusterError> {
        let progress: Progress<'_> = &progress;
        std::fs::create_dir_all(&settings.dir).on("create", &settings.dir)?;
        let dir = settings.dir.canonicalize().on("enter", &settings.dir)?;
        let _alone = alone(&dir, progress).await?;
        let home = Home::open(&dir, settings.durable)?;
        let major = home.major()?;
        let binaries = obtain(&settings, search, &home, major, progress).await?;
        if major.is_none() {
            initdb::create(&home, &binaries, settings.durable, progress).await?;
        }
        let users = dir.join("users.lock");
        let users = lock::shared(&users).on("lock", &users)?;
        let Settings { durable, max_connections, .. } = settings;
        let server = Server { home, binaries, durable, max_connections };
        let socket = server.bring_up(progress).await?;
        Ok(Self { server, socket, users })
    }

    /// The connection URL of a database of this server, for the superuser `postgres`; the database of that name
    /// always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        connection_url(&self.socket, database)
    }

    /// The folder of the binaries that run the server.
    #[must_use]
    pub fn binaries(&self) -> &Path {
        &self.server.binaries.bin
    }

    /// The file that the server writes its messages to.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.server.home.log()
    }

    /// The process id of the server (the postmaster), unless it is down.
    pub async fn pid(&self) -> Option<u32> {
        Postmaster::look(&self.server.home.data()).await.pid()
    }

    /// The process ids of the server and of all its children, the server's first; on Linux only, empty elsewhere.
    pub async fn pids(&self) -> Vec<u32> {
        let Some(postmaster) = self.pid().await else { return Vec::new() };
        let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
        let pids = processes.flatten().filter_map(|process| process.file_name().to_str()?.parse().ok());
        let children = pids.filter(|pid| parent(*pid) == Some(postmaster));
        std::iter::once(postmaster).chain(children).collect()
    }

    /// Somebody who starts the server again when it is gone.
    #[must_use]
    pub fn keeper(&self) -> Keeper {
        Keeper(self.server.clone())
    }

    /// Ends the server as a crash would, without writing anything, and starts it again; for tests of what a
    /// program does then.
    pub async fn restart_immediate(&self) -> Result<(), ClusterError> {
        let _alone = alone(&self.server.home.dir, &|_| {}).await?;
        self.server.take_down(Shutdown::Immediate).await?;
        self.server.bring_up(&|_| {}).await?;
        Ok(())
    }

    /// Gives up this share; the last user stops the server, whoever started it. Says whether it was stopped.
    pub async fn stop(self) -> Result<bool, ClusterError> {
        let _alone = alone(&self.server.home.dir, &|_| {}).await?;
        let path = self.server.home.dir.join("users.lock");
        self.users.unlock().on("unlock", &path)?;
        if !lock::try_exclusive(&self.users).on("lock", &path)? {
            return Ok(false);
        }
        self.server.take_down(Shutdown::Fast).await?;
        if self.socket != self.server.home.server {
            // A folder for the socket alone; it is made again when it is needed.
            let _ = std::fs::remove_dir(&self.socket);
        }
        Ok(true)
    }
}

/// Waits for the right to start or stop the server.
pub(crate) async fn alone(dir: &Path, progress: Progress<'_>) -> Result<File, ClusterError> {
    let path = dir.join("start.lock");
    lock::exclusive(&path, progress).await.on("lock", &path)
}

/// Binaries from this machine or from a release build.
async fn obtain(
    settings: &Settings,
    search: &Search,
    home: &Home,
    major: Option<u32>,
    progress: Progress<'_>,
) -> Result<Binaries, ClusterError> {
    let account: Option<&Account> = home.account.as_ref();
    let cache = settings.cache(account::own_uid() == 0);
    let missing = match search.find(major, account, &cache).await? {
        Ok(binaries) => return Ok(binaries),
        Err(missing) => missing,
    };
    let fetched = download::fetch(&settings.download_base, major, account, &cache, progress).await;
    fetched.map_err(|download| match (major, found(&missing)) {
        (Some(wanted), Some(found)) => {
            ClusterError::WrongVersion { data: home.data(), wanted, found, download }
        }
        (_, found) => ClusterError::NotFound { looked: looked(found), wanted: major, download },
    })
}

fn found(missing: &Missing) -> Option<String> {
    let all: Vec<_> = missing.seen.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn looked(found: Option<String>) -> String {
    let places = "looked at POSTGRES_BIN_DIR, PATH and the usual folders";
    found.map_or_else(|| places.to_owned(), |found| format!("{places}, and {found} is too old"))
}

/// `postgresql://postgres@/<database>?host=<folder of the socket>`, which libpq and tokio-postgres both read.
fn connection_url(socket: &Path, database: &str) -> String {
    let (database, socket) = (escaped(database.as_bytes()), escaped(socket.as_os_str().as_encoded_bytes()));
    format!("postgresql://postgres@/{database}?host={socket}")
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
fn escaped(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    bytes.iter().map(escape).collect()
}

/// The fourth field of `/proc/<pid>/stat`; the second, a name in parentheses, may contain anything.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_url_escapes_what_it_must() {
        let url = connection_url(Path::new("/srv/app/server"), "postgres");
        assert_eq!(url, "postgresql://postgres@/postgres?host=%2Fsrv%2Fapp%2Fserver");
        assert_eq!(
            connection_url(Path::new("/s"), "a b?c/d"),
            "postgresql://postgres@/a%20b%3Fc%2Fd?host=%2Fs"
        );
    }
}

//! Where the server keeps its files.
//!
//! ```text
//! <dir>/start.lock     held while somebody starts or stops the server
//! <dir>/users.lock     shared by every process that uses the server
//! <dir>/postgres.log   what the server says
//! <dir>/server/        belongs to the server's user: the data, and the socket when its path is short enough
//! ```
//!
//! A root process whose `<dir>` lies below a folder that the server's user may not enter (`/root`, say) gets a
//! `server` that is a symbolic link to a folder elsewhere.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::account::{self, Account};
use crate::error::{ClusterError, IoContext};

/// The folder for data that cannot be kept where it was asked for, when it must outlive a restart of the machine.
const LASTING: &str = "/var/lib/postern";

/// The files of one cluster and the user that owns the server's part of them.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) dir: PathBuf,
    pub(crate) server: PathBuf,
    pub(crate) account: Option<Account>,
}

impl Home {
    pub(crate) fn data(&self) -> PathBuf {
        self.server.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// The user that the server runs as.
    pub(crate) fn uid(&self) -> u32 {
        self.account.as_ref().map_or_else(account::own_uid, |account| account.uid)
    }

    /// The major version that made the data, if there is any.
    pub(crate) fn major(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.data().join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).on("read", &path),
        }
    }

    /// Creates the server's folder on the first start and finds it on every other one; call it under the lock.
    pub(crate) fn open(dir: &Path, durable: bool) -> Result<Self, ClusterError> {
        let link = dir.join("server");
        match link.canonicalize() {
            Ok(server) => {
                let account = account::choose(Some(&server))?;
                close(&server)?;
                let home = Self { dir: dir.to_owned(), server, account };
                home.check_way()?;
                Ok(home)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Self::create(dir, &link, durable),
            Err(error) => Err(error).on("enter", &link),
        }
    }

    fn create(dir: &Path, link: &Path, durable: bool) -> Result<Self, ClusterError> {
        if let Ok(target) = link.read_link() {
            if durable {
                return Err(ClusterError::Gone { target, link: link.to_owned() });
            }
            std::fs::remove_file(link).on("remove", link)?;
        }
        let account = account::choose(None)?;
        let server =
            match account.as_ref().and_then(|account| obstacle(account, dir).map(|path| (account, path))) {
                Some((account, path)) => elsewhere(durable, link).map_err(|_| unsearchable(account, path))?,
                None => private_folder(link)?,
            };
        if let Some(account) = &account {
            chown(&server, Some(account.uid), Some(account.gid)).on("change the owner of", &server)?;
        }
        Ok(Self { dir: dir.to_owned(), server, account })
    }

    /// Says which folder stops the server's user, if one does.
    fn check_way(&self) -> Result<(), ClusterError> {
        let Some(account) = &self.account else { return Ok(()) };
        obstacle(account, &self.server).map_or(Ok(()), |path| Err(unsearchable(account, path)))
    }
}

/// The nearest folder on the way to `path` (itself included) that the user may not pass through.
pub(crate) fn obstacle(account: &Account, path: &Path) -> Option<PathBuf> {
    let closed = |folder: &&Path| match folder.metadata() {
        Ok(found) => !account::may_search(account, found.uid(), found.gid(), found.mode()),
        Err(_) => true,
    };
    path.ancestors().find(closed).map(Path::to_owned)
}

fn unsearchable(account: &Account, path: PathBuf) -> ClusterError {
    ClusterError::Unsearchable { path, user: account.name.clone() }
}

fn private_folder(path: &Path) -> Result<PathBuf, ClusterError> {
    DirBuilder::new().mode(0o700).create(path).on("create", path)?;
    close(path)?;
    path.canonicalize().on("enter", path)
}

/// Keeps everybody but the owner out, whatever the umask was or somebody changed: the server trusts whoever
/// reaches its socket.
fn close(path: &Path) -> Result<(), ClusterError> {
    std::fs::set_permissions(path, Permissions::from_mode(0o700)).on("close", path)
}

/// Makes a folder that every user can reach and leaves a link to it. The name is random: data of a directory that
/// was deleted must not come back in a new one of the same name.
fn elsewhere(durable: bool, link: &Path) -> Result<PathBuf, ClusterError> {
    let place = if durable { PathBuf::from(LASTING) } else { std::env::temp_dir() };
    if durable {
        std::fs::create_dir_all(&place).on("create", &place)?;
        std::fs::set_permissions(&place, Permissions::from_mode(0o711)).on("open", &place)?;
    }
    let made =
        tempfile::Builder::new().prefix("postern-postgres-").tempdir_in(&place).on("create", &place)?;
    close(made.path())?;
    symlink(made.path(), link).on("create", link)?;
    let path = made.keep();
    path.canonicalize().on("enter", &path)
}

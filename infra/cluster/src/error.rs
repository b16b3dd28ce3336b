//! Why a cluster could not be started or stopped: one line each, with what to do about it.

use std::path::{Path, PathBuf};

use crate::{DownloadError, install};

/// Why a private `PostgreSQL` is not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// No binaries were found anywhere and none could be fetched.
    #[error(
        "no PostgreSQL server was found ({looked}) and none could be downloaded ({download}): install one \
         ({}), set POSTGRES_BIN_DIR to the folder of its initdb, or set DATABASE_URL", install::command(*wanted)
    )]
    NotFound {
        /// The places that were searched.
        looked: String,
        /// The major version that the data needs, if there is any.
        wanted: Option<u32>,
        /// Why the download failed.
        download: DownloadError,
    },
    /// The data belongs to a major version that is not installed.
    #[error(
        "the data in {} was made by PostgreSQL {wanted}, found is {found}, and {wanted} could not be downloaded \
         ({download}): install that version ({}), or move the data away to begin anew", data.display(), install::command(Some(*wanted))
    )]
    WrongVersion {
        /// The data directory.
        data: PathBuf,
        /// The major version that made it.
        wanted: u32,
        /// What is installed instead.
        found: String,
        /// Why the right one could not be fetched.
        download: DownloadError,
    },
    /// `POSTGRES_BIN_DIR` does not name usable binaries.
    #[error("POSTGRES_BIN_DIR is {}, which cannot be used: {reason}", path.display())]
    BinDir {
        /// Its value.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Root asks for a server and there is nobody to run it.
    #[error(
        "a PostgreSQL server must not run as root, and there is neither a user postgres nor a user nobody"
    )]
    NoUser,
    /// The server's user may not enter a folder above the data.
    #[error(
        "user {user}, who runs PostgreSQL for root, may not enter {}: choose another folder for the data, or \
         allow it with chmod o+x", path.display()
    )]
    Unsearchable {
        /// The folder that stops it.
        path: PathBuf,
        /// The user that runs the server.
        user: String,
    },
    /// The data belongs to somebody else.
    #[error(
        "{} belongs to user {owner}, who is not the one that runs PostgreSQL here: run as that user (not root), \
         or choose another folder for the data", path.display()
    )]
    NotOurs {
        /// The data directory, or the socket's.
        path: PathBuf,
        /// Its owner.
        owner: String,
    },
    /// The data was moved to a place that has disappeared.
    #[error("the data was kept in {}, which is gone: bring it back, or remove {} to begin anew",
        target.display(), link.display())]
    Gone {
        /// Where the data was.
        target: PathBuf,
        /// The link that says so.
        link: PathBuf,
    },
    /// The data directory could not be created.
    #[error("initdb failed: {0}")]
    Initdb(String),
    /// The server ended while it was starting.
    #[error("PostgreSQL did not start: {reason} (log: {})", log.display())]
    DidNotStart {
        /// The last lines of its log.
        reason: String,
        /// The log file.
        log: PathBuf,
    },
    /// The server neither answers nor ends.
    #[error("PostgreSQL (process {pid}) is {doing} for more than {seconds} s (log: {})", log.display())]
    Stuck {
        /// Its process.
        pid: u32,
        /// What it should have finished.
        doing: &'static str,
        /// How long it had.
        seconds: u64,
        /// The log file.
        log: PathBuf,
    },
    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The operation, a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Names the file and the operation beside the system's error.
pub(crate) trait IoContext<T> {
    fn on(self, doing: &'static str, path: &Path) -> Result<T, ClusterError>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn on(self, doing: &'static str, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { doing, path: path.to_owned(), source })
    }
}

//! Why the demo ends without a published post. Every message says what happened, and what to do where something can be done.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::StartError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The process did not start.
    #[error("{0}")]
    Start(Box<StartError>),
    /// The stand-in for the platforms did not start.
    #[error("the sandbox did not start: {0}")]
    Sandbox(#[from] sandbox::Error),
    /// Another demo has the directory.
    #[error(
        "a demo is already running in {} ({holder}): stop it with Ctrl-C, or give this one a directory of its own \
         with POSTERN_STATE_DIR", dir.display()
    )]
    Running {
        /// The state directory.
        dir: PathBuf,
        /// What the other one says about itself.
        holder: String,
    },
    /// No port could be had.
    #[error("no port of {address} can be listened on: {error}")]
    NoPort {
        /// The address.
        address: std::net::IpAddr,
        /// Why.
        error: io::Error,
    },
    /// A file of the state directory is in the way.
    #[error("cannot {verb} {}: {error}", path.display())]
    File {
        /// The operation.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The API said no.
    #[error("{operation} was refused with {status} {code}: {detail}")]
    Refused {
        /// Method and path.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
        /// The problem's detail, and that of its violations.
        detail: String,
    },
    /// The API said nothing, or nothing that can be read.
    #[error("{operation} got no proper answer: {error}")]
    Unanswered {
        /// Method and path.
        operation: String,
        /// Why. Without its address, which may hold a code.
        error: reqwest::Error,
    },
    /// The login dialog or the page after it looks different.
    #[error("the login in the sandbox did not go through: {0}")]
    Login(&'static str),
    /// The sandbox's world lacks a Page with an Instagram account.
    #[error("the sandbox offers no Page with an Instagram account")]
    NothingToConnect,
    /// A publication ended otherwise, or did not end in time.
    #[error("the post was not published everywhere: {0}")]
    NotPublished(String),
    /// Ctrl-C came first.
    #[error("stopped before the post was published")]
    Interrupted,
}

impl From<StartError> for Trouble {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}

impl Trouble {
    /// A file that cannot be used.
    pub(super) fn file(verb: &'static str, path: &Path, error: io::Error) -> Self {
        Self::File { verb, path: path.to_owned(), error }
    }

    /// An answer that did not come or cannot be read.
    pub(super) fn unanswered(operation: &str, error: reqwest::Error) -> Self {
        Self::Unanswered { operation: operation.to_owned(), error: error.without_url() }
    }

    /// Whether the API did not accept the credentials.
    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }
}

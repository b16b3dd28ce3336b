//! The database.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::Reader;

/// Where rows are kept.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    /// Which server.
    pub(crate) place: DatabasePlace,
    /// Connections of each process at most.
    pub(crate) connections: usize,
    /// Whether a server that may lose commits is refused.
    pub(crate) must_be_durable: bool,
}

/// A server of the operator's, or one of our own.
#[derive(Debug, Clone)]
pub(crate) enum DatabasePlace {
    /// This one. The URL may hold a password.
    Url(SecretString),
    /// A private cluster that this program runs.
    Private {
        /// Its directory.
        dir: PathBuf,
        /// A mirror of release builds, instead of their publisher.
        download: Option<Url>,
    },
}

impl Database {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let connections = reader.within("database_connections", 2..=1_000);
        let download = reader.value("postgres_download");
        let place = match reader.secret_text("database_url") {
            Some(url) => DatabasePlace::Url(checked(reader, url)),
            None => DatabasePlace::Private { dir: reader.state_dir.join("postgres"), download },
        };
        Some(Self { place, connections: connections?, must_be_durable: reader.production() })
    }
}

/// Passwords that stand in tutorials.
const DEFAULT_PASSWORDS: [&str; 6] = ["postgres", "password", "changeme", "secret", "example", "postern"];

fn checked(reader: &Reader<'_>, url: SecretString) -> SecretString {
    let text = url.expose_secret();
    if !text.starts_with("postgresql://") && !text.starts_with("postgres://") {
        reader.refuse("database_url", "does not begin with `postgresql://`");
    }
    let password = Url::parse(text).ok().and_then(|url| url.password().map(str::to_ascii_lowercase));
    if reader.production() && password.is_some_and(|password| DEFAULT_PASSWORDS.contains(&&*password)) {
        reader.refuse(
            "database_url",
            "has a password that everybody tries first; give the database user another one",
        );
    }
    url
}

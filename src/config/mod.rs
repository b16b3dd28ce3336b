//! Configuration: the environment (`POSTERN_…`), or a file that `POSTERN_CONFIG` names. The environment wins. Everything that is
//! wrong is reported at once.

mod database;
mod development;
mod document;
mod media;
mod meta;
mod parse;
mod policy;
mod problem;
mod publishing;
mod reader;
mod report;
mod secrets;
mod server;
mod setting;
mod source;
mod strength;
mod table;
#[cfg(test)]
mod tests;

use std::{ffi::OsString, path::PathBuf};

pub(crate) use self::{
    database::{Database, DatabasePlace},
    document::table as table_of_settings,
    media::{Media, MediaStore},
    meta::Meta,
    policy::Policy,
    problem::Refused,
    publishing::Publishing,
    secrets::{KeyringPlace, Secrets},
    server::{Log, LogFormat, Server},
};
use self::{development::RingFile, reader::Reader, source::Written};

/// Everything the operator decides, checked.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where this machine keeps what it must not forget.
    pub(crate) state_dir: PathBuf,
    /// Listeners and stopping.
    pub(crate) server: Server,
    /// Logging.
    pub(crate) log: Log,
    /// The database.
    pub(crate) database: Database,
    /// Keys and peppers.
    pub(crate) secrets: Secrets,
    /// Media.
    pub(crate) media: Media,
    /// Meta.
    pub(crate) meta: Meta,
    /// Promises to people.
    pub(crate) policy: Policy,
    /// Workers.
    pub(crate) publishing: Publishing,
}

/// A configuration and what `config check` says about it.
#[derive(Debug)]
pub(crate) struct Checked {
    /// Every setting with its value and origin; secrets are not shown.
    pub(crate) report: String,
    /// The configuration, or what is wrong with it.
    pub(crate) outcome: Result<Config, Refused>,
}

impl Config {
    /// Reads the environment, the file it names, and in development the generated secrets, which the first call makes.
    pub(crate) fn load(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, Refused> {
        check(environment).outcome
    }

    fn read(reader: &Reader<'_>) -> Option<Self> {
        let server = Server::read(reader);
        let log = Log::read(reader);
        let database = Database::read(reader);
        let secrets = Secrets::read(reader);
        let media = Media::read(reader);
        let meta = Meta::read(reader);
        let policy = Policy::read(reader);
        let publishing = Publishing::read(reader);
        Some(Self {
            state_dir: reader.state_dir.clone(),
            server: server?,
            log: log?,
            database: database?,
            secrets: secrets?,
            media: media?,
            meta: meta?,
            policy: policy?,
            publishing: publishing?,
        })
    }
}

/// For the command that adds a key to the key ring: the ring's file, which may have no key yet, and everything else as at a start.
/// The file is not made here.
pub(crate) fn for_rotation(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(PathBuf, Config), Refused> {
    let mut written = Written::gather(environment);
    development::complete(&mut written, RingFile::Left);
    let mut reader = Reader::new(&written);
    reader.ring_may_be_missing = true;
    let config = Config::read(&reader);
    if reader.is_written("keyring") {
        reader.refuse(
            "keyring",
            "holds the keys themselves, which nobody can add to; move them to POSTERN_KEYRING_FILE",
        );
    }
    let problems = reader.into_problems();
    let file = config.as_ref().and_then(|config| match &config.secrets.keyring {
        KeyringPlace::File(path) => Some(path.clone()),
        KeyringPlace::Inline(_) => None,
    });
    match (file, config) {
        (Some(file), Some(config)) if problems.is_empty() => Ok((file, config)),
        _ => Err(Refused(problems)),
    }
}

/// Reads and explains a configuration.
pub(crate) fn check(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Checked {
    let mut written = Written::gather(environment);
    development::complete(&mut written, RingFile::Made);
    let reader = Reader::new(&written);
    let config = Config::read(&reader);
    let problems = reader.into_problems();
    let outcome = match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(Refused(problems)),
    };
    Checked { report: report::render(&written), outcome }
}

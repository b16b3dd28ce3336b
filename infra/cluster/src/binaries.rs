//! Finds server binaries that are already on the machine.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::account::{self, Account};
use crate::error::ClusterError;

/// The oldest major version that a new cluster is created with.
pub(crate) const OLDEST: u32 = 15;

/// The programs that must lie beside each other; the last one is the server, whose version counts.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where distributions and installers put one folder per major version: parent, start of its name, what follows.
const INSTALLED: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// Where to look for binaries before any are downloaded.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The one folder to use, whatever else is installed: `POSTGRES_BIN_DIR`.
    pub bin_dir: Option<PathBuf>,
    /// Folders of programs, the first with an `initdb` wins: `PATH`.
    pub path: Vec<PathBuf>,
    /// Folders of server binaries, in the order of preference.
    pub installed: Vec<PathBuf>,
}

impl Search {
    /// What the environment and the usual places of this machine offer, the newest version first.
    #[must_use]
    pub fn from_env() -> Self {
        let bin_dir = std::env::var_os("POSTGRES_BIN_DIR").filter(|value| !value.is_empty());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed = INSTALLED.iter();
        Self {
            bin_dir: bin_dir.map(PathBuf::from),
            path: std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect(),
            installed: newest_first(
                installed.flat_map(|(parent, prefix, rest)| versions(parent, prefix, rest)),
            ),
        }
    }

    /// Usable binaries: of this major version, or of any that is new enough when there is no data yet.
    pub(crate) async fn find(
        &self,
        major: Option<u32>,
        account: Option<&Account>,
        cache: &Path,
    ) -> Result<Result<Binaries, Missing>, ClusterError> {
        if let Some(folder) = &self.bin_dir {
            return chosen(folder, major, account).await.map(Ok);
        }
        let cached = newest_first(versions(cache, "postgresql-", "bin"));
        let mut seen: Vec<Binaries> = Vec::new();
        for folder in self.path.iter().chain(&self.installed).chain(&cached) {
            let Some(bin) = beside_each_other(folder) else { continue };
            if seen.iter().any(|binaries| binaries.bin == bin) {
                continue;
            }
            match Binaries::probe(bin, account).await {
                Ok(binaries) if binaries.suits(major) => return Ok(Ok(binaries)),
                Ok(binaries) => seen.push(binaries),
                Err(reason) => {
                    tracing::debug!(folder = %folder.display(), reason, "unusable PostgreSQL binaries");
                }
            }
        }
        Ok(Err(Missing { seen }))
    }
}

/// Nothing that suits was found.
#[derive(Debug)]
pub(crate) struct Missing {
    /// What was found instead.
    pub(crate) seen: Vec<Binaries>,
}

/// Server binaries that were seen to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) bin: PathBuf,
    pub(crate) major: u32,
    version: String,
}

impl Binaries {
    /// Asks every program for its version, as the user that will run it: each may lack a library of its own.
    pub(crate) async fn probe(bin: PathBuf, account: Option<&Account>) -> Result<Self, String> {
        let mut said = String::new();
        for program in PROGRAMS {
            said = account::run(account, &bin.join(program), &["--version"]).await?;
        }
        let (major, version) =
            parse_version(&said).ok_or_else(|| format!("unknown version: {}", said.trim()))?;
        Ok(Self { bin, major, version })
    }

    /// A server opens data of its own major version only.
    pub(crate) fn suits(&self, major: Option<u32>) -> bool {
        major.map_or(self.major >= OLDEST, |major| self.major == major)
    }
}

impl fmt::Display for Binaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", self.version)
    }
}

/// The folder that the operator chose is used or refused, never passed over.
async fn chosen(
    folder: &Path,
    major: Option<u32>,
    account: Option<&Account>,
) -> Result<Binaries, ClusterError> {
    let refuse = |reason| ClusterError::BinDir { path: folder.to_owned(), reason };
    let bin = beside_each_other(folder).ok_or_else(|| refuse(format!("it needs {}", PROGRAMS.join(", "))))?;
    let binaries = Binaries::probe(bin, account).await.map_err(refuse)?;
    if binaries.suits(major) {
        return Ok(binaries);
    }
    let need = major
        .map_or_else(|| format!("{OLDEST} or newer is needed"), |major| format!("the data needs {major}"));
    Err(refuse(format!("it has {binaries}, {need}")))
}

/// The folder that really holds the programs, when symbolic links are followed.
pub(crate) fn beside_each_other(folder: &Path) -> Option<PathBuf> {
    let initdb = folder.join(PROGRAMS[0]).canonicalize().ok()?;
    let bin = initdb.parent()?;
    PROGRAMS.iter().all(|program| bin.join(program).is_file()).then(|| bin.to_owned())
}

/// The folders `<parent>/<prefix><version>/<rest>` with their versions.
fn versions(parent: impl AsRef<Path>, prefix: &str, rest: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let version = |name: &str| numbers(name.strip_prefix(prefix)?.trim_start_matches(['@', '-']));
    let found = entries.flatten().filter_map(|entry| {
        let version = version(entry.file_name().to_str()?)?;
        Some((version, entry.path().join(rest)))
    });
    found.collect()
}

/// `17.10.0-x86_64…` is 17, 10, 0; nothing at all is the unversioned folder, which comes last.
fn numbers(name: &str) -> Option<Vec<u32>> {
    let digits = name.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let numbers: Vec<u32> = digits.split('.').map_while(|part| part.parse().ok()).collect();
    (name.is_empty() || !numbers.is_empty()).then_some(numbers)
}

fn newest_first(folders: impl IntoIterator<Item = (Vec<u32>, PathBuf)>) -> Vec<PathBuf> {
    let mut folders: Vec<_> = folders.into_iter().collect();
    folders.sort_by(|(left, _), (right, _)| right.cmp(left));
    folders.into_iter().map(|(_, path)| path).collect()
}

/// Reads `… (PostgreSQL) 15.18 (Debian …)` and `… (PostgreSQL) 19beta1`.
fn parse_version(said: &str) -> Option<(u32, String)> {
    let version = said.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((major, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_releases_and_betas_are_read() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.18".into())));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some((19, "19beta1".into())));
        assert_eq!(parse_version("postgres (Something) 1"), None);
    }

    #[test]
    fn the_newest_version_comes_first_by_number_and_not_by_letter() {
        let parent = tempfile::tempdir().unwrap();
        for name in
            ["postgresql-9.6.2-a", "postgresql-17.9.0-a", "postgresql-17.10.0-a", "postgresql@16", "other"]
        {
            std::fs::create_dir(parent.path().join(name)).unwrap();
        }
        let found = newest_first(versions(parent.path(), "postgresql", "bin"));
        let names: Vec<_> =
            found.iter().map(|path| path.strip_prefix(parent.path()).unwrap().to_owned()).collect();
        let expected = [
            "postgresql-17.10.0-a/bin",
            "postgresql-17.9.0-a/bin",
            "postgresql@16/bin",
            "postgresql-9.6.2-a/bin",
        ];
        assert_eq!(names, expected.map(PathBuf::from));
    }

    #[test]
    fn a_link_to_initdb_alone_leads_to_the_folder_of_all_programs() {
        let parent = tempfile::tempdir().unwrap();
        let (real, links) = (parent.path().join("real"), parent.path().join("links"));
        std::fs::create_dir(&real).unwrap();
        std::fs::create_dir(&links).unwrap();
        std::os::unix::fs::symlink(real.join("initdb"), links.join("initdb")).unwrap();
        assert_eq!(beside_each_other(&links), None, "a link to nowhere");
        for program in PROGRAMS {
            std::fs::write(real.join(program), "").unwrap();
        }
        assert_eq!(beside_each_other(&links), Some(real.canonicalize().unwrap()));
        std::fs::remove_file(real.join("pg_ctl")).unwrap();
        assert_eq!(beside_each_other(&links), None, "a client's package has no pg_ctl");
    }
}

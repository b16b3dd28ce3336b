//! What the owner of a cluster decides.

use std::path::PathBuf;

use url::Url;

/// The environment variable that names a mirror of the release builds.
const DOWNLOAD_VARIABLE: &str = "POSTERN_POSTGRES_DOWNLOAD";

/// Where the release builds of the theseus-rs/postgresql-binaries project are published.
const DOWNLOAD_BASE: &str = "https://github.com/theseus-rs/postgresql-binaries/releases/download/";

/// How one private cluster is kept and run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The directory that holds the data, the log and the locks; created when missing.
    pub dir: PathBuf,
    /// Whether a commit survives a power failure; `false` (no fsync) suits tests only. It survives the death of
    /// the server either way.
    pub durable: bool,
    /// Where release builds are fetched from: `<base>/<version>/postgresql-<version>-<target>.tar.gz`.
    pub download_base: Url,
    /// How many connections the server accepts; takes effect when the server starts, not on attaching.
    pub max_connections: u32,
    /// Where downloaded binaries are kept; by default `/var/cache/postern` for root and
    /// `$XDG_CACHE_HOME/postern` or `~/.cache/postern` for everybody else.
    pub cache_dir: Option<PathBuf>,
}

impl Settings {
    /// Durable settings for `dir` with room for 100 connections; release builds come from the mirror that the
    /// environment names in `POSTERN_POSTGRES_DOWNLOAD`, else from the project that publishes them.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durable: true,
            download_base: Self::download_base_from_env(),
            max_connections: 100,
            cache_dir: None,
        }
    }

    /// The address of the release builds; a mirror that is not a valid URL is ignored with a warning.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a constant that the test below parses"
    )]
    pub fn download_base_from_env() -> Url {
        let default = || Url::parse(DOWNLOAD_BASE).expect("the default address is a URL");
        let mirror = std::env::var(DOWNLOAD_VARIABLE).ok().filter(|value| !value.is_empty());
        mirror.map_or_else(default, |mirror| {
            Url::parse(&mirror).unwrap_or_else(|error| {
                tracing::warn!(%error, "{DOWNLOAD_VARIABLE} is not a URL and is ignored");
                default()
            })
        })
    }

    pub(crate) fn cache(&self, root: bool) -> PathBuf {
        if let Some(dir) = &self.cache_dir {
            return dir.clone();
        }
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        match (root, absolute("XDG_CACHE_HOME"), absolute("HOME")) {
            (true, _, _) => PathBuf::from("/var/cache/postern"),
            (false, Some(cache), _) => cache.join("postern"),
            (false, None, Some(home)) => home.join(".cache/postern"),
            (false, None, None) => self.dir.join("cache"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_address_of_the_release_builds_is_encrypted() {
        assert_eq!(Url::parse(DOWNLOAD_BASE).unwrap().scheme(), "https");
    }

    #[test]
    fn a_cache_that_was_chosen_is_used_by_root_too() {
        let settings = Settings { cache_dir: Some("/somewhere".into()), ..Settings::new("data") };
        assert_eq!(settings.cache(true), PathBuf::from("/somewhere"));
        assert_eq!(Settings::new("data").cache(true), PathBuf::from("/var/cache/postern"));
    }
}

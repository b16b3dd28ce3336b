//! The release builds that are known to exist.
//!
//! They are those of the theseus-rs/postgresql-binaries project. A release is named `<major>.<minor>.<build>` and has
//! one archive per Rust target triple, `postgresql-<release>-<target>.tar.gz`, with everything in a folder of that
//! name (`bin`, `lib`, `share`). Beside it lies the same name with `.sha256`: what shasum(1) prints.

use url::Url;

/// One release per major version; the first is the one for new data.
const RELEASES: [(u32, &str); 4] = [(18, "18.6.0"), (17, "17.10.0"), (16, "16.14.0"), (15, "15.18.0")];

/// A build for this platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) major: u32,
    pub(crate) version: &'static str,
    pub(crate) target: &'static str,
}

impl Release {
    /// The build for data of this major version, or for new data; the error names what is not built.
    pub(crate) fn choose(major: Option<u32>) -> Result<Self, String> {
        let target = target(std::env::consts::OS, std::env::consts::ARCH, cfg!(target_env = "musl"));
        let target = target
            .ok_or_else(|| format!("this platform, {} {}", std::env::consts::OS, std::env::consts::ARCH))?;
        let release = RELEASES.iter().find(|(known, _)| major.is_none_or(|major| major == *known));
        let (major, version) = *release.ok_or_else(|| format!("version {}", major.unwrap_or_default()))?;
        Ok(Self { major, version, target })
    }

    /// The folder inside the archive and in the cache.
    pub(crate) fn name(&self) -> String {
        format!("postgresql-{}-{}", self.version, self.target)
    }

    /// The address of the archive, or with `.sha256` that of its checksum.
    pub(crate) fn url(&self, base: &Url, suffix: &str) -> Option<Url> {
        let mut url = base.clone();
        let file = format!("{}.tar.gz{suffix}", self.name());
        url.path_segments_mut().ok()?.pop_if_empty().push(self.version).push(&file);
        Some(url)
    }
}

/// The target triple of the builds for a platform.
fn target(os: &str, arch: &str, musl: bool) -> Option<&'static str> {
    Some(match (os, arch, musl) {
        ("linux", "x86_64", false) => "x86_64-unknown-linux-gnu",
        ("linux", "aarch64", false) => "aarch64-unknown-linux-gnu",
        ("linux", "x86_64", true) => "x86_64-unknown-linux-musl",
        ("linux", "aarch64", true) => "aarch64-unknown-linux-musl",
        ("macos", "x86_64", _) => "x86_64-apple-darwin",
        ("macos", "aarch64", _) => "aarch64-apple-darwin",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_follows_the_published_naming() {
        let release = Release { major: 17, version: "17.10.0", target: "x86_64-unknown-linux-gnu" };
        for base in ["https://mirror.test/pg", "https://mirror.test/pg/"] {
            let url = release.url(&Url::parse(base).unwrap(), ".sha256").unwrap();
            let file = "postgresql-17.10.0-x86_64-unknown-linux-gnu.tar.gz.sha256";
            assert_eq!(url.as_str(), format!("https://mirror.test/pg/17.10.0/{file}"));
        }
    }

    #[test]
    fn data_of_an_old_version_asks_for_that_version() {
        assert_eq!(Release::choose(Some(15)).unwrap().version, "15.18.0");
        assert_eq!(Release::choose(None).unwrap().version, RELEASES[0].1);
        assert_eq!(Release::choose(Some(9)).unwrap_err(), "version 9");
    }

    #[test]
    fn a_platform_without_builds_has_no_target() {
        assert_eq!(target("linux", "riscv64", false), None);
        assert_eq!(target("windows", "x86_64", false), None);
        assert_eq!(target("linux", "aarch64", true), Some("aarch64-unknown-linux-musl"));
    }
}

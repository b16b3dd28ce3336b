//! Fetches a release build, checks it and puts it into the cache.

use std::fs::Permissions;
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, Response};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use url::Url;

use crate::account::Account;
use crate::archive;
use crate::binaries::{Binaries, beside_each_other};
use crate::lock;
use crate::progress::{Progress, heartbeat};
use crate::release::Release;

/// The most bytes of an archive; a release build has 10 to 50 MB.
const LARGEST: u64 = 256 << 20;

/// The most bytes of a checksum file: 64 digits and a file name.
const LARGEST_CHECKSUM: u64 = 4096;

/// How long to wait for a connection, and for the next bytes.
const CONNECT: Duration = Duration::from_secs(10);
const STALL: Duration = Duration::from_secs(30);

/// What the server of the builds is told about the caller.
const USER_AGENT: &str = concat!("postern/", env!("CARGO_PKG_VERSION"));

/// Where systems keep their time zones. The builds have none of their own: they are configured for this folder, and a
/// server without the zone UTC does not start.
const TIME_ZONES: &str = "/usr/share/zoneinfo";

/// Why no release build could be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// There are no builds for this platform or version.
    #[error("there is no build for {0}")]
    NotBuilt(String),
    /// The mirror's address cannot have a path.
    #[error("{0} cannot be a mirror's address")]
    Address(String),
    /// The request failed.
    #[error("{url}: {reason}")]
    Request {
        /// The address, without credentials.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The answer is larger than anything that is expected.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address, without credentials.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The file with the checksum has none.
    #[error("{0} has no SHA-256 checksum")]
    NoChecksum(String),
    /// The archive is not the one that was published.
    #[error("{url} has the checksum {found}, published is {published}")]
    Checksum {
        /// The address, without credentials.
        url: String,
        /// What was received.
        found: String,
        /// What should have been.
        published: String,
    },
    /// The archive has contents that no build has, or is damaged.
    #[error("the archive is refused: {0}")]
    Archive(String),
    /// The server does not run on this machine.
    #[error("the downloaded server does not run here: {0}")]
    DoesNotRun(String),
    /// The cache cannot be written.
    #[error("cannot write to {}: {source}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Downloads the build for this platform into `cache` and returns its binaries.
pub(crate) async fn fetch(
    base: &Url,
    major: Option<u32>,
    account: Option<&Account>,
    cache: &Path,
    progress: Progress<'_>,
) -> Result<Binaries, DownloadError> {
    let release = Release::choose(major).map_err(DownloadError::NotBuilt)?;
    let address = |suffix| release.url(base, suffix).ok_or_else(|| DownloadError::Address(shown(base)));
    let (archive, checksum) = (address("")?, address(".sha256")?);
    let in_cache = |source| DownloadError::Cache { path: cache.to_owned(), source };
    std::fs::create_dir_all(cache).map_err(in_cache)?;
    let _alone = lock::exclusive(&cache.join("download.lock"), progress).await.map_err(in_cache)?;
    if let Ok(binaries) = cached(&release, account, cache).await {
        return Ok(binaries);
    }
    let mut file = NamedTempFile::with_prefix_in(".download-", cache).map_err(in_cache)?;

    progress(&format!(
        "no suitable PostgreSQL is installed: downloading {} from {}",
        release.version,
        shown(&archive)
    ));
    let client = client(base).map_err(|error| failed(&archive, error))?;
    let published = published(&client, &checksum, progress).await?;
    let found = receive(&client, &archive, &mut file, progress).await?;
    if found != published {
        return Err(DownloadError::Checksum { url: shown(&archive), found, published });
    }
    let lines = |seconds| format!("unpacking PostgreSQL {} ({seconds} s)", release.version);
    let unpacked = heartbeat(progress, lines, unpack(file, cache.to_owned())).await?;
    settle(&unpacked, &release, account, cache).await
}

fn client(base: &Url) -> reqwest::Result<Client> {
    // The program chooses the cryptography at its start; a test or a tool may not have.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let client = Client::builder().connect_timeout(CONNECT).read_timeout(STALL).user_agent(USER_AGENT);
    // Some servers label a `.tar.gz` as compressed in transit; unpacked on arrival it would have another checksum.
    client.no_gzip().https_only(base.scheme() == "https").build()
}

/// The checksum that is published beside the archive: `<64 hexadecimal digits>  <name>`.
async fn published(client: &Client, url: &Url, progress: Progress<'_>) -> Result<String, DownloadError> {
    let lines = |seconds| format!("waiting for {} ({seconds} s)", shown(url));
    let text = heartbeat(progress, lines, async {
        let mut response = open(client, url, LARGEST_CHECKSUM).await?;
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, error))? {
            text.extend_from_slice(&chunk);
            within(url, text.len() as u64, LARGEST_CHECKSUM)?;
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    })
    .await?;
    let digits = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    match hex::decode(&digits) {
        Ok(bytes) if bytes.len() == 32 => Ok(digits),
        _ => Err(DownloadError::NoChecksum(shown(url))),
    }
}

/// Streams the archive into the file and returns the checksum of what arrived.
async fn receive(
    client: &Client,
    url: &Url,
    file: &mut NamedTempFile,
    progress: Progress<'_>,
) -> Result<String, DownloadError> {
    let (received, expected) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let lines = |_| {
        let megabytes = |count: &AtomicU64| count.load(Ordering::Relaxed) >> 20;
        format!("downloading PostgreSQL: {} of {} MB", megabytes(&received), megabytes(&expected))
    };
    heartbeat(progress, lines, async {
        let mut response = open(client, url, LARGEST).await?;
        expected.store(response.content_length().unwrap_or(0), Ordering::Relaxed);
        let mut digest = Sha256::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(url, error))? {
            let so_far = received.fetch_add(chunk.len() as u64, Ordering::Relaxed) + chunk.len() as u64;
            within(url, so_far, LARGEST)?;
            digest.update(&chunk);
            let written = file.write_all(&chunk);
            written.map_err(|source| DownloadError::Cache { path: file.path().to_owned(), source })?;
        }
        Ok(hex::encode(digest.finalize()))
    })
    .await
}

async fn open(client: &Client, url: &Url, limit: u64) -> Result<Response, DownloadError> {
    let response = client.get(url.clone()).send().await;
    let response = response.and_then(Response::error_for_status).map_err(|error| failed(url, error))?;
    within(url, response.content_length().unwrap_or(0), limit)?;
    Ok(response)
}

fn within(url: &Url, size: u64, limit: u64) -> Result<(), DownloadError> {
    if size > limit { Err(DownloadError::TooLarge { url: shown(url), limit }) } else { Ok(()) }
}

/// Unpacks into a temporary folder of the cache, on a thread that may block.
async fn unpack(mut file: NamedTempFile, cache: PathBuf) -> Result<tempfile::TempDir, DownloadError> {
    let work = move || {
        let in_cache = |source| DownloadError::Cache { path: cache.clone(), source };
        file.flush().and_then(|()| file.rewind()).map_err(in_cache)?;
        let folder = tempfile::Builder::new().prefix(".unpacked-").tempdir_in(&cache).map_err(in_cache)?;
        // The server's user, who may be another one, runs what is in it.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).map_err(in_cache)?;
        let unpacked = archive::unpack(file.path(), folder.path(), archive::LARGEST);
        unpacked.map_err(|refusal| DownloadError::Archive(refusal.to_string()))?;
        Ok(folder)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| DownloadError::Archive("unpacking it was interrupted".into()))?
}

/// Sees the server run and gives it its name in the cache. A rename is atomic: a cache entry is whole or absent.
async fn settle(
    unpacked: &tempfile::TempDir,
    release: &Release,
    account: Option<&Account>,
    cache: &Path,
) -> Result<Binaries, DownloadError> {
    let inner = unpacked.path().join(release.name());
    let root = if inner.is_dir() { inner } else { unpacked.path().to_owned() };
    let missing = || DownloadError::Archive("it has no initdb, pg_ctl and postgres".into());
    let bin = beside_each_other(&root.join("bin")).ok_or_else(missing)?;
    if !has_time_zones(&root, Path::new(TIME_ZONES)) {
        let reason = format!("it needs the time zones of this machine in {TIME_ZONES}: install tzdata");
        return Err(DownloadError::DoesNotRun(reason));
    }
    let binaries = Binaries::probe(bin, account).await.map_err(DownloadError::DoesNotRun)?;
    if !binaries.suits(Some(release.major)) {
        return Err(DownloadError::Archive(format!("it has {binaries}, not {}", release.version)));
    }
    let place = cache.join(release.name());
    // What has that name is either not there or was just seen not to run.
    let _ = std::fs::remove_dir_all(&place);
    std::fs::rename(&root, &place).map_err(|source| DownloadError::Cache { path: place, source })?;
    cached(release, account, cache).await
}

/// Whether a server will find its time zones: its own, or those of the machine.
fn has_time_zones(root: &Path, machine: &Path) -> bool {
    [root.join("share/timezone"), root.join("share/postgresql/timezone"), machine.to_owned()]
        .iter()
        .any(|folder| folder.join("UTC").exists())
}

/// The binaries of a release that the cache already has.
async fn cached(
    release: &Release,
    account: Option<&Account>,
    cache: &Path,
) -> Result<Binaries, DownloadError> {
    let absent = || DownloadError::DoesNotRun(format!("there is no {}", release.name()));
    let bin = beside_each_other(&cache.join(release.name()).join("bin")).ok_or_else(absent)?;
    Binaries::probe(bin, account).await.map_err(DownloadError::DoesNotRun)
}

fn failed(url: &Url, error: reqwest::Error) -> DownloadError {
    let error = error.without_url();
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    DownloadError::Request { url: shown(url), reason }
}

/// An address as it may be shown: without a user, a password or a query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    let (_, _) = (url.set_username(""), url.set_password(None));
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_time_zones_needs_those_of_the_machine() {
        let (build, machine) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert!(!has_time_zones(build.path(), machine.path()));
        std::fs::write(machine.path().join("UTC"), "").unwrap();
        assert!(has_time_zones(build.path(), machine.path()));
        std::fs::create_dir_all(build.path().join("share/timezone")).unwrap();
        std::fs::write(build.path().join("share/timezone/UTC"), "").unwrap();
        assert!(has_time_zones(build.path(), Path::new("/nowhere")));
    }

    #[test]
    fn a_mirrors_credentials_are_not_shown() {
        let url = Url::parse("https://user:secret@mirror.test/a?token=secret").unwrap();
        assert_eq!(shown(&url), "https://mirror.test/a");
    }
}

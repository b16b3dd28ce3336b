//! A machine without a server fetches a build from a mirror.

use cluster::{Cluster, ClusterError, DownloadError, Search};
use flate2::{Compression, write::GzEncoder};

use crate::mirror::{Mirror, folder_name, pack};
use crate::stage::{Stage, set_mode, sql};

/// The version for new data.
const NEWEST: &str = "18.6.0";

/// A stage with an empty cache and a mirror, where nothing is installed.
async fn bare() -> (Stage, Mirror) {
    let mut stage = Stage::new();
    let mirror = Mirror::open().await;
    let cache = stage.folder().join("cache");
    std::fs::create_dir(&cache).unwrap();
    set_mode(&cache, 0o755);
    stage.settings.cache_dir = Some(cache);
    stage.settings.download_base = mirror.base.clone();
    (stage, mirror)
}

async fn refusal(stage: &Stage) -> DownloadError {
    let error = stage.start_with(&Search::default()).await.map(|cluster| cluster.url("")).unwrap_err();
    let cache = stage.settings.cache_dir.as_ref().unwrap();
    let left: Vec<_> = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["download.lock"], "something stayed in the cache");
    match error {
        ClusterError::NotFound { download, .. } => download,
        other => panic!("{other}"),
    }
}

/// Creates data with the installed server; its version decides which build is fetched afterwards.
async fn installed(stage: &Stage) -> (Vec<u8>, &'static str) {
    let cluster = stage.start().await.unwrap();
    let bin = cluster.binaries().to_owned();
    sql(&cluster.url("postgres"), "CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    cluster.stop().await.unwrap();
    let major = std::fs::read_to_string(stage.data().join("PG_VERSION")).unwrap();
    let version = match major.trim() {
        "15" => "15.18.0",
        "16" => "16.14.0",
        "17" => "17.10.0",
        "18" => NEWEST,
        other => panic!("no build is known for version {other}"),
    };
    (pack(&bin, version), version)
}

async fn answer(cluster: &Cluster) -> Option<String> {
    sql(&cluster.url("postgres"), "SELECT answer FROM kept").await.unwrap()
}

#[tokio::test]
async fn a_build_of_the_datas_version_is_fetched_once_and_opens_the_data() {
    let (stage, mirror) = bare().await;
    let (archive, version) = installed(&stage).await;
    mirror.publish(version, &archive);

    let cluster = stage.start_with(&Search::default()).await.unwrap();
    assert_eq!(answer(&cluster).await.as_deref(), Some("42"));
    let cache = stage.settings.cache_dir.as_ref().unwrap().canonicalize().unwrap();
    assert!(cluster.binaries().starts_with(cache.join(folder_name(version))), "{:?}", cluster.binaries());
    assert!(stage.said().contains("downloading"), "{}", stage.said());
    cluster.stop().await.unwrap();

    let cluster = stage.start_with(&Search::default()).await.unwrap();
    assert_eq!(answer(&cluster).await.as_deref(), Some("42"));
    assert_eq!(mirror.asked().len(), 2, "the cache was not used: {:?}", mirror.asked());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn an_archive_that_does_not_match_its_checksum_is_never_unpacked() {
    let (stage, mirror) = bare().await;
    mirror.publish(NEWEST, b"the archive that was published");
    mirror.put(NEWEST, "", b"another archive");
    let error = refusal(&stage).await;
    assert!(matches!(error, DownloadError::Checksum { .. }), "{error}");
    assert!(!stage.said().contains("unpacking"));
}

#[tokio::test]
async fn a_checksum_file_without_a_checksum_stops_before_the_archive_is_asked_for() {
    let (stage, mirror) = bare().await;
    for nonsense in ["", "<html>Please sign in</html>", "abcd  file"] {
        mirror.put(NEWEST, ".sha256", nonsense.as_bytes());
        let error = refusal(&stage).await;
        assert!(matches!(error, DownloadError::NoChecksum(_)), "{error}");
    }
    assert!(mirror.asked().iter().all(|path| path.ends_with(".sha256")), "{:?}", mirror.asked());
}

#[tokio::test]
async fn an_archive_that_breaks_off_is_refused() {
    let (stage, mirror) = bare().await;
    mirror.publish(NEWEST, &[7; 5000]);
    mirror.promise(NEWEST, "", 5000, &[7; 2500]);
    let error = refusal(&stage).await;
    assert!(matches!(error, DownloadError::Request { .. }), "{error}");
}

#[tokio::test]
async fn an_archive_larger_than_any_build_is_not_received() {
    let (stage, mirror) = bare().await;
    mirror.publish(NEWEST, b"");
    mirror.promise(NEWEST, "", 300 << 20, b"");
    let error = refusal(&stage).await;
    assert!(matches!(error, DownloadError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_truncated_archive_with_a_matching_checksum_is_refused() {
    let (stage, mirror) = bare().await;
    let mut whole = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let mut header = tar::Header::new_gnu();
    header.set_size(100_000);
    header.set_mode(0o755);
    whole.append_data(&mut header, "bin/postgres", vec![7; 100_000].as_slice()).unwrap();
    let whole = whole.into_inner().unwrap().finish().unwrap();
    mirror.publish(NEWEST, &whole[..whole.len() / 2]);
    let error = refusal(&stage).await;
    assert!(matches!(error, DownloadError::Archive(_)), "{error}");
}

#[tokio::test]
async fn an_archive_that_writes_outside_its_folder_is_refused() {
    let (stage, mirror) = bare().await;
    let mut escaping = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    escaping.append_link(&mut header, "bin", "../..").unwrap();
    mirror.publish(NEWEST, &escaping.into_inner().unwrap().finish().unwrap());
    let error = refusal(&stage).await;
    assert!(matches!(&error, DownloadError::Archive(reason) if reason.contains("outside")), "{error}");
}

#[tokio::test]
async fn an_archive_without_a_server_is_refused() {
    let (stage, mirror) = bare().await;
    let empty = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    mirror.publish(NEWEST, &empty.into_inner().unwrap().finish().unwrap());
    let error = refusal(&stage).await;
    assert!(matches!(&error, DownloadError::Archive(reason) if reason.contains("initdb")), "{error}");
}

#[tokio::test]
async fn a_build_that_the_mirror_does_not_have_is_named() {
    let (stage, mirror) = bare().await;
    let error = refusal(&stage).await;
    assert!(error.to_string().contains("404") && error.to_string().contains(NEWEST), "{error}");
    assert_eq!(mirror.asked().len(), 1);
}

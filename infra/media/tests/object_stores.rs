//! One suite for every object store: a directory, and S3 as a real server speaks it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use media::{LocalDirectory, ObjectStore, S3, S3Settings};
use publishing::media::storage::{MediaStream, ObjectName, StorageError};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tenancy::Clock;
use tokio::net::TcpListener;
use uuid::Uuid;

const BUCKET: &str = "media-of-tests";

struct Shifted(TimeDelta);

impl Clock for Shifted {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.0
    }
}

/// An S3 server over a directory, which checks signatures.
async fn s3_server(root: &Path) -> String {
    std::fs::create_dir(root.join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single("key-of-tests", "secret-of-tests"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let _ =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    format!("http://{address}")
}

fn s3(endpoint: &str, secret: &str, shift: TimeDelta) -> S3 {
    let settings = S3Settings {
        endpoint: endpoint.parse().unwrap(),
        bucket: BUCKET.to_owned(),
        region: "eu-central-1".to_owned(),
        access_key: "key-of-tests".to_owned(),
        secret_key: secret.to_owned().into(),
    };
    S3::new(settings, Arc::new(Shifted(shift))).unwrap()
}

fn name() -> ObjectName {
    ObjectName::new([0xab; 32], Uuid::new_v4())
}

fn content(length: u64) -> Vec<u8> {
    (0..length).map(|i| (i / 7).to_le_bytes()[0]).collect()
}

fn stream(bytes: &[u8]) -> MediaStream {
    let pieces: Vec<_> = bytes.chunks(100_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

async fn put(store: &dyn ObjectStore, name: &ObjectName, bytes: &[u8]) -> Result<(), StorageError> {
    store.put(name, stream(bytes), bytes.len() as u64).await
}

async fn get(
    store: &dyn ObjectStore,
    name: &ObjectName,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, StorageError> {
    Ok(store.get(name, range).await?.try_collect::<Vec<_>>().await?.concat())
}

async fn what_is_put_reads_back_in_whole_and_in_part(store: &dyn ObjectStore) {
    let (name, bytes) = (name(), content(1_000_000));
    put(store, &name, &bytes).await.unwrap();
    assert_eq!(store.size(&name).await, Ok(Some(1_000_000)));
    assert_eq!(get(store, &name, 0..1_000_000).await.unwrap(), bytes);
    assert_eq!(get(store, &name, 0..1).await.unwrap(), bytes[..1]);
    assert_eq!(get(store, &name, 300_000..700_001).await.unwrap(), bytes[300_000..700_001]);
    assert_eq!(get(store, &name, 999_999..1_000_000).await.unwrap(), bytes[999_999..]);
}

async fn what_was_never_put_is_missing(store: &dyn ObjectStore) {
    assert_eq!(store.size(&name()).await, Ok(None));
    assert_eq!(get(store, &name(), 0..1).await, Err(StorageError::Missing));
}

async fn deleting_twice_is_as_good_as_once(store: &dyn ObjectStore) {
    let name = name();
    put(store, &name, b"short").await.unwrap();
    store.delete(&name).await.unwrap();
    assert_eq!(store.size(&name).await, Ok(None));
    store.delete(&name).await.unwrap();
}

async fn a_body_that_breaks_off_leaves_nothing(store: &dyn ObjectStore) {
    let name = name();
    let broken = vec![Ok(Bytes::from_static(b"begin")), Err(StorageError::Damaged)];
    let put = store.put(&name, futures::stream::iter(broken).boxed(), 10).await;
    assert!(put.is_err());
    assert_eq!(store.size(&name).await, Ok(None));
    let short = store.put(&name, stream(b"four"), 10).await;
    assert!(short.is_err());
    assert_eq!(store.size(&name).await, Ok(None));
}

async fn many_at_the_same_time_do_not_mix(store: &dyn ObjectStore) {
    let names: Vec<_> = (0..20_u8).map(|i| (i, name())).collect();
    let puts = names.iter().map(async |(i, name)| put(store, name, &[*i; 5_000]).await.unwrap());
    futures::future::join_all(puts).await;
    for (i, name) in &names {
        assert_eq!(get(store, name, 0..5_000).await.unwrap(), [*i; 5_000]);
    }
}

async fn conforms(store: &dyn ObjectStore) {
    what_is_put_reads_back_in_whole_and_in_part(store).await;
    what_was_never_put_is_missing(store).await;
    deleting_twice_is_as_good_as_once(store).await;
    a_body_that_breaks_off_leaves_nothing(store).await;
    many_at_the_same_time_do_not_mix(store).await;
}

#[tokio::test]
async fn a_directory_conforms() {
    let root = tempfile::tempdir().unwrap();
    conforms(&LocalDirectory::open(&root.path().join("new/media")).unwrap()).await;
}

#[tokio::test]
async fn s3_conforms() {
    let root = tempfile::tempdir().unwrap();
    conforms(&s3(&s3_server(root.path()).await, "secret-of-tests", TimeDelta::zero())).await;
}

#[tokio::test]
async fn s3_with_a_wrong_secret_is_unavailable() {
    let root = tempfile::tempdir().unwrap();
    let endpoint = s3_server(root.path()).await;
    let (right, wrong) =
        (s3(&endpoint, "secret-of-tests", TimeDelta::zero()), s3(&endpoint, "guessed", TimeDelta::zero()));
    let name = name();
    put(&right, &name, b"kept").await.unwrap();
    let refused = StorageError::Unavailable("status 403".to_owned());
    assert_eq!(put(&wrong, &name, b"changed").await, Err(refused.clone()));
    assert_eq!(get(&wrong, &name, 0..4).await, Err(refused.clone()));
    assert_eq!(wrong.delete(&name).await, Err(refused));
    assert_eq!(get(&right, &name, 0..4).await.unwrap(), b"kept");
}

#[tokio::test]
async fn s3_that_does_not_answer_is_unavailable_and_is_not_named() {
    let store = s3("http://127.0.0.1:1", "secret-of-tests", TimeDelta::zero());
    let error = store.size(&name()).await.unwrap_err();
    assert_eq!(error, StorageError::Unavailable("no connection".to_owned()));
}

#[tokio::test]
async fn a_directory_shows_its_files_to_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let store = LocalDirectory::open(root.path()).unwrap();
    let name = name();
    put(&store, &name, b"private").await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = root.path().join(name.as_str());
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(std::fs::read_dir(root.path().join("incoming")).unwrap().count(), 0);
}

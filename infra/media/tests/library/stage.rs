//! A stage: one organization with two workspaces, a directory, a vault, a clock that stands still.

use std::{
    ops::Range,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use media::{EncryptedStorage, FileInspector, Limits, LocalDirectory, ObjectStore, SignedLinks};
use publishing::{
    id::MediaId,
    media::{
        Media, MediaError, NewMedia, Served, Uploaded,
        fetch::{FetchError, Fetched, RemoteFetch},
        inspector::Incoming,
        links::MediaLinks,
        storage::{MediaStream, ObjectName, StorageError},
    },
};
use tenancy::{
    Actor, Caller, Clock, OrganizationId, PersonId, Reach, Role, Scopes, SessionId, WorkspaceId,
    sealing::Vault,
};
use url::Url;
use uuid::Uuid;
use vault::{KeyRing, LookupKey, RingVault};

use crate::memory::Memory;

/// A clock that moves when it is told to.
pub(crate) struct Hands(Mutex<DateTime<Utc>>);

impl Hands {
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

impl Clock for Hands {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
    }
}

/// A declared type and a body.
type Answer = (Option<String>, Result<Vec<u8>, FetchError>);

/// The rest of the internet: one answer.
#[derive(Default)]
pub(crate) struct Internet(Mutex<Option<Answer>>);

impl Internet {
    pub(crate) fn answer(&self, content_type: Option<&str>, body: Result<Vec<u8>, FetchError>) {
        *self.0.lock().unwrap() = Some((content_type.map(str::to_owned), body));
    }
}

#[async_trait]
impl RemoteFetch for Internet {
    async fn fetch(&self, _: &Url, _: u64) -> Result<Fetched, FetchError> {
        let (content_type, body) = self.0.lock().unwrap().take().unwrap();
        let body = futures::stream::iter([Ok(Bytes::from(body?))]).boxed();
        Ok(Fetched { content_type, body })
    }
}

/// A directory whose disk may be full.
struct Disk {
    directory: LocalDirectory,
    full: Arc<AtomicBool>,
}

#[async_trait]
impl ObjectStore for Disk {
    async fn put(&self, name: &ObjectName, body: MediaStream, length: u64) -> Result<(), StorageError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StorageError::Unavailable("the disk is full".to_owned()));
        }
        self.directory.put(name, body, length).await
    }

    async fn get(&self, name: &ObjectName, range: Range<u64>) -> Result<MediaStream, StorageError> {
        self.directory.get(name, range).await
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, StorageError> {
        self.directory.size(name).await
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        self.directory.delete(name).await
    }
}

/// Everything.
pub(crate) struct Stage {
    pub(crate) media: Media,
    pub(crate) store: Arc<Memory>,
    pub(crate) links: Arc<SignedLinks>,
    pub(crate) remote: Arc<Internet>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) caller: Caller,
    pub(crate) workspace: WorkspaceId,
    full: Arc<AtomicBool>,
    root: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let ring = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned();
        let ring = Arc::new(KeyRing::from_text(&ring.into()).unwrap());
        let vault: Arc<dyn Vault> = Arc::new(RingVault::new(ring, LookupKey::new([7; 32])));
        let clock = Arc::new(Hands(Mutex::new(DateTime::from_timestamp(1_795_000_000, 0).unwrap())));
        let base = "https://postern.example".parse().unwrap();
        let links =
            Arc::new(SignedLinks::new(base, vault.clone(), clock.clone(), SignedLinks::default_longest()));
        let (organization, full) = (OrganizationId::new(), Arc::new(AtomicBool::new(false)));
        let store = Arc::new(Memory::new(organization, vault.new_root_key().unwrap(), clock.clone()));
        let remote = Arc::new(Internet::default());
        let disk = Disk { directory: LocalDirectory::open(root.path()).unwrap(), full: full.clone() };
        let media = Media {
            store: store.clone(),
            storage: Arc::new(EncryptedStorage::new(Arc::new(disk))),
            inspector: Arc::new(FileInspector::open(root.path(), Limits::default()).unwrap()),
            remote: remote.clone(),
            grants: links.clone(),
            vault,
            clock: clock.clone(),
        };
        let (caller, workspace) = (Self::caller_of(organization), WorkspaceId::new());
        Self { media, store, links, remote, clock, caller, workspace, full, root }
    }

    /// An owner of an organization.
    pub(crate) fn caller_of(organization: OrganizationId) -> Caller {
        let actor = Actor::Member { person: PersonId::new(), session: SessionId::new(), role: Role::Owner };
        Caller { organization, reach: Reach::All, scopes: Scopes::all(), actor }
    }

    pub(crate) fn second_workspace(&self) -> WorkspaceId {
        let second = WorkspaceId::new();
        assert_ne!(second, self.workspace);
        second
    }

    pub(crate) fn fail_storage(&self) {
        self.full.store(true, Ordering::SeqCst);
    }

    pub(crate) async fn upload(&self, file: &[u8]) -> Result<Uploaded, MediaError> {
        self.media.upload(&self.caller, new(self.workspace), piecewise(file)).await
    }

    /// The token of an address that works for a quarter of an hour.
    pub(crate) fn token(&self, asset: MediaId) -> String {
        let url = self.links.link(asset, Uuid::nil(), self.clock.now() + TimeDelta::days(1));
        url.path().strip_prefix("/media/").unwrap().to_owned()
    }

    /// Every file in the storage.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let directories = std::fs::read_dir(self.root.path()).unwrap().map(|entry| entry.unwrap().path());
        directories
            .flat_map(|directory| std::fs::read_dir(directory).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

pub(crate) fn new(workspace: WorkspaceId) -> NewMedia {
    NewMedia {
        workspace,
        alt_text: None,
        filename: Some("cat.jpg".to_owned()),
        content_type: None,
        fence: None,
    }
}

pub(crate) fn piecewise(file: &[u8]) -> Incoming {
    let pieces: Vec<_> = file.chunks(1_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

pub(crate) async fn body(served: Served) -> Vec<u8> {
    served.body.unwrap().try_collect::<Vec<_>>().await.unwrap().concat()
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let low = |number: u32| number.to_le_bytes()[0];
    let picture =
        image::RgbImage::from_fn(width, height, |x, y| image::Rgb([low(x * 5), low(y * 7), low(x ^ y)]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Jpeg).unwrap();
    file.into_inner()
}

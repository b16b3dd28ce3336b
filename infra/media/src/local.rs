//! A directory as an object store.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use publishing::media::storage::{MediaStream, ObjectName, StorageError};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::{
    object_store::ObjectStore,
    reading::{stream, unavailable},
};

/// Where objects are written before they get their name.
const INCOMING: &str = "incoming";

/// How long a crash's leftovers stay. No upload lasts a day.
const LEFTOVER: Duration = Duration::from_hours(24);

/// Objects as files: `root/prefix/object`, readable for their owner alone.
pub struct LocalDirectory {
    root: PathBuf,
}

impl LocalDirectory {
    /// Uses a directory, which is made if it is missing, and clears away what a crash left half written.
    pub fn open(root: &Path) -> io::Result<Self> {
        let incoming = root.join(INCOMING);
        make_directory(&incoming)?;
        for entry in fs::read_dir(&incoming)? {
            let entry = entry?;
            let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > LEFTOVER) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self { root: root.to_owned() })
    }

    fn path(&self, name: &ObjectName) -> PathBuf {
        self.root.join(name.as_str())
    }
}

#[async_trait]
impl ObjectStore for LocalDirectory {
    async fn put(&self, name: &ObjectName, body: MediaStream, length: u64) -> Result<(), StorageError> {
        let draft = Draft(self.root.join(INCOMING).join(Uuid::new_v4().simple().to_string()));
        write(&draft.0, body, length).await?;
        let (path, root) = (self.path(name), self.root.clone());
        blocking(move || {
            let directory = path.parent().unwrap_or(&root);
            make_directory(directory)?;
            fs::rename(&draft.0, &path)?;
            // The name is durable once its directory is, and that one once its own is.
            File::open(directory)?.sync_all()?;
            File::open(&root)?.sync_all()
        })
        .await
    }

    async fn get(&self, name: &ObjectName, range: Range<u64>) -> Result<MediaStream, StorageError> {
        let path = self.path(name);
        let file = tokio::task::spawn_blocking(move || File::open(path)).await.map_err(|_| cancelled())?;
        match file {
            Ok(file) => Ok(stream(Arc::new(file), range)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StorageError::Missing),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, StorageError> {
        match tokio::fs::metadata(self.path(name)).await {
            Ok(meta) => Ok(Some(meta.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        match tokio::fs::remove_file(self.path(name)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(error)),
            _ => Ok(()),
        }
    }
}

/// A file that goes away unless it gets its name.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

async fn write(path: &Path, mut body: MediaStream, length: u64) -> Result<(), StorageError> {
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(unavailable)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut written = 0;
    while let Some(piece) = body.next().await {
        let piece = piece?;
        written += piece.len() as u64;
        file.write_all(&piece).await.map_err(unavailable)?;
    }
    if written != length {
        return Err(StorageError::Damaged);
    }
    file.flush().await.map_err(unavailable)?;
    file.sync_all().await.map_err(unavailable)
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), StorageError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| cancelled())?.map_err(unavailable)
}

/// Makes a directory for its owner alone. One that is there stays as it is.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn cancelled() -> StorageError {
    StorageError::Unavailable("the work was cancelled".to_owned())
}

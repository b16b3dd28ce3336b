//! File locks: they end with the process that holds them, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Result;
use std::path::Path;
use std::time::Duration;

use crate::progress::{Progress, heartbeat};

/// How long to wait between two attempts; `File::lock` itself would block a thread that cannot be cancelled.
const PAUSE: Duration = Duration::from_millis(25);

/// Waits until nobody else holds the lock.
pub(crate) async fn exclusive(path: &Path, progress: Progress<'_>) -> Result<File> {
    let file = open(path)?;
    let line = |seconds| format!("waiting for another process that prepares PostgreSQL ({seconds} s)");
    heartbeat(progress, line, async {
        while !try_exclusive(&file)? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(file)
    })
    .await
}

/// Takes the lock if nobody else holds it.
pub(crate) fn try_exclusive(file: &File) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes one share of the lock.
pub(crate) fn shared(path: &Path) -> Result<File> {
    let file = open(path)?;
    file.lock_shared()?;
    Ok(file)
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)
}

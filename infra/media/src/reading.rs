//! Reading files without blocking the runtime.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, stream::try_unfold};
use publishing::media::storage::{MediaStream, StorageError};

/// Bytes that are read at once.
const PIECE: u64 = 256 * 1024;

/// Streams a range of a file, by position: several readers of one file do not disturb each other.
pub(crate) fn stream(file: Arc<File>, range: Range<u64>) -> MediaStream {
    try_unfold((file, range), async |(file, range)| {
        if range.is_empty() {
            return Ok(None);
        }
        let (piece, file) = read(file, range.clone()).await?;
        if piece.is_empty() {
            return Ok(None);
        }
        let next = range.start + piece.len() as u64..range.end;
        Ok(Some((piece, (file, next))))
    })
    .boxed()
}

async fn read(file: Arc<File>, range: Range<u64>) -> Result<(Bytes, Arc<File>), StorageError> {
    let reading = tokio::task::spawn_blocking(move || {
        let wanted = (range.end - range.start).min(PIECE);
        let mut piece = vec![0; usize::try_from(wanted).unwrap_or(0)];
        let read = read_at(&file, &mut piece, range.start)?;
        piece.truncate(read);
        Ok((Bytes::from(piece), file))
    });
    reading
        .await
        .map_err(|_| StorageError::Unavailable("the reading was cancelled".to_owned()))?
        .map_err(unavailable)
}

/// Once interrupted, again.
fn read_at(file: &File, piece: &mut [u8], position: u64) -> io::Result<usize> {
    loop {
        match file.read_at(piece, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// An error of the file system, without the path.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(crate) fn unavailable(error: io::Error) -> StorageError {
    StorageError::Unavailable(error.kind().to_string())
}

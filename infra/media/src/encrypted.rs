//! [`MediaStorage`]: encryption in front of an [`ObjectStore`].

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chacha20poly1305::aead::Generate;
use futures::{StreamExt, stream::try_unfold};
use publishing::media::storage::{ContentKey, MediaStorage, MediaStream, ObjectName, StorageError};

use crate::{
    chunks::{CHUNK, Chunks},
    object_store::ObjectStore,
};

/// Encrypts what goes in and decrypts what comes out.
pub struct EncryptedStorage {
    objects: Arc<dyn ObjectStore>,
}

impl EncryptedStorage {
    /// In front of a store.
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects }
    }
}

#[async_trait]
impl MediaStorage for EncryptedStorage {
    fn new_key(&self) -> ContentKey {
        ContentKey::new(<[u8; 32]>::generate())
    }

    async fn put(
        &self,
        name: &ObjectName,
        key: &ContentKey,
        plain: MediaStream,
        length: u64,
    ) -> Result<(), StorageError> {
        let chunks = Chunks::new(name, key, length);
        let total = chunks.sealed_total();
        self.objects.put(name, sealing(chunks, plain), total).await
    }

    async fn read(
        &self,
        name: &ObjectName,
        key: &ContentKey,
        length: u64,
        range: Range<u64>,
    ) -> Result<MediaStream, StorageError> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let chunks = Chunks::new(name, key, length);
        let sealed = self.objects.get(name, chunks.sealed_range(&Chunks::touched(&range))).await?;
        Ok(opening(chunks, sealed, range))
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        self.objects.delete(name).await
    }
}

/// Takes pieces of any size and gives chunks of the size that is asked for.
struct Cutter {
    input: MediaStream,
    rest: Vec<u8>,
}

impl Cutter {
    /// Exactly `length` bytes. An input that ends before is an error.
    async fn take(&mut self, length: u64) -> Result<Vec<u8>, StorageError> {
        let length = usize::try_from(length).map_err(|_| StorageError::Damaged)?;
        while self.rest.len() < length {
            let piece = self.input.next().await.ok_or(StorageError::Damaged)??;
            self.rest.extend_from_slice(&piece);
        }
        let rest = self.rest.split_off(length);
        Ok(std::mem::replace(&mut self.rest, rest))
    }

    /// Checks that nothing is left.
    async fn end(&mut self) -> Result<(), StorageError> {
        while self.rest.is_empty() {
            match self.input.next().await {
                None => return Ok(()),
                Some(piece) => self.rest.extend_from_slice(&piece?),
            }
        }
        Err(StorageError::Damaged)
    }
}

fn sealing(chunks: Chunks, plain: MediaStream) -> MediaStream {
    let cutter = Cutter { input: plain, rest: Vec::new() };
    try_unfold((chunks, cutter, 0), async |(chunks, mut cutter, index)| {
        if index == chunks.count() {
            cutter.end().await?;
            return Ok(None);
        }
        let mut chunk = cutter.take(chunks.plain_length(index)).await?;
        chunks.seal(index, &mut chunk)?;
        Ok(Some((Bytes::from(chunk), (chunks, cutter, index + 1))))
    })
    .boxed()
}

fn opening(chunks: Chunks, sealed: MediaStream, range: Range<u64>) -> MediaStream {
    let cutter = Cutter { input: sealed, rest: Vec::new() };
    let first = Chunks::touched(&range).start;
    try_unfold((chunks, cutter, first, range), async |(chunks, mut cutter, index, range)| {
        if index == Chunks::touched(&range).end {
            return Ok(None);
        }
        let mut chunk = cutter.take(chunks.sealed_length(index)).await?;
        chunks.open(index, &mut chunk)?;
        let part = within(&range, index, chunk.len());
        let shown = Bytes::from(chunk).slice(part);
        Ok(Some((shown, (chunks, cutter, index + 1, range))))
    })
    .boxed()
}

/// Which bytes of a chunk lie in the range.
fn within(range: &Range<u64>, index: u64, length: usize) -> Range<usize> {
    let begin = index * CHUNK;
    let to_offset =
        |position: u64| usize::try_from(position.saturating_sub(begin)).unwrap_or(length).min(length);
    to_offset(range.start)..to_offset(range.end)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::TryStreamExt;
    use proptest::prelude::*;
    use publishing::media::storage::StorageError;
    use tokio::runtime::Runtime;
    use uuid::Uuid;

    use super::*;

    /// One object in memory, and the ranges that were asked for.
    #[derive(Default)]
    struct Memory {
        object: Mutex<Vec<u8>>,
        asked: Mutex<Vec<Range<u64>>>,
    }

    #[async_trait]
    impl ObjectStore for Memory {
        async fn put(&self, _: &ObjectName, body: MediaStream, length: u64) -> Result<(), StorageError> {
            let body = body.try_collect::<Vec<_>>().await?.concat();
            assert_eq!(body.len() as u64, length);
            *self.object.lock().unwrap() = body;
            Ok(())
        }

        async fn get(&self, _: &ObjectName, range: Range<u64>) -> Result<MediaStream, StorageError> {
            self.asked.lock().unwrap().push(range.clone());
            let object = self.object.lock().unwrap();
            let at = |position: u64| usize::try_from(position).unwrap().min(object.len());
            let part = object[at(range.start)..at(range.end)].to_vec();
            // Pieces of a size that fits no chunk.
            let pieces: Vec<_> = part.chunks(10_007).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            Ok(futures::stream::iter(pieces).boxed())
        }

        async fn size(&self, _: &ObjectName) -> Result<Option<u64>, StorageError> {
            Ok(Some(self.object.lock().unwrap().len() as u64))
        }

        async fn delete(&self, _: &ObjectName) -> Result<(), StorageError> {
            Ok(())
        }
    }

    struct Kept {
        memory: Arc<Memory>,
        storage: EncryptedStorage,
        key: ContentKey,
        name: ObjectName,
        length: u64,
    }

    impl Kept {
        async fn new(plain: &[u8], piece: usize, length: u64) -> Result<Self, StorageError> {
            let memory = Arc::new(Memory::default());
            let storage = EncryptedStorage::new(memory.clone());
            let (key, name) = (storage.new_key(), ObjectName::new([1; 32], Uuid::new_v4()));
            let pieces: Vec<_> = plain.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
            storage.put(&name, &key, futures::stream::iter(pieces).boxed(), length).await?;
            Ok(Self { memory, storage, key, name, length })
        }

        async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, StorageError> {
            let stream = self.storage.read(&self.name, &self.key, self.length, range).await?;
            Ok(stream.try_collect::<Vec<_>>().await?.concat())
        }
    }

    fn text(length: u64) -> Vec<u8> {
        (0..length).map(|i| (i * 31 + i / 256).to_le_bytes()[0]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
        #[test]
        fn every_range_reads_back_as_it_was(
            length in prop_oneof![1_u64..300, CHUNK - 2..CHUNK + 3, 3 * CHUNK - 2..3 * CHUNK + 3],
            piece in 1_usize..200_000, begin in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(),
        ) {
            let plain = text(length);
            let (begin, end) = (begin.index(plain.len()), end.index(plain.len()) + 1);
            let (begin, end) = (begin.min(end - 1), end.max(begin + 1));
            let back = Runtime::new().unwrap().block_on(async {
                let kept = Kept::new(&plain, piece.max(plain.len() / 50), length).await.unwrap();
                assert!(kept.memory.object.lock().unwrap().windows(16.min(plain.len())).all(|w| plain.len() < 16 || w != &plain[..16]));
                kept.read(begin as u64..end as u64).await.unwrap()
            });
            prop_assert_eq!(back, &plain[begin..end]);
        }
    }

    #[tokio::test]
    async fn a_range_reads_only_the_chunks_it_lies_in() {
        let kept = Kept::new(&text(10 * CHUNK), 5_000, 10 * CHUNK).await.unwrap();
        kept.read(4 * CHUNK + 5..4 * CHUNK + 6).await.unwrap();
        let asked = std::mem::take(&mut *kept.memory.asked.lock().unwrap());
        assert_eq!(asked, vec![Range { start: 4 * (CHUNK + 16), end: 5 * (CHUNK + 16) }]);
    }

    #[tokio::test]
    async fn a_changed_cut_or_reordered_object_is_damaged_and_shows_nothing_wrong() {
        let plain = text(3 * CHUNK);
        let kept = Kept::new(&plain, 5_000, 3 * CHUNK).await.unwrap();
        let good = kept.memory.object.lock().unwrap().clone();
        let chunk = usize::try_from(CHUNK).unwrap() + 16;
        let mut flipped = good.clone();
        flipped[chunk + 5] ^= 1;
        let swapped = [&good[chunk..2 * chunk], &good[..chunk], &good[2 * chunk..]].concat();
        for bad in [flipped, swapped, good[..2 * chunk].to_vec(), good[..10].to_vec(), Vec::new()] {
            *kept.memory.object.lock().unwrap() = bad;
            assert_eq!(kept.read(0..3 * CHUNK).await, Err(StorageError::Damaged));
        }
        *kept.memory.object.lock().unwrap() = good;
        assert_eq!(kept.read(0..3 * CHUNK).await.unwrap(), plain);
    }

    #[tokio::test]
    async fn more_or_fewer_bytes_than_announced_are_not_kept() {
        assert_eq!(Kept::new(&text(100), 7, 101).await.err(), Some(StorageError::Damaged));
        assert_eq!(Kept::new(&text(101), 7, 100).await.err(), Some(StorageError::Damaged));
    }
}

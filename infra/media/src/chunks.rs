//! Encryption in chunks, so that a range can be read without reading the whole.
//!
//! An object is a sequence of chunks of 64 KiB, the last one shorter, each encrypted by XChaCha20-Poly1305 with the object's own key.
//! The nonce is the chunk's index with a mark on the last one (the STREAM construction, <https://eprint.iacr.org/2015/189>); since a
//! key encrypts one object once, no nonce is used twice. The associated data binds the object's name and length.

use std::ops::Range;

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{AeadInOut, KeyInit},
};
use publishing::media::storage::{ContentKey, ObjectName, StorageError};

/// Bytes of plain text in every chunk but the last.
pub(crate) const CHUNK: u64 = 64 * 1024;

/// Bytes of the tag behind every chunk.
const TAG: u64 = 16;

/// The layout and the cipher of one object.
pub(crate) struct Chunks {
    cipher: XChaCha20Poly1305,
    associated: Vec<u8>,
    length: u64,
}

impl Chunks {
    /// Of an object of `length` bytes of plain text.
    pub(crate) fn new(name: &ObjectName, key: &ContentKey, length: u64) -> Self {
        let label: &[u8] = b"postern media chunk 1";
        let associated = [label, name.as_str().as_bytes(), &length.to_be_bytes()].concat();
        Self { cipher: XChaCha20Poly1305::new(key.expose().into()), associated, length }
    }

    /// How many chunks there are; an empty object has one.
    pub(crate) const fn count(&self) -> u64 {
        if self.length == 0 { 1 } else { self.length.div_ceil(CHUNK) }
    }

    /// Bytes of plain text in a chunk.
    pub(crate) const fn plain_length(&self, index: u64) -> u64 {
        if index + 1 == self.count() { self.length - index * CHUNK } else { CHUNK }
    }

    /// Bytes of ciphertext in a chunk.
    pub(crate) const fn sealed_length(&self, index: u64) -> u64 {
        self.plain_length(index) + TAG
    }

    /// Bytes of ciphertext in all.
    pub(crate) const fn sealed_total(&self) -> u64 {
        self.length + self.count() * TAG
    }

    /// The chunks that a range of plain text, which is not empty, lies in.
    pub(crate) const fn touched(range: &Range<u64>) -> Range<u64> {
        range.start / CHUNK..(range.end - 1) / CHUNK + 1
    }

    /// Where the ciphertext of some chunks lies.
    pub(crate) fn sealed_range(&self, chunks: &Range<u64>) -> Range<u64> {
        let end = (chunks.end * (CHUNK + TAG)).min(self.sealed_total());
        chunks.start * (CHUNK + TAG)..end
    }

    /// Encrypts one chunk in place and appends its tag.
    pub(crate) fn seal(&self, index: u64, chunk: &mut Vec<u8>) -> Result<(), StorageError> {
        self.cipher
            .encrypt_in_place(&self.nonce(index), &self.associated, chunk)
            .map_err(|_| StorageError::Damaged)
    }

    /// Checks and decrypts one chunk in place.
    pub(crate) fn open(&self, index: u64, chunk: &mut Vec<u8>) -> Result<(), StorageError> {
        self.cipher
            .decrypt_in_place(&self.nonce(index), &self.associated, chunk)
            .map_err(|_| StorageError::Damaged)
    }

    fn nonce(&self, index: u64) -> XNonce {
        let mut nonce = [0; 24];
        nonce[15] = u8::from(index + 1 == self.count());
        nonce[16..].copy_from_slice(&index.to_be_bytes());
        XNonce::from(nonce)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn chunks(length: u64) -> Chunks {
        Chunks::new(&ObjectName::new([1; 32], Uuid::from_u128(2)), &ContentKey::new([3; 32]), length)
    }

    #[test]
    fn the_layout_adds_up_at_every_edge() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let chunks = chunks(length);
            let all = 0..chunks.count();
            assert_eq!(all.clone().map(|i| chunks.plain_length(i)).sum::<u64>(), length, "{length}");
            assert_eq!(
                all.clone().map(|i| chunks.sealed_length(i)).sum::<u64>(),
                chunks.sealed_total(),
                "{length}"
            );
            assert_eq!(chunks.sealed_range(&all), 0..chunks.sealed_total(), "{length}");
        }
    }

    #[test]
    fn a_range_touches_only_the_chunks_it_lies_in() {
        assert_eq!(Chunks::touched(&(0..1)), 0..1);
        assert_eq!(Chunks::touched(&(CHUNK - 1..CHUNK)), 0..1);
        assert_eq!(Chunks::touched(&(CHUNK..CHUNK + 1)), 1..2);
        assert_eq!(Chunks::touched(&(CHUNK - 1..CHUNK + 1)), 0..2);
        assert_eq!(Chunks::touched(&(0..3 * CHUNK)), 0..3);
    }

    #[test]
    fn a_chunk_in_another_position_object_or_length_does_not_open() {
        let here = chunks(3 * CHUNK);
        let mut sealed = b"text".to_vec();
        here.seal(1, &mut sealed).unwrap();
        assert!(here.open(1, &mut sealed.clone()).is_ok());
        assert!(here.open(0, &mut sealed.clone()).is_err());
        // As the last chunk of a cut object.
        assert!(chunks(2 * CHUNK).open(1, &mut sealed.clone()).is_err());
        let key = ContentKey::new([3; 32]);
        let elsewhere = Chunks::new(&ObjectName::new([1; 32], Uuid::from_u128(3)), &key, 3 * CHUNK);
        assert!(elsewhere.open(1, &mut sealed).is_err());
    }
}

//! Pictures that were handed to the platform.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;

/// What is known about a picture that was handed in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    /// Where it was fetched from; absent for bytes that came in the request.
    pub(crate) url: Option<String>,
    /// Lowercase hex digest of the bytes; absent when the sandbox does not fetch (light mode).
    pub(crate) sha256: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// The bytes themselves, for the timeline, up to a bound.
#[derive(Default)]
pub(crate) struct Pictures {
    kept: HashMap<String, (&'static str, Bytes)>,
    oldest_first: VecDeque<String>,
    total: usize,
}

/// How many bytes of pictures are kept; the oldest make room.
const KEEP_BYTES: usize = 256 * 1024 * 1024;

impl Pictures {
    /// Keeps a picture under its digest.
    pub(crate) fn keep(&mut self, sha256: &str, content_type: &'static str, bytes: Bytes) {
        if self.kept.contains_key(sha256) {
            return;
        }
        self.total += bytes.len();
        self.oldest_first.push_back(sha256.to_owned());
        self.kept.insert(sha256.to_owned(), (content_type, bytes));
        while self.total > KEEP_BYTES {
            let Some(oldest) = self.oldest_first.pop_front() else { return };
            let size = self.kept.remove(&oldest).map_or(0, |(_, bytes)| bytes.len());
            self.total = self.total.saturating_sub(size);
        }
    }

    /// Content type and bytes of a kept picture.
    pub(crate) fn get(&self, sha256: &str) -> Option<(&'static str, Bytes)> {
        self.kept.get(sha256).cloned()
    }
}

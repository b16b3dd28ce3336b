//! The ledger: everything that became visible to the public, in order, for observers that trust nobody else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use poem_openapi::{Enum, Object};

use crate::world::Id;
use crate::world::picture::Picture;

/// What became visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum What {
    /// A Page post: text, link or several photos.
    Post,
    /// A single photo on a Page.
    Photo,
    /// A Page post got a new text.
    Edit,
    /// An Instagram image.
    Media,
    /// An Instagram carousel.
    Carousel,
}

/// One thing that became visible, as whoever published it knows it.
pub(crate) struct Appearance {
    pub(crate) at_ms: i64,
    pub(crate) what: What,
    /// Page or Instagram account.
    pub(crate) account: Id,
    pub(crate) object: String,
    pub(crate) text: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) media: Vec<Piece>,
    pub(crate) app: Id,
    pub(crate) token: u64,
    /// The person or Page the token stands for.
    pub(crate) token_owner: Id,
}

/// One picture of an appearance.
pub(crate) struct Piece {
    pub(crate) picture: Picture,
    pub(crate) alt_text: Option<String>,
}

/// An appearance in the ledger.
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) shown: Appearance,
    /// When it was taken down; 0 while it is up.
    removed_ms: AtomicI64,
}

#[derive(Default)]
struct Book {
    entries: Vec<Arc<Entry>>,
    by_account: HashMap<Id, Vec<Arc<Entry>>>,
}

/// All entries.
#[derive(Default)]
pub(crate) struct Ledger {
    book: RwLock<Book>,
}

impl Ledger {
    /// Writes an entry and returns its number, counted from 1.
    pub(crate) fn record(&self, shown: Appearance) -> u64 {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        let (seq, account) = (book.entries.len() as u64 + 1, shown.account);
        let entry = Arc::new(Entry { seq, shown, removed_ms: AtomicI64::new(0) });
        book.by_account.entry(account).or_default().push(Arc::clone(&entry));
        book.entries.push(entry);
        seq
    }

    /// Notes that an entry was taken down.
    pub(crate) fn remove(&self, seq: u64, now: i64) {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(entry) = book.entries.get(index) {
            entry.removed_ms.store(now, Ordering::Relaxed);
        }
    }

    /// Entries after number `since`, oldest first, of one Page or account or of all.
    pub(crate) fn read(&self, account: Option<Id>, since: u64, limit: usize) -> Vec<Arc<Entry>> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let entries = match account {
            Some(id) => book.by_account.get(&id).map_or(&[][..], Vec::as_slice),
            None => &book.entries,
        };
        let start = entries.partition_point(|entry| entry.seq <= since);
        entries[start..].iter().take(limit).cloned().collect()
    }

    /// The newest entries of a Page or account, newest first.
    pub(crate) fn newest(&self, account: Id, limit: usize) -> Vec<Arc<Entry>> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let entries = book.by_account.get(&account).map_or(&[][..], Vec::as_slice);
        entries.iter().rev().take(limit).cloned().collect()
    }

    /// How many entries there are, of one Page or account or of all.
    pub(crate) fn count(&self, account: Option<Id>) -> usize {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        match account {
            Some(id) => book.by_account.get(&id).map_or(0, Vec::len),
            None => book.entries.len(),
        }
    }

    /// Forgets everything; numbers begin at 1 again.
    pub(crate) fn clear(&self) {
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Book::default();
    }
}

impl Entry {
    /// When it was taken down, if it was.
    pub(crate) fn removed_ms(&self) -> Option<i64> {
        Some(self.removed_ms.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }
}

/// An entry as the admin API shows it.
#[derive(Object)]
#[oai(rename = "LedgerEntry", skip_serializing_if_is_none)]
pub(crate) struct EntryView {
    /// Counts up from 1 without gaps.
    seq: u64,
    /// When it became visible, in milliseconds since the Unix epoch.
    at_ms: i64,
    /// What became visible.
    kind: What,
    /// Page or Instagram account.
    account_id: String,
    /// Id of the post, photo or media object.
    object_id: String,
    /// Text or caption.
    text: Option<String>,
    /// Link of a Page post.
    link: Option<String>,
    /// Pictures, in order.
    media: Vec<PieceView>,
    /// App whose token published it.
    app_id: String,
    /// Number of the token that published it (never its text).
    token_id: u64,
    /// Person or Page that token stands for.
    token_owner: String,
    /// When it was taken down; absent while it is up.
    removed_at_ms: Option<i64>,
}

/// A picture as the admin API shows it.
#[derive(Object)]
#[oai(rename = "LedgerMedia", skip_serializing_if_is_none)]
struct PieceView {
    /// Where it was fetched from.
    url: Option<String>,
    /// Lowercase hex SHA-256 of the bytes that were received; absent in light mode.
    sha256: Option<String>,
    /// How many bytes were received.
    bytes: u64,
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
    /// The alternative text.
    alt_text: Option<String>,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let shown = &entry.shown;
        Self {
            seq: entry.seq,
            at_ms: shown.at_ms,
            kind: shown.what,
            account_id: shown.account.to_string(),
            object_id: shown.object.clone(),
            text: shown.text.clone(),
            link: shown.link.clone(),
            media: shown.media.iter().map(PieceView::from).collect(),
            app_id: shown.app.to_string(),
            token_id: shown.token,
            token_owner: shown.token_owner.to_string(),
            removed_at_ms: entry.removed_ms(),
        }
    }
}

impl From<&Piece> for PieceView {
    fn from(piece: &Piece) -> Self {
        let Picture { url, sha256, bytes, width, height } = piece.picture.clone();
        Self { url, sha256, bytes, width, height, alt_text: piece.alt_text.clone() }
    }
}

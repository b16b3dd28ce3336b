//! Serving: the bytes behind a signed address, whole or in part.

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use tenancy::{Caller, Scope, sealing::Place};

use super::{
    Asked, Media, MediaError, MediaKind,
    range::{Part, part},
    storage::{ContentKey, MediaStream},
    store::{CONTENT_KEY_COLUMN, Readable},
};
use crate::id::MediaId;

/// Which part is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of it: 200.
    Whole,
    /// From the first byte to the last, both included: 206.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// Nothing, since the range lies behind the end: 416.
    Nothing,
}

/// An answer. It must be sent with `Cache-Control: no-store` and `X-Content-Type-Options: nosniff`.
pub struct Served {
    /// What it is.
    pub kind: MediaKind,
    /// Which part.
    pub shown: Shown,
    /// The strong entity tag, quotes included.
    pub etag: String,
    /// Bytes of the whole.
    pub total: u64,
    /// Bytes of the answer's body; of a `HEAD`, what the body would have.
    pub length: u64,
    /// The body; `None` for `HEAD` and where nothing is shown.
    pub body: Option<MediaStream>,
}

impl Served {
    /// The `Content-Range` header, where the answer has one.
    pub fn content_range(&self) -> Option<String> {
        match self.shown {
            Shown::Whole => None,
            Shown::Part { first, last } => Some(format!("bytes {first}-{last}/{}", self.total)),
            Shown::Nothing => Some(format!("bytes */{}", self.total)),
        }
    }
}

impl Media {
    /// Serves the asset a token grants. A token that is forged, expired or whose asset is gone is not found, without a word which.
    pub async fn serve(&self, token: &str, asked: &Asked) -> Result<Served, MediaError> {
        let grant = self.grants.read(token).ok_or(MediaError::NotFound)?;
        if has_expired(grant.expires, self.clock.now()) {
            return Err(MediaError::NotFound);
        }
        let readable = self.store.readable(grant.asset).await?.ok_or(MediaError::NotFound)?;
        self.show(&readable, asked).await
    }

    /// Serves an asset to a caller who may see it.
    pub async fn open(&self, caller: &Caller, id: MediaId, asked: &Asked) -> Result<Served, MediaError> {
        caller.may(Scope::MediaRead)?;
        let found = self.store.readable(id).await?.filter(|readable| {
            readable.asset.organization == caller.organization && caller.reaches(readable.asset.workspace)
        });
        self.show(&found.ok_or(MediaError::NotFound)?, asked).await
    }

    async fn show(&self, readable: &Readable, asked: &Asked) -> Result<Served, MediaError> {
        let total = readable.object.bytes;
        let etag = format!("\"{}\"", readable.object.digest);
        let (shown, range) = match part(asked, &etag, total) {
            Part::Whole => (Shown::Whole, 0..total),
            Part::Some(range) => (Shown::Part { first: range.start, last: range.end - 1 }, range),
            Part::Unsatisfiable => (Shown::Nothing, 0..0),
        };
        let length = range.end - range.start;
        let body = if asked.head_only || shown == Shown::Nothing {
            None
        } else {
            let key = self.content_key(readable)?;
            Some(self.storage.read(&readable.object.name, &key, total, range).await?)
        };
        Ok(Served { kind: readable.asset.kind, shown, etag, total, length, body })
    }

    fn content_key(&self, readable: &Readable) -> Result<ContentKey, MediaError> {
        let object = &readable.object;
        let place = Place { owner: object.organization.uuid(), row: object.id, column: CONTENT_KEY_COLUMN };
        let opened = self.vault.open(&readable.chain, place, &object.content_key)?;
        let key = opened.expose_secret().try_into().map_err(|_| tenancy::sealing::SealError::DoesNotOpen)?;
        Ok(ContentKey::new(key))
    }
}

/// The instant itself no longer counts.
fn has_expired(expires: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    expires <= now
}

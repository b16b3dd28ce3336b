//! Published Instagram media.

use super::Id;
use super::picture::Picture;

/// A published Instagram media object, or one picture of a carousel.
pub(crate) struct Media {
    pub(crate) id: Id,
    pub(crate) account: Id,
    pub(crate) caption: Option<String>,
    pub(crate) alt_text: Option<String>,
    /// The picture; for a carousel the first one.
    pub(crate) picture: Option<Picture>,
    /// The pictures of a carousel, in order.
    pub(crate) children: Vec<Id>,
    /// The carousel it is part of.
    pub(crate) parent: Option<Id>,
    pub(crate) created_ms: i64,
    /// When lists begin to show it.
    pub(crate) listed_ms: i64,
    pub(crate) comments_enabled: bool,
    /// Its entry in the ledger.
    pub(crate) entry: Option<u64>,
}

impl Media {
    /// The short text of its address, made of the id.
    pub(crate) fn shortcode(&self) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut rest = self.id;
        let mut text = Vec::new();
        while rest > 0 {
            let digit = usize::try_from(rest % 64).unwrap_or(0);
            text.push(char::from(DIGITS[digit]));
            rest /= 64;
        }
        text.iter().rev().collect()
    }
}

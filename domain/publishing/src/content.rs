//! Content: what is said, once for all channels, with what differs per channel.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{
    id::{ChannelId, MediaId},
    platform::Format,
};

/// A picture of a post.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which media asset.
    pub media: MediaId,
    /// For people who cannot see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// What the team writes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// The text.
    pub caption: String,
    /// A link, for channels that take one.
    pub link: Option<Url>,
    /// Pictures in order.
    pub media: Vec<Attachment>,
}

/// What differs on one channel. `None` means as in the post.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Override {
    /// Another text.
    pub caption: Option<String>,
    /// Another link; `Some(None)` means none.
    pub link: Option<Option<Url>>,
    /// Other pictures.
    pub media: Option<Vec<Attachment>>,
}

impl Content {
    /// The content as one channel gets it.
    #[must_use]
    pub fn with(&self, change: &Override) -> Self {
        Self {
            caption: change.caption.clone().unwrap_or_else(|| self.caption.clone()),
            link: change.link.clone().unwrap_or_else(|| self.link.clone()),
            media: change.media.clone().unwrap_or_else(|| self.media.clone()),
        }
    }
}

/// A picture as approved: the asset and the digest of its bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedPicture {
    /// Which media asset.
    pub media: MediaId,
    /// SHA-256 of the stored bytes, in hexadecimal.
    pub digest: String,
    /// For people who cannot see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// Exactly what was approved for one channel. A publication carries it, so that no later edit can change what goes out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedContent {
    /// The text.
    pub caption: String,
    /// The link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Url>,
    /// The pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<ApprovedPicture>,
}

impl ApprovedContent {
    /// Which calls publication takes.
    pub const fn format(&self) -> Format {
        Format::of(self.pictures.len())
    }

    /// The same as somebody writes it, to be validated anew.
    pub fn as_written(&self) -> Content {
        let picture = |p: &ApprovedPicture| Attachment { media: p.media, alt_text: p.alt_text.clone() };
        Content {
            caption: self.caption.clone(),
            link: self.link.clone(),
            media: self.pictures.iter().map(picture).collect(),
        }
    }

    /// The hash an approval is bound to: SHA-256 over the channel and every field, each with its length before it, so
    /// that no two different contents have the same bytes.
    pub fn hash(&self, channel: ChannelId) -> ContentHash {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        field(b"postern content v1");
        field(channel.uuid().as_bytes());
        field(self.caption.as_bytes());
        field(self.link.as_ref().map_or("", Url::as_str).as_bytes());
        for picture in &self.pictures {
            field(picture.media.uuid().as_bytes());
            field(picture.digest.as_bytes());
            field(picture.alt_text.as_deref().unwrap_or("").as_bytes());
        }
        ContentHash(hash.finalize().into())
    }
}

/// The hash of an [`ApprovedContent`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

// Captions are the tenants' words: they must not reach a log by way of a derived `Debug`.
macro_rules! silent {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
silent!(Attachment Content Override ApprovedPicture ApprovedContent);

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(caption: &str, pictures: usize) -> ApprovedContent {
        let picture = |n: usize| ApprovedPicture {
            media: MediaId::from_uuid(uuid::Uuid::from_u128(n as u128)),
            digest: format!("{n:064x}"),
            alt_text: None,
        };
        ApprovedContent {
            caption: caption.into(),
            link: None,
            pictures: (0..pictures).map(picture).collect(),
        }
    }

    #[test]
    fn every_field_and_the_channel_change_the_hash() {
        let channel = ChannelId::from_uuid(uuid::Uuid::from_u128(1));
        let base = approved("a", 2);
        let mut others = vec![approved("b", 2), approved("a", 1), approved("a", 3)];
        others.push(ApprovedContent { link: Some("https://example.org/".parse().unwrap()), ..base.clone() });
        let mut reversed = base.clone();
        reversed.pictures.reverse();
        others.push(reversed);
        let mut described = base.clone();
        described.pictures[0].alt_text = Some("a cup".into());
        others.push(described);
        for other in others {
            assert_ne!(other.hash(channel), base.hash(channel));
        }
        assert_ne!(base.hash(ChannelId::from_uuid(uuid::Uuid::from_u128(2))), base.hash(channel));
        assert_eq!(base.clone().hash(channel), base.hash(channel));
    }

    #[test]
    fn an_override_replaces_only_what_it_names() {
        let base = Content {
            caption: "for all".into(),
            link: Some("https://example.org/".parse().unwrap()),
            media: vec![],
        };
        let change = Override { caption: Some("for one".into()), link: Some(None), media: None };
        let one = base.with(&change);
        assert!(one.caption == "for one" && one.link.is_none() && one.media.is_empty());
        assert!(base.with(&Override::default()) == base);
    }

    #[test]
    fn debug_prints_no_caption() {
        let content = Content { caption: "CANARY".into(), ..Content::default() };
        assert!(!format!("{content:?}").contains("CANARY"));
        assert!(!format!("{:?}", approved("CANARY", 1)).contains("CANARY"));
    }
}

//! Media assets: what the team sees of a picture or a video.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use tenancy::{OrganizationId, WorkspaceId};

use crate::id::MediaId;

/// Longest alternative text, in characters: the largest that any platform takes (Instagram and Facebook photos: 1,000).
pub const MAX_ALT_TEXT: usize = 1_000;

/// What kind of file it is, judged by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// JPEG.
    Jpeg,
    /// PNG, animated ones included.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// MP4.
    Mp4,
    /// `QuickTime`.
    Quicktime,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::Gif, Self::Webp, Self::Mp4, Self::Quicktime];

    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Mp4 => "mp4",
            Self::Quicktime => "quicktime",
        }
    }

    /// The media type it is served with.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Quicktime => "video/quicktime",
        }
    }

    /// Other media types that mean the same.
    const fn also_called(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["image/jpg", "image/pjpeg"],
            Self::Png => &["image/x-png", "image/apng"],
            Self::Mp4 => &["video/x-m4v", "application/mp4"],
            Self::Gif | Self::Webp | Self::Quicktime => &[],
        }
    }

    /// The extensions its files have, in lower case.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png", "apng"],
            Self::Gif => &["gif"],
            Self::Webp => &["webp"],
            Self::Mp4 => &["mp4", "m4v"],
            Self::Quicktime => &["mov", "qt"],
        }
    }

    /// Whether it is a picture.
    pub const fn is_image(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::Webp)
    }

    /// Whether a declared media type agrees with this kind. A type that only says "some bytes" agrees with all.
    pub fn agrees_with_type(self, declared: &str) -> bool {
        let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(essence.as_str(), "" | "application/octet-stream" | "binary/octet-stream")
            || essence == self.content_type()
            || self.also_called().contains(&essence.as_str())
    }

    /// Whether the extension of a file name, if it has one, agrees with this kind.
    pub fn agrees_with_name(self, filename: &str) -> bool {
        match filename.rsplit_once('.') {
            None => true,
            Some((_, extension)) => {
                self.extensions().contains(&extension.trim().to_ascii_lowercase().as_str())
            }
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind of media.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of media `{0}`")]
pub struct UnknownMediaKind(pub String);

impl FromStr for MediaKind {
    type Err = UnknownMediaKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownMediaKind(text.to_owned()))
    }
}

/// SHA-256 of the bytes as they are stored and published. The text form is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A picture or a video of a workspace. The same bytes in the same workspace are the same asset.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaAsset {
    /// Its id.
    pub id: MediaId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it is.
    pub kind: MediaKind,
    /// Width in pixels, as people see it: after the turn that its orientation asks for.
    pub width: u32,
    /// Height in pixels, likewise.
    pub height: u32,
    /// How long it plays; only videos say so.
    pub duration: Option<Duration>,
    /// Size in bytes.
    pub bytes: u64,
    /// For people who cannot see it.
    pub alt_text: Option<String>,
    /// What its file was called.
    pub filename: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for MediaAsset {
    /// Leaves out what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaAsset")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_wire_form() {
        for kind in MediaKind::ALL {
            assert_eq!(kind.to_string().parse::<MediaKind>(), Ok(kind));
        }
    }

    #[test]
    fn a_declared_type_agrees_when_it_is_the_same_or_says_nothing() {
        for agreed in ["image/jpeg", "IMAGE/JPEG; q=1", "image/jpg", "application/octet-stream", ""] {
            assert!(MediaKind::Jpeg.agrees_with_type(agreed), "{agreed}");
        }
        for other in ["image/png", "text/html", "image/svg+xml", "jpeg"] {
            assert!(!MediaKind::Jpeg.agrees_with_type(other), "{other}");
        }
    }

    #[test]
    fn an_extension_agrees_when_it_is_one_of_the_kinds_or_missing() {
        for agreed in ["a.jpg", "a.b.JPEG", "photo", ".jpg"] {
            assert!(MediaKind::Jpeg.agrees_with_name(agreed), "{agreed}");
        }
        for other in ["a.png", "a.jpg.exe", "a.", "a.svg"] {
            assert!(!MediaKind::Jpeg.agrees_with_name(other), "{other}");
        }
    }
}

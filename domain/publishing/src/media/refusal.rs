//! Why media are refused, and what else can go wrong with them.

use tenancy::{Denied, StoreError, sealing::SealError};

use super::{MediaKind, fetch::FetchError, inspector::InspectError, storage::StorageError};

/// Why a file is not taken. The text says what is wrong and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaRefusal {
    /// Nothing in it.
    #[error("The file is empty; send the bytes of a picture or a video.")]
    Empty,
    /// More bytes than are taken.
    #[error("The file is larger than {limit} bytes; send a smaller one.")]
    TooLarge {
        /// The most that is taken of this kind, in bytes.
        limit: u64,
    },
    /// Something else than the kinds there are, SVG and HTML among it.
    #[error("The file is not a JPEG, PNG, GIF, WebP, MP4 or QuickTime file; convert it to one of them.")]
    UnsupportedType,
    /// The declared media type is another one.
    #[error("The content is {found}, which the declared media type contradicts; declare {}.", .found.content_type())]
    TypeMismatch {
        /// What the content is.
        found: MediaKind,
    },
    /// The extension is another one's.
    #[error("The content is {found}, which the file's extension contradicts; rename it to .{}.", .found.extensions()[0])]
    ExtensionMismatch {
        /// What the content is.
        found: MediaKind,
    },
    /// The file breaks the rules of its format, or ends too early.
    #[error("The file is damaged or incomplete; export it again.")]
    Malformed,
    /// Something follows the end of the picture.
    #[error("Something follows the end of the picture in the file; export it again without attachments.")]
    TrailingData,
    /// More pixels than any platform shows: decoding it would only cost memory.
    #[error("The picture has more than {limit} pixels; scale it down.")]
    TooManyPixels {
        /// The most that are taken.
        limit: u64,
    },
    /// The alternative text is too long.
    #[error("The alternative text is longer than {limit} characters; shorten it.")]
    AltTextTooLong {
        /// The most that are taken, in characters.
        limit: usize,
    },
    /// The alternative text has a character that no text has.
    #[error("The alternative text contains the character NUL; remove it.")]
    AltTextNotText,
    /// The address gave nothing that could be looked at.
    #[error("Nothing was fetched from the address: {0}.")]
    NotFetched(#[from] FetchError),
}

impl MediaRefusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "media_empty",
            Self::TooLarge { .. } => "media_too_large",
            Self::UnsupportedType => "media_type_unsupported",
            Self::TypeMismatch { .. } => "media_type_mismatch",
            Self::ExtensionMismatch { .. } => "media_extension_mismatch",
            Self::Malformed => "media_malformed",
            Self::TrailingData => "media_trailing_data",
            Self::TooManyPixels { .. } => "media_too_many_pixels",
            Self::AltTextTooLong { .. } => "alt_text_too_long",
            Self::AltTextNotText => "alt_text_not_text",
            Self::NotFetched(FetchError::Refused(_)) => "media_address_refused",
            Self::NotFetched(_) => "media_not_fetched",
        }
    }

    /// The field that is to blame, as a JSON pointer into the request (RFC 6901).
    pub const fn pointer(&self) -> &'static str {
        match self {
            Self::AltTextTooLong { .. } | Self::AltTextNotText => "/alt_text",
            Self::NotFetched(_) => "/url",
            _ => "/file",
        }
    }
}

/// Why a use case about media did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The caller lacks a scope.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such asset or workspace within the caller's reach.
    #[error("not found")]
    NotFound,
    /// A publication that has not ended needs the asset.
    #[error("a post that is still to be published uses it")]
    InUse,
    /// The file is not acceptable.
    #[error(transparent)]
    Refused(#[from] MediaRefusal),
    /// The upload broke off; nothing was kept.
    #[error("the upload broke off")]
    Interrupted,
    /// There is no place or no time for it now; trying again later makes sense.
    #[error("media cannot be taken now: {0}")]
    Unavailable(String),
    /// A key could not be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<InspectError> for MediaError {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Refused(refusal) => Self::Refused(refusal),
            InspectError::Interrupted => Self::Interrupted,
            InspectError::Unavailable(why) => Self::Unavailable(why),
        }
    }
}

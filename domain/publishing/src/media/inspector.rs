//! Looking at what comes in, as a port: what it is, whether it is what it says, and what must not stay in it.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::{Digest, MediaKind, MediaRefusal, fetch::FetchError, storage::MediaStream};

/// Why the incoming bytes ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncomingError {
    /// The client went away or broke the protocol.
    #[error("the upload broke off")]
    Interrupted,
    /// The request's own limit was met.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// The address they come from failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// The bytes as they come in.
pub type Incoming = BoxStream<'static, Result<Bytes, IncomingError>>;

/// What the sender says about the bytes.
#[derive(Clone, Default)]
pub struct Declared {
    /// The media type.
    pub content_type: Option<String>,
    /// The file's name.
    pub filename: Option<String>,
}

/// The bytes as they will be stored, in a place that goes with this value.
pub trait Spooled: Send + Sync {
    /// Reads them from the beginning.
    fn read(&self) -> Result<MediaStream, InspectError>;
}

/// What is known about an acceptable file. Position, serial numbers, owners and comments are no longer in it.
pub struct Inspected {
    /// What it is.
    pub kind: MediaKind,
    /// Width in pixels, as people see it.
    pub width: u32,
    /// Height in pixels, as people see it.
    pub height: u32,
    /// How long it plays; only videos say so.
    pub duration: Option<std::time::Duration>,
    /// Size in bytes; more than zero.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub spooled: Box<dyn Spooled>,
}

/// Why there is nothing to store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The file is not acceptable.
    #[error(transparent)]
    Refused(#[from] MediaRefusal),
    /// The bytes stopped coming.
    #[error("the upload broke off")]
    Interrupted,
    /// No room, or another fault of ours.
    #[error("the upload cannot be kept: {0}")]
    Unavailable(String),
}

/// Looks at files.
#[async_trait]
pub trait Inspector: Send + Sync {
    /// Takes the bytes in, up to the limit of their kind, and judges them.
    async fn inspect(&self, declared: &Declared, incoming: Incoming) -> Result<Inspected, InspectError>;
    /// The most bytes of any kind.
    fn largest(&self) -> u64;
}

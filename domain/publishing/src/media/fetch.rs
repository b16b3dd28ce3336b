//! Fetching from an address that a user gave, as a port.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use url::Url;

/// Why an address is not asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefusal {
    /// Neither `http` nor `https`, or a redirect from the second to the first.
    #[error("only http and https addresses are fetched, and https never becomes http")]
    Scheme,
    /// A port that no public web server uses.
    #[error("only the ports 80 and 443 are fetched")]
    Port,
    /// A user name or a password in the address.
    #[error("an address with a user name or a password is not fetched")]
    Credentials,
    /// The host does not resolve to an address of the public internet. Not resolving at all is the same answer, so that nobody
    /// learns the names of a private network.
    #[error("the host is not a public one")]
    NotPublic,
}

/// Why nothing came back. No variant repeats the address or what the server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address, or one it redirects to, is refused.
    #[error("the address is refused: {0}")]
    Refused(#[from] AddressRefusal),
    /// More redirects than are followed, or one without a usable target.
    #[error("the address redirects too often or to nowhere")]
    Redirects,
    /// The server answered with another status than 200.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The body is larger than the caller takes, in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// The body is compressed in transfer, although that was not asked for.
    #[error("the body is compressed in transfer")]
    Encoded,
    /// It takes too long.
    #[error("the server takes too long")]
    TimedOut,
    /// No connection, or it broke.
    #[error("the server cannot be reached, or it broke off")]
    Unreachable,
}

/// What comes back: the body while it arrives. A body that is longer than the limit, late or broken ends with an error.
pub struct Fetched {
    /// The `Content-Type` as the server declares it.
    pub content_type: Option<String>,
    /// The body.
    pub body: BoxStream<'static, Result<Bytes, FetchError>>,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

/// Fetches from addresses that users give, and from no other place than the public internet.
#[async_trait]
pub trait RemoteFetch: Send + Sync {
    /// Sends one GET without credentials and gives at most `limit` bytes of the body.
    async fn fetch(&self, url: &Url, limit: u64) -> Result<Fetched, FetchError>;
}

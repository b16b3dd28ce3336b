//! Media: pictures and videos, where they are kept and how platforms fetch them.

mod asset;
pub mod fetch;
pub mod inspector;
mod library;
pub mod links;
mod range;
mod refusal;
mod serve;
pub mod storage;
pub mod store;
mod sweep;
mod upload;

use std::sync::Arc;

use tenancy::{Clock, sealing::Vault};

pub use asset::{Digest, MAX_ALT_TEXT, MediaAsset, MediaKind, UnknownMediaKind};
pub use range::Asked;
pub use refusal::{MediaError, MediaRefusal};
pub use serve::{Served, Shown};
pub use upload::{NewMedia, Uploaded};

/// The media of every organization: what can be done with them.
pub struct Media {
    /// What is known about them.
    pub store: Arc<dyn store::MediaStore>,
    /// Where their bytes are.
    pub storage: Arc<dyn storage::MediaStorage>,
    /// Looks at what comes in.
    pub inspector: Arc<dyn inspector::Inspector>,
    /// Fetches from addresses that users give.
    pub remote: Arc<dyn fetch::RemoteFetch>,
    /// Reads the tokens of public addresses.
    pub grants: Arc<dyn links::MediaGrants>,
    /// Seals the keys of the bytes.
    pub vault: Arc<dyn Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

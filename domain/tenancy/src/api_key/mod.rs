//! API keys: how programs sign in. A key is shown once; the store keeps a hash of it.

mod grant;
mod origin;
mod revoke;
mod store;
mod text;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use grant::{Grant, Granted};
pub use origin::Origin;
pub use store::{ApiKeyStore, FoundApiKey, NewApiKey};
pub use text::{ApiKeyText, PREFIX};

use crate::{ApiKeyId, Clock, OrganizationId, PersonId, Reach, Scopes, random::Random};

/// A key as its organization sees it: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's identifier; the key's text begins with it.
    pub id: ApiKeyId,
    /// The organization.
    pub organization: OrganizationId,
    /// Who granted it; it never may more than this person.
    pub granted_by: PersonId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Which workspaces it reaches.
    pub reach: Reach,
    /// Web origins that may use it from a browser.
    pub origins: Vec<Origin>,
    /// When it ends; `None`: when it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was granted.
    pub created_at: DateTime<Utc>,
}

impl ApiKey {
    /// The beginning of the key's text, by which its owner recognises it.
    pub fn prefix(&self) -> String {
        text::prefix_of(self.id)
    }

    /// Whether the key works at this time.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// The use cases of API keys.
#[derive(Clone)]
pub struct ApiKeys {
    /// Where keys are kept.
    pub store: Arc<dyn ApiKeyStore>,
    /// Draws keys.
    pub random: Arc<dyn Random>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

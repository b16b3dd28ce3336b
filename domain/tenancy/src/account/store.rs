//! Where accounts are kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Acknowledgement, PasswordHash};
use crate::{
    OrganizationId, PersonId, Role, StoreError,
    organization::Workspace,
    sealing::{Sealed, WrappedKey},
};

/// A person to be stored.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The identifier.
    pub id: PersonId,
    /// The keyed hash of the mail address in lower case.
    pub mail_lookup: [u8; 32],
    /// The mail address, sealed under the person's key.
    pub mail: Sealed,
    /// The name, if one was given, sealed under the person's key.
    pub name: Option<Sealed>,
    /// The person's key.
    pub key: WrappedKey,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// What was confirmed.
    pub acknowledgement: Acknowledgement,
}

/// An organization to be stored.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// The identifier.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// The organization's key.
    pub key: WrappedKey,
}

/// All that registering makes: the person, who owns the organization, and its first workspace.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The person.
    pub person: NewPerson,
    /// The organization.
    pub organization: NewOrganization,
    /// The first workspace; its organization is the one above.
    pub workspace: Workspace,
    /// When.
    pub at: DateTime<Utc>,
}

/// What registering did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// Everything was stored.
    Created,
    /// The mail address is this person's; nothing was stored.
    MailTaken(PersonId),
}

/// What signing in needs to know.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The person.
    pub person: PersonId,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// The person's key, to seal what is kept of the session's device.
    pub key: WrappedKey,
    /// The organizations, the oldest membership first.
    pub memberships: Vec<(OrganizationId, Role)>,
}

/// A person at rest.
#[derive(Debug, Clone)]
pub struct StoredPerson {
    /// The person.
    pub id: PersonId,
    /// The mail address.
    pub mail: Sealed,
    /// The name, if one was given.
    pub name: Option<Sealed>,
    /// The person's key.
    pub key: WrappedKey,
    /// When the person registered.
    pub created_at: DateTime<Utc>,
    /// Organization, its name, and the role there; the oldest membership first.
    pub memberships: Vec<(OrganizationId, String, Role)>,
}

/// Keeps accounts. Each method is one transaction.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Stores a new account, or nothing if the mail address is taken.
    async fn register(&self, account: &NewAccount) -> Result<Registered, StoreError>;

    /// What signing in with this mail address needs.
    async fn credentials(&self, mail_lookup: &[u8; 32]) -> Result<Option<Credentials>, StoreError>;

    /// Puts a newer hash of the same password in the place of `old`; does nothing if it is no longer there.
    async fn replace_hash(
        &self,
        person: PersonId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError>;

    /// What is kept about a person.
    async fn person(&self, person: PersonId) -> Result<Option<StoredPerson>, StoreError>;
}

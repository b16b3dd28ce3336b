//! What a person sees of their own account.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Accounts, MAIL_COLUMN, NAME_COLUMN};
use crate::{OrganizationId, PersonId, Refusal, Role, personal::Personal};

/// An organization a person belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// The person's role there.
    pub role: Role,
}

/// A person's own account.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The person.
    pub person: PersonId,
    /// The mail address.
    pub mail: SecretString,
    /// The name, if one was given.
    pub name: Option<SecretString>,
    /// When the person registered.
    pub created_at: DateTime<Utc>,
    /// The organizations, the oldest membership first.
    pub memberships: Vec<Membership>,
}

impl Accounts {
    /// Opens a person's own account. Only for that person: a caller's [`crate::Actor::Member`].
    pub async fn profile(&self, person: PersonId) -> Result<Profile, Refusal> {
        let stored = self.store.person(person).await?.ok_or(Refusal::NotFound)?;
        let personal = Personal::new(self.vault.as_ref(), person, stored.key);
        let mail = personal.open(person.uuid(), MAIL_COLUMN, &stored.mail)?;
        let name = personal.open_some(person.uuid(), NAME_COLUMN, stored.name.as_ref())?;
        let membership =
            |(organization, organization_name, role)| Membership { organization, organization_name, role };
        Ok(Profile {
            person,
            mail: mail.into(),
            name: name.map(Into::into),
            created_at: stored.created_at,
            memberships: stored.memberships.into_iter().map(membership).collect(),
        })
    }
}

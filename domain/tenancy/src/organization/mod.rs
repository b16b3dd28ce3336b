//! Organizations and their workspaces.

mod store;
mod workspace;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use store::OrganizationStore;
pub use workspace::{LateLimit, NewWorkspace, Workspace, WorkspaceChange};

use crate::{Caller, Clock, OrganizationId, Refusal, Scope, random::Random, text};

/// The tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The identifier.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The use cases of organizations and workspaces.
#[derive(Clone)]
pub struct Organizations {
    /// Where they are kept.
    pub store: Arc<dyn OrganizationStore>,
    /// Draws identifiers.
    pub random: Arc<dyn Random>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Organizations {
    /// The caller's organization.
    pub async fn get(&self, caller: &Caller) -> Result<Organization, Refusal> {
        caller.may(Scope::OrganizationRead)?;
        self.store.organization(caller.organization).await?.ok_or(Refusal::NotFound)
    }

    /// Renames the caller's organization. With `expected`, only if it still has this version.
    pub async fn rename(
        &self,
        caller: &Caller,
        name: &str,
        expected: Option<i64>,
    ) -> Result<Organization, Refusal> {
        caller.may(Scope::OrganizationWrite)?;
        let mut organization = self.get_for_change(caller, expected).await?;
        let read = organization.version;
        organization.name = text::name("name", name)?;
        organization.version += 1;
        organization.updated_at = self.clock.now();
        let is_saved = self.store.save_organization(&organization, read).await?;
        if is_saved { Ok(organization) } else { Err(Refusal::Changed) }
    }

    async fn get_for_change(&self, caller: &Caller, expected: Option<i64>) -> Result<Organization, Refusal> {
        let organization = self.store.organization(caller.organization).await?.ok_or(Refusal::NotFound)?;
        if expected.is_some_and(|expected| expected != organization.version) {
            return Err(Refusal::Changed);
        }
        Ok(organization)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::World;

    #[test]
    fn renaming_from_an_old_version_is_refused() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let organizations = world.organizations();
        let before = block_on(organizations.get(&caller)).unwrap();
        let renamed = block_on(organizations.rename(&caller, " Engines ", Some(before.version))).unwrap();
        assert_eq!((renamed.name.as_str(), renamed.version), ("Engines", before.version + 1));
        let refusal = block_on(organizations.rename(&caller, "Late", Some(before.version))).unwrap_err();
        assert_eq!(refusal, Refusal::Changed);
        assert_eq!(block_on(organizations.get(&caller)).unwrap(), renamed);
    }

    #[test]
    fn renaming_needs_its_scope() {
        let world = World::with_account("ada@example.org");
        let mut caller = world.caller("ada@example.org");
        caller.scopes = crate::Role::Member.scopes();
        let refusal = block_on(world.organizations().rename(&caller, "Mine", None)).unwrap_err();
        assert_eq!(refusal, Refusal::Denied(Scope::OrganizationWrite));
    }
}

//! The caller's organization.

use poem_openapi::{Object, OpenApi};
use tenancy::{Organizations, id, organization};

use super::Chapter;
use crate::{
    answer::Found,
    problem::Answer,
    request::{
        Access, IfMatch,
        permissions::{ReadOrganization, WriteOrganization},
    },
    strict::MergePatch,
    value::{Id, Instant},
};

/// The tenant.
#[derive(Object)]
struct Organization {
    /// The identifier.
    id: Id<id::Organization>,
    /// The name.
    name: String,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<organization::Organization> for Organization {
    fn from(one: organization::Organization) -> Self {
        let (created_at, updated_at) = (one.created_at.into(), one.updated_at.into());
        Self { id: one.id.into(), name: one.name, created_at, updated_at }
    }
}

/// What changes about an organization.
#[derive(Object)]
struct OrganizationPatch {
    /// Another name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
}

/// The organization.
pub struct OrganizationResource {
    /// The use cases.
    pub organizations: Organizations,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Organization")]
impl OrganizationResource {
    /// Get your organization
    #[oai(path = "/organization", method = "get", operation_id = "getOrganization")]
    async fn get(&self, caller: Access<ReadOrganization>) -> Answer<Found<Organization>> {
        let found = self.organizations.get(&caller).await?;
        let version = found.version;
        Ok(Found::versioned(found.into(), version))
    }

    /// Change your organization
    #[oai(path = "/organization", method = "patch", operation_id = "updateOrganization")]
    async fn update(
        &self,
        caller: Access<WriteOrganization>,
        if_match: IfMatch,
        body: MergePatch<OrganizationPatch>,
    ) -> Answer<Found<Organization>> {
        let changed = match body.0.name {
            Some(name) => self.organizations.rename(&caller, &name, if_match.version()).await?,
            None => self.organizations.get(&caller).await?,
        };
        let version = changed.version;
        Ok(Found::versioned(changed.into(), version))
    }
}

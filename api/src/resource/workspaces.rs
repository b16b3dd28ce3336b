//! Workspaces: one per brand or client.

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use tenancy::{Organizations, WorkspaceId, id, organization};

use super::Chapter;
use crate::{
    answer::{Created, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, IfMatch, Limit, Once, Page,
        permissions::{ReadOrganization, WriteOrganization},
    },
    strict::{MergePatch, StrictJson},
    value::{Id, Instant, Zone},
};

/// One brand or client.
#[derive(Object)]
struct Workspace {
    /// The identifier.
    id: Id<id::Workspace>,
    /// The name.
    name: String,
    /// The zone of local times that name none.
    time_zone: Zone,
    /// How late a post may still be published, in minutes; what is later is missed.
    late_minutes: u16,
    /// When it was made.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<organization::Workspace> for Workspace {
    fn from(one: organization::Workspace) -> Self {
        Self {
            id: one.id.into(),
            name: one.name,
            time_zone: Zone(one.time_zone),
            late_minutes: one.late_limit.minutes(),
            created_at: one.created_at.into(),
            updated_at: one.updated_at.into(),
        }
    }
}

/// A workspace to be made.
#[derive(Object)]
struct NewWorkspace {
    /// The name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// The zone of local times that name none.
    time_zone: Zone,
    /// How late a post may still be published, in minutes; an hour if you do not say.
    #[oai(validator(maximum(value = "10080")))]
    late_minutes: Option<u16>,
}

/// What changes about a workspace.
#[derive(Object)]
struct WorkspacePatch {
    /// Another name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// Another zone. What is scheduled keeps the zone it was scheduled in.
    time_zone: Option<Zone>,
    /// How late a post may still be published, in minutes.
    #[oai(validator(maximum(value = "10080")))]
    late_minutes: Option<u16>,
}

/// Workspaces.
pub struct WorkspacesResource {
    /// The use cases.
    pub organizations: Organizations,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Organization")]
impl WorkspacesResource {
    /// List workspaces
    ///
    /// Those that the caller reaches, in order of creation.
    #[oai(path = "/workspaces", method = "get", operation_id = "listWorkspaces")]
    async fn list(
        &self,
        caller: Access<ReadOrganization>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<Workspace>>> {
        let list = self.cursors.list("workspaces", caller.organization, limit.0);
        let rows = self.organizations.workspaces(&caller, list.part(after.0.as_deref())?).await?;
        Ok(Found::plain(list.page(rows, |one| one.id)?))
    }

    /// Make a workspace
    #[oai(path = "/workspaces", method = "post", operation_id = "createWorkspace")]
    async fn create(
        &self,
        caller: Access<WriteOrganization>,
        idempotency_key: Once,
        body: StrictJson<NewWorkspace>,
    ) -> Answer<Created<Workspace>> {
        let StrictJson(body) = body;
        let made = match idempotency_key {
            Once::Made(id) => self.organizations.made_workspace(&caller, WorkspaceId::from_uuid(id)).await?,
            Once::Make(fence) => {
                let late_minutes = body.late_minutes.map(i64::from);
                let (name, time_zone) = (body.name, body.time_zone.0);
                let new = organization::NewWorkspace { name, time_zone, late_minutes, fence };
                self.organizations.create_workspace(&caller, new).await?
            }
        };
        let (place, version) = (format!("/v1/workspaces/{}", made.id), made.version);
        Ok(Created::at(place, made.into()).version(version))
    }

    /// Get a workspace
    #[oai(path = "/workspaces/:id", method = "get", operation_id = "getWorkspace")]
    async fn get(
        &self,
        caller: Access<ReadOrganization>,
        id: Path<Id<id::Workspace>>,
    ) -> Answer<Found<Workspace>> {
        let found = self.organizations.workspace(&caller, id.0.0).await?;
        let version = found.version;
        Ok(Found::versioned(found.into(), version))
    }

    /// Change a workspace
    #[oai(path = "/workspaces/:id", method = "patch", operation_id = "updateWorkspace")]
    async fn update(
        &self,
        caller: Access<WriteOrganization>,
        id: Path<Id<id::Workspace>>,
        if_match: IfMatch,
        body: MergePatch<WorkspacePatch>,
    ) -> Answer<Found<Workspace>> {
        let MergePatch(body) = body;
        let change = organization::WorkspaceChange {
            name: body.name,
            time_zone: body.time_zone.map(|zone| zone.0),
            late_minutes: body.late_minutes.map(i64::from),
        };
        let changed =
            self.organizations.change_workspace(&caller, id.0.0, change, if_match.version()).await?;
        let version = changed.version;
        Ok(Found::versioned(changed.into(), version))
    }
}

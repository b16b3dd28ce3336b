//! Organizations and workspaces.

use ::tenancy::{
    OrganizationId, Page, PersonId, Reach, Role, WorkspaceId, id,
    idempotency::Fence,
    organization::{LateLimit, Organization, OrganizationStore, Workspace},
    sealing::WrappedKey,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::column::{role, root_key};
use crate::{
    Connection, Pool, StoreError, idempotency,
    schema::tenancy::{memberships, organization_keys, organizations, workspaces},
};

/// The role that somebody has in an organization now; `None` if they are no member.
pub(crate) async fn role_of(
    connection: &mut Connection,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Option<Role>, StoreError> {
    let text: Option<String> = memberships::table
        .find((organization.uuid(), person.uuid()))
        .select(memberships::role)
        .first(connection)
        .await
        .optional()?;
    text.map(|text| role(&text)).transpose()
}

/// Organizations and workspaces in the database.
#[derive(Clone)]
pub struct PgOrganizations(pub Pool);

#[derive(Queryable, Selectable)]
#[diesel(table_name = organizations, check_for_backend(diesel::pg::Pg))]
struct OrganizationRow {
    id: Uuid,
    name: String,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<OrganizationRow> for Organization {
    fn from(row: OrganizationRow) -> Self {
        let OrganizationRow { id, name, version, created_at, updated_at } = row;
        Self { id: OrganizationId::from_uuid(id), name, version, created_at, updated_at }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = workspaces, check_for_backend(diesel::pg::Pg))]
struct WorkspaceRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    time_zone: String,
    late_minutes: i32,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<&Workspace> for WorkspaceRow {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.uuid(),
            organization_id: workspace.organization.uuid(),
            name: workspace.name.clone(),
            time_zone: workspace.time_zone.name().to_owned(),
            late_minutes: workspace.late_limit.minutes().into(),
            version: workspace.version,
            created_at: workspace.created_at,
            updated_at: workspace.updated_at,
        }
    }
}

impl TryFrom<WorkspaceRow> for Workspace {
    type Error = StoreError;

    fn try_from(row: WorkspaceRow) -> Result<Self, StoreError> {
        let late_limit = LateLimit::from_minutes(row.late_minutes.into());
        Ok(Self {
            id: WorkspaceId::from_uuid(row.id),
            organization: OrganizationId::from_uuid(row.organization_id),
            name: row.name,
            time_zone: row.time_zone.parse().map_err(|_| StoreError::corrupt("workspaces.time_zone"))?,
            late_limit: late_limit.map_err(|_| StoreError::corrupt("workspaces.late_minutes"))?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Inserts a workspace, within whatever transaction there is.
pub(super) async fn insert_workspace(
    connection: &mut Connection,
    workspace: &Workspace,
) -> Result<(), StoreError> {
    diesel::insert_into(workspaces::table).values(WorkspaceRow::from(workspace)).execute(connection).await?;
    Ok(())
}

impl PgOrganizations {
    async fn read(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        let row = organizations::table
            .find(id.uuid())
            .select(OrganizationRow::as_select())
            .first(&mut self.0.get().await?)
            .await
            .optional()?;
        Ok(row.map(Into::into))
    }

    async fn save(&self, organization: &Organization, read: i64) -> Result<bool, StoreError> {
        let is_unchanged = organizations::id.eq(organization.id.uuid()).and(organizations::version.eq(read));
        let saved = diesel::update(organizations::table.filter(is_unchanged))
            .set((
                organizations::name.eq(&organization.name),
                organizations::version.eq(organization.version),
                organizations::updated_at.eq(organization.updated_at),
            ))
            .execute(&mut self.0.get().await?)
            .await?;
        Ok(saved == 1)
    }

    async fn read_key(&self, id: OrganizationId) -> Result<Option<WrappedKey>, StoreError> {
        let row = organization_keys::table
            .filter(organization_keys::organization_id.eq(id.uuid()))
            .select((organization_keys::id, organization_keys::ring_version, organization_keys::wrapped))
            .first(&mut self.0.get().await?)
            .await
            .optional()?;
        Ok(row.map(root_key))
    }

    async fn list(
        &self,
        organization: OrganizationId,
        reach: &Reach,
        page: Page<id::Workspace>,
    ) -> Result<Vec<Workspace>, StoreError> {
        let mut query = workspaces::table
            .filter(workspaces::organization_id.eq(organization.uuid()))
            .order(workspaces::id)
            .limit(page.limit.into())
            .select(WorkspaceRow::as_select())
            .into_boxed();
        if let Reach::Only(only) = reach {
            let only: Vec<Uuid> = only.iter().map(WorkspaceId::uuid).collect();
            query = query.filter(workspaces::id.eq_any(only));
        }
        if let Some(after) = page.after {
            query = query.filter(workspaces::id.gt(after.uuid()));
        }
        let rows: Vec<WorkspaceRow> = query.load(&mut self.0.get().await?).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn one(
        &self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, StoreError> {
        let row = workspaces::table
            .filter(workspaces::organization_id.eq(organization.uuid()).and(workspaces::id.eq(id.uuid())))
            .select(WorkspaceRow::as_select())
            .first(&mut self.0.get().await?)
            .await
            .optional()?;
        row.map(TryInto::try_into).transpose()
    }

    async fn change(&self, workspace: &Workspace, read: i64) -> Result<bool, StoreError> {
        let row = WorkspaceRow::from(workspace);
        let is_own = workspaces::organization_id.eq(row.organization_id).and(workspaces::id.eq(row.id));
        let saved = diesel::update(workspaces::table.filter(is_own).filter(workspaces::version.eq(read)))
            .set((
                workspaces::name.eq(row.name),
                workspaces::time_zone.eq(row.time_zone),
                workspaces::late_minutes.eq(row.late_minutes),
                workspaces::version.eq(row.version),
                workspaces::updated_at.eq(row.updated_at),
            ))
            .execute(&mut self.0.get().await?)
            .await?;
        Ok(saved == 1)
    }
}

#[async_trait]
impl OrganizationStore for PgOrganizations {
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, ::tenancy::StoreError> {
        Ok(self.read(id).await?)
    }

    async fn save_organization(
        &self,
        organization: &Organization,
        read: i64,
    ) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.save(organization, read).await?)
    }

    async fn key(&self, id: OrganizationId) -> Result<Option<WrappedKey>, ::tenancy::StoreError> {
        Ok(self.read_key(id).await?)
    }

    async fn insert_workspace(
        &self,
        workspace: &Workspace,
        fence: Option<Fence>,
    ) -> Result<(), ::tenancy::StoreError> {
        let mut connection = self.0.get().await.map_err(StoreError::from)?;
        let inserted = connection
            .transaction::<_, StoreError, _>(async |c| {
                insert_workspace(c, workspace).await?;
                idempotency::made(c, fence, workspace.id.uuid()).await
            })
            .await;
        Ok(inserted?)
    }

    async fn workspaces(
        &self,
        organization: OrganizationId,
        reach: &Reach,
        page: Page<id::Workspace>,
    ) -> Result<Vec<Workspace>, ::tenancy::StoreError> {
        Ok(self.list(organization, reach, page).await?)
    }

    async fn workspace(
        &self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<Workspace>, ::tenancy::StoreError> {
        Ok(self.one(organization, id).await?)
    }

    async fn save_workspace(&self, workspace: &Workspace, read: i64) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.change(workspace, read).await?)
    }
}

//! API keys.

use std::collections::BTreeSet;

use ::tenancy::{
    ApiKeyId, OrganizationId, Page, PersonId, Reach, WorkspaceId,
    api_key::{ApiKey, ApiKeyStore, FoundApiKey, NewApiKey, Origin},
    digest::SecretHash,
    id,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, select},
    prelude::*,
};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::column::role;
use crate::{
    Connection, Pool, StoreError, idempotency,
    schema::tenancy::{api_key_workspaces, api_keys, memberships},
};

/// API keys in the database.
#[derive(Clone)]
pub struct PgApiKeys(pub Pool);

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys, check_for_backend(diesel::pg::Pg))]
struct ApiKeyRow {
    id: Uuid,
    organization_id: Uuid,
    granted_by: Uuid,
    name: String,
    scopes: Vec<String>,
    all_workspaces: bool,
    origins: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl ApiKeyRow {
    /// A scope that this version does not know any more grants nothing.
    fn with(self, only: BTreeSet<WorkspaceId>) -> Result<ApiKey, StoreError> {
        let origins = self.origins.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>();
        Ok(ApiKey {
            id: ApiKeyId::from_uuid(self.id),
            organization: OrganizationId::from_uuid(self.organization_id),
            granted_by: PersonId::from_uuid(self.granted_by),
            name: self.name,
            scopes: self.scopes.iter().filter_map(|text| text.parse().ok()).collect(),
            reach: if self.all_workspaces { Reach::All } else { Reach::Only(only) },
            origins: origins.map_err(|_| StoreError::corrupt("api_keys.origins"))?,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            revoked_at: self.revoked_at,
            created_at: self.created_at,
        })
    }
}

impl PgApiKeys {
    async fn store(&self, new: &NewApiKey) -> Result<bool, StoreError> {
        let only: Vec<Uuid> = match &new.key.reach {
            Reach::All => Vec::new(),
            Reach::Only(only) => only.iter().map(WorkspaceId::uuid).collect(),
        };
        let mut connection = self.0.get().await?;
        let stored = connection
            .transaction(async |connection| {
                insert_key(connection, new).await?;
                limit(connection, &new.key, &only).await?;
                idempotency::made(connection, new.fence, new.key.id.uuid()).await
            })
            .await;
        match stored {
            Ok(()) => Ok(true),
            Err(error) if error.is_conflict_on(idempotency::LOST) => Err(error),
            // The foreign keys say whether the grantor is a member and each workspace the organization's.
            Err(StoreError::Conflict(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, id: ApiKeyId, hash: SecretHash) -> Result<Option<FoundApiKey>, StoreError> {
        let mut connection = self.0.get().await?;
        let grantor = memberships::organization_id
            .eq(api_keys::organization_id)
            .and(memberships::person_id.eq(api_keys::granted_by));
        let row: Option<(ApiKeyRow, String)> = api_keys::table
            .inner_join(memberships::table.on(grantor))
            .filter(api_keys::id.eq(id.uuid()).and(api_keys::hash.eq(hash.0.as_slice())))
            .select((ApiKeyRow::as_select(), memberships::role))
            .first(&mut connection)
            .await
            .optional()?;
        let Some((row, text)) = row else { return Ok(None) };
        found(&mut connection, row, &text).await.map(Some)
    }

    /// A key of an organization with the role its grantor has now; `None` also when the grantor left.
    pub(crate) async fn by_id(
        connection: &mut Connection,
        organization: OrganizationId,
        id: ApiKeyId,
    ) -> Result<Option<FoundApiKey>, StoreError> {
        let grantor = memberships::organization_id
            .eq(api_keys::organization_id)
            .and(memberships::person_id.eq(api_keys::granted_by));
        let own = api_keys::organization_id.eq(organization.uuid()).and(api_keys::id.eq(id.uuid()));
        let row: Option<(ApiKeyRow, String)> = api_keys::table
            .inner_join(memberships::table.on(grantor))
            .filter(own)
            .select((ApiKeyRow::as_select(), memberships::role))
            .first(connection)
            .await
            .optional()?;
        match row {
            Some((row, text)) => found(connection, row, &text).await.map(Some),
            None => Ok(None),
        }
    }

    async fn all(
        &self,
        organization: OrganizationId,
        page: Page<id::ApiKey>,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let mut connection = self.0.get().await?;
        let after = page.after.map_or(Uuid::nil(), |after| after.uuid());
        let rows: Vec<ApiKeyRow> = api_keys::table
            .filter(api_keys::organization_id.eq(organization.uuid()).and(api_keys::id.gt(after)))
            .order(api_keys::id)
            .limit(page.limit.into())
            .select(ApiKeyRow::as_select())
            .load(&mut connection)
            .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let limits = limits(&mut connection, &ids).await?;
        let only =
            |id: Uuid| limits.iter().filter(|(key, _)| *key == id).map(|(_, workspace)| *workspace).collect();
        rows.into_iter().map(|row| (only(row.id), row)).map(|(only, row)| row.with(only)).collect()
    }
}

/// A key with its workspaces and the role of its grantor.
async fn found(connection: &mut Connection, row: ApiKeyRow, text: &str) -> Result<FoundApiKey, StoreError> {
    let limits = if row.all_workspaces { Vec::new() } else { limits(connection, &[row.id]).await? };
    let only = limits.into_iter().map(|(_, workspace)| workspace).collect();
    Ok(FoundApiKey { key: row.with(only)?, grantor: role(text)? })
}

async fn insert_key(connection: &mut Connection, new: &NewApiKey) -> Result<(), StoreError> {
    let key = &new.key;
    let scopes: Vec<&str> = key.scopes.iter().map(::tenancy::Scope::as_str).collect();
    let origins: Vec<&str> = key.origins.iter().map(Origin::as_str).collect();
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::id.eq(key.id.uuid()),
            api_keys::organization_id.eq(key.organization.uuid()),
            api_keys::granted_by.eq(key.granted_by.uuid()),
            api_keys::name.eq(&key.name),
            api_keys::hash.eq(new.hash.0.as_slice()),
            api_keys::scopes.eq(scopes),
            api_keys::all_workspaces.eq(key.reach == Reach::All),
            api_keys::origins.eq(origins),
            api_keys::expires_at.eq(key.expires_at),
            api_keys::created_at.eq(key.created_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn limit(connection: &mut Connection, key: &ApiKey, only: &[Uuid]) -> Result<(), StoreError> {
    let row = |workspace: &Uuid| {
        (
            api_key_workspaces::organization_id.eq(key.organization.uuid()),
            api_key_workspaces::api_key_id.eq(key.id.uuid()),
            api_key_workspaces::workspace_id.eq(*workspace),
        )
    };
    let rows: Vec<_> = only.iter().map(row).collect();
    diesel::insert_into(api_key_workspaces::table).values(rows).execute(connection).await?;
    Ok(())
}

async fn limits(connection: &mut Connection, keys: &[Uuid]) -> Result<Vec<(Uuid, WorkspaceId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = api_key_workspaces::table
        .filter(api_key_workspaces::api_key_id.eq_any(keys))
        .select((api_key_workspaces::api_key_id, api_key_workspaces::workspace_id))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(|(key, workspace)| (key, WorkspaceId::from_uuid(workspace))).collect())
}

impl PgApiKeys {
    async fn mark_used(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
        diesel::update(api_keys::table.find(id.uuid()))
            .set(api_keys::last_used_at.eq(now))
            .execute(&mut self.0.get().await?)
            .await?;
        Ok(())
    }

    async fn end(
        &self,
        organization: OrganizationId,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let own = api_keys::organization_id.eq(organization.uuid()).and(api_keys::id.eq(id.uuid()));
        let mut connection = self.0.get().await?;
        let is_live = api_keys::revoked_at.is_null();
        let ended = diesel::update(api_keys::table.filter(own).filter(is_live))
            .set(api_keys::revoked_at.eq(now))
            .execute(&mut connection)
            .await?;
        let is_own =
            ended == 1 || select(exists(api_keys::table.filter(own))).get_result(&mut connection).await?;
        Ok(is_own)
    }

    async fn lists(&self, origin: &Origin, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let live = api_keys::table
            .filter(api_keys::origins.contains(vec![origin.as_str()]))
            .filter(api_keys::revoked_at.is_null())
            .filter(api_keys::expires_at.is_null().or(api_keys::expires_at.gt(now)));
        Ok(select(exists(live)).get_result(&mut self.0.get().await?).await?)
    }
}

#[async_trait]
impl ApiKeyStore for PgApiKeys {
    async fn insert(&self, key: &NewApiKey) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.store(key).await?)
    }

    async fn find(
        &self,
        id: ApiKeyId,
        hash: SecretHash,
    ) -> Result<Option<FoundApiKey>, ::tenancy::StoreError> {
        Ok(self.read(id, hash).await?)
    }

    async fn touch(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), ::tenancy::StoreError> {
        Ok(self.mark_used(id, now).await?)
    }

    async fn list(
        &self,
        organization: OrganizationId,
        page: Page<id::ApiKey>,
    ) -> Result<Vec<ApiKey>, ::tenancy::StoreError> {
        Ok(self.all(organization, page).await?)
    }

    async fn revoke(
        &self,
        organization: OrganizationId,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.end(organization, id, now).await?)
    }

    async fn knows_origin(&self, origin: &Origin, now: DateTime<Utc>) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.lists(origin, now).await?)
    }
}

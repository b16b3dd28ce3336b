//! Media: assets, their objects, and the keys of both.

mod delete;
mod keep;
mod read;
mod row;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{sql_query, sql_types::BigInt};
use diesel_async::AsyncConnection;
use publishing::{
    id::{self, MediaId},
    media::{
        Digest, MediaAsset,
        store::{Deletion, Kept, MediaKeys, MediaObject, MediaStore, Readable},
    },
};
use tenancy::{
    OrganizationId, Page, StoreError as Failure, WorkspaceId, idempotency::Fence, sealing::WrappedKey,
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::{Connection, Pool},
};

/// Media over a pool.
#[derive(Clone)]
pub struct PgMediaStore {
    pool: Pool,
}

impl PgMediaStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

/// Runs the body in one transaction of its own.
macro_rules! transaction {
    ($self:ident, $connection:ident => $body:expr) => {{
        let mut connection = $self.pool.get().await.map_err(StoreError::from)?;
        Ok(connection.transaction::<_, StoreError, _>(async |$connection| $body.await).await?)
    }};
}

/// Waits until nobody else changes what refers to these bytes. Two contents that share a lock only wait for each other.
async fn lock(c: &mut Connection, organization: Uuid, digest: &Digest) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let half = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
    let key = half(&digest.0) ^ half(&organization.as_bytes()[8..]);
    sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(c).await?;
    Ok(())
}

#[async_trait]
impl MediaStore for PgMediaStore {
    async fn has_workspace(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<bool, Failure> {
        transaction!(self, c => read::has_workspace(c, organization, workspace))
    }

    async fn keys(&self, organization: OrganizationId) -> Result<Option<MediaKeys>, Failure> {
        transaction!(self, c => read::keys(c, organization))
    }

    async fn save_key(&self, organization: OrganizationId, key: &WrappedKey) -> Result<WrappedKey, Failure> {
        transaction!(self, c => keep::save_key(c, organization, key))
    }

    async fn keep_known(&self, asset: &MediaAsset, fence: Option<Fence>) -> Result<Option<Kept>, Failure> {
        transaction!(self, c => keep::keep_known(c, asset, fence))
    }

    async fn announce(&self, object: &MediaObject) -> Result<(), Failure> {
        transaction!(self, c => keep::announce(c, object))
    }

    async fn keep(&self, asset: &MediaAsset, object: Uuid, fence: Option<Fence>) -> Result<Kept, Failure> {
        transaction!(self, c => keep::keep(c, asset, object, fence))
    }

    async fn get(&self, organization: OrganizationId, id: MediaId) -> Result<Option<MediaAsset>, Failure> {
        transaction!(self, c => read::get(c, organization, id))
    }

    async fn assets(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        ids: &[MediaId],
    ) -> Result<Vec<MediaAsset>, Failure> {
        transaction!(self, c => read::assets(c, organization, workspace, ids))
    }

    async fn list(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        page: Page<id::Media>,
    ) -> Result<Vec<MediaAsset>, Failure> {
        transaction!(self, c => read::list(c, organization, workspace, page))
    }

    async fn describe(
        &self,
        organization: OrganizationId,
        id: MediaId,
        alt_text: Option<&str>,
    ) -> Result<Option<MediaAsset>, Failure> {
        transaction!(self, c => keep::describe(c, organization, id, alt_text))
    }

    async fn readable(&self, id: MediaId) -> Result<Option<Readable>, Failure> {
        transaction!(self, c => read::readable(c, id))
    }

    async fn delete(&self, organization: OrganizationId, id: MediaId) -> Result<Deletion, Failure> {
        transaction!(self, c => delete::delete(c, organization, id))
    }

    async fn abandoned(&self, since: DateTime<Utc>, limit: u32) -> Result<Vec<MediaObject>, Failure> {
        transaction!(self, c => delete::abandoned(c, since, limit))
    }

    async fn doom(&self, object: Uuid) -> Result<bool, Failure> {
        transaction!(self, c => delete::doom(c, object))
    }

    async fn forget(&self, object: Uuid) -> Result<(), Failure> {
        transaction!(self, c => delete::forget(c, object))
    }
}

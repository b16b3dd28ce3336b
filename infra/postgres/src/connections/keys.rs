//! Wrapped keys, as rows.

use diesel::{ExpressionMethods, QueryDsl, insert_into};
use publishing::connection::SealedToken;
use tenancy::sealing::{KeyChain, WrappedKey};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Connection,
    schema::{connections::connection_keys, tenancy::organization_keys},
};

/// The key that wraps every data key of an organization.
pub(super) async fn organization_key(c: &mut Connection, owner: Uuid) -> Result<WrappedKey, StoreError> {
    use diesel_async::RunQueryDsl;
    let (id, version, bytes) = organization_keys::table
        .filter(organization_keys::organization_id.eq(owner))
        .select((organization_keys::id, organization_keys::ring_version, organization_keys::wrapped))
        .first::<(Uuid, i32, Vec<u8>)>(c)
        .await?;
    Ok(WrappedKey { id, ring_version: Some(version), bytes })
}

/// The chain that opens what a data key seals.
pub(super) fn chain(organization: &WrappedKey, id: Uuid, wrapped: Vec<u8>) -> KeyChain {
    let data = WrappedKey { id, ring_version: None, bytes: wrapped };
    KeyChain::Organization { organization: organization.clone(), data }
}

/// Keeps the key of a token.
pub(super) async fn insert(
    c: &mut Connection,
    owner: Uuid,
    connection: Uuid,
    token: &SealedToken,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let row = (
        connection_keys::id.eq(token.key.id),
        connection_keys::organization_id.eq(owner),
        connection_keys::connection_id.eq(connection),
        connection_keys::wrapped.eq(&token.key.bytes),
    );
    insert_into(connection_keys::table).values(row).execute(c).await?;
    Ok(())
}

//! Keys that the ring wraps, to be wrapped again when the ring has a newer key.

use ::tenancy::{rotation::RootKeyStore, sealing::WrappedKey};
use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::column::{ring_version, root_key};
use crate::{
    Pool, StoreError,
    schema::tenancy::{organization_keys, person_keys},
};

/// The keys of organizations.
#[derive(Clone)]
pub struct PgOrganizationKeys(pub Pool);

/// The keys of persons.
#[derive(Clone)]
pub struct PgPersonKeys(pub Pool);

/// The two tables have the same columns, which diesel's types cannot say.
macro_rules! root_key_store {
    ($store:ident, $table:ident) => {
        impl $store {
            async fn read(&self, newest: i32, limit: u16) -> Result<Vec<WrappedKey>, StoreError> {
                let rows: Vec<_> = $table::table
                    .filter($table::ring_version.lt(newest))
                    .order(($table::ring_version, $table::id))
                    .limit(limit.into())
                    .select(($table::id, $table::ring_version, $table::wrapped))
                    .load(&mut self.0.get().await?)
                    .await?;
                Ok(rows.into_iter().map(root_key).collect())
            }

            async fn write(&self, pairs: &[(WrappedKey, WrappedKey)]) -> Result<(), StoreError> {
                let mut connection = self.0.get().await?;
                connection
                    .transaction::<_, StoreError, _>(async |connection| {
                        for (old, new) in pairs {
                            let same = $table::id.eq(old.id).and($table::ring_version.eq(ring_version(old)?));
                            diesel::update($table::table.filter(same))
                                .set((
                                    $table::ring_version.eq(ring_version(new)?),
                                    $table::wrapped.eq(&new.bytes),
                                    $table::rewrapped_at.eq(diesel::dsl::now),
                                ))
                                .execute(connection)
                                .await?;
                        }
                        Ok(())
                    })
                    .await
            }
        }

        #[async_trait]
        impl RootKeyStore for $store {
            async fn older_than(
                &self,
                ring_version: i32,
                limit: u16,
            ) -> Result<Vec<WrappedKey>, ::tenancy::StoreError> {
                Ok(self.read(ring_version, limit).await?)
            }

            async fn replace(&self, pairs: &[(WrappedKey, WrappedKey)]) -> Result<(), ::tenancy::StoreError> {
                Ok(self.write(pairs).await?)
            }
        }
    };
}

root_key_store!(PgOrganizationKeys, organization_keys);
root_key_store!(PgPersonKeys, person_keys);

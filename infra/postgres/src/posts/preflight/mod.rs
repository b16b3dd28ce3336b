//! What preflight looks at, and what it found.

mod due;
mod record;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use publishing::preflight::{Checkup, Leads, Look, PreflightStore, PreflightUnavailable, Warning};

use crate::{error::StoreError, pool::Pool};

/// Looks at publications before their time.
#[derive(Clone)]
pub struct PgPreflightStore {
    pool: Pool,
}

impl PgPreflightStore {
    /// A store over a pool.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

/// Warnings as they are kept.
pub(crate) fn warnings(kept: serde_json::Value) -> Result<Vec<Warning>, StoreError> {
    serde_json::from_value(kept).map_err(|_| StoreError::corrupt("preflights.warnings"))
}

fn unavailable(error: &StoreError) -> PreflightUnavailable {
    tracing::warn!(%error, "publications cannot be looked at before their time");
    PreflightUnavailable
}

#[async_trait]
impl PreflightStore for PgPreflightStore {
    async fn due(&self, leads: Leads, limit: u32) -> Result<Vec<Checkup>, PreflightUnavailable> {
        let ask = async { due::due(&mut *self.pool.get().await?, leads, limit).await };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn record(&self, looks: &[Look], now: DateTime<Utc>) -> Result<u64, PreflightUnavailable> {
        let write = async {
            let mut connection = self.pool.get().await?;
            connection.transaction::<_, StoreError, _>(async |c| record::record(c, looks, now).await).await
        };
        write.await.map_err(|error: StoreError| unavailable(&error))
    }
}

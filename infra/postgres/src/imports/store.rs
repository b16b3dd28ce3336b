//! The import store over PostgreSQL.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use diesel_async::AsyncConnection;
use publishing::{
    id::ImportId,
    import::{
        Import, ImportError, Row, StopReason,
        file::RawRow,
        store::{Batch, Claim, Decided, ImportFilter, ImportStore, RowFilter},
    },
};
use tenancy::{Caller, Clock, idempotency::Fence};

use super::{Stop, advance, read, receive, work};
use crate::pool::Pool;

/// Keeps imports.
#[derive(Clone)]
pub struct PgImportStore {
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl PgImportStore {
    /// A store over a pool. The clock tells whether an API key has expired.
    pub const fn new(pool: Pool, clock: Arc<dyn Clock>) -> Self {
        Self { pool, clock }
    }
}

/// Runs the body in one transaction of its own.
macro_rules! transaction {
    ($self:ident, $connection:ident => $body:expr) => {{
        let mut connection = $self.pool.get().await.map_err(Stop::from)?;
        connection.transaction::<_, Stop, _>(async |$connection| Ok($body)).await.map_err(ImportError::from)
    }};
}

#[async_trait]
impl ImportStore for PgImportStore {
    async fn begin(&self, import: &Import) -> Result<bool, ImportError> {
        transaction!(self, c => receive::begin(c, import).await?)
    }

    async fn append(&self, import: ImportId, rows: &[RawRow]) -> Result<(), ImportError> {
        transaction!(self, c => receive::append(c, import, rows).await?)
    }

    async fn queue(&self, import: &Import, fence: Option<Fence>) -> Result<(), ImportError> {
        transaction!(self, c => receive::queue(c, import, fence).await?)
    }

    async fn discard(&self, import: ImportId) -> Result<(), ImportError> {
        transaction!(self, c => receive::discard(c, import).await?)
    }

    async fn get(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        transaction!(self, c => read::get(c, caller, id).await?)
    }

    async fn list(&self, caller: &Caller, filter: &ImportFilter) -> Result<Vec<Import>, ImportError> {
        transaction!(self, c => read::list(c, caller, filter).await?)
    }

    async fn rows(&self, caller: &Caller, id: ImportId, filter: &RowFilter) -> Result<Vec<Row>, ImportError> {
        transaction!(self, c => read::rows(c, caller, id, filter).await?)
    }

    async fn cancel(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        transaction!(self, c => read::cancel(c, caller, id).await?)
    }

    async fn claim(&self, limit: usize) -> Result<Vec<Claim>, ImportError> {
        transaction!(self, c => work::claim(c, limit).await?)
    }

    async fn next_due(&self) -> Result<Option<Duration>, ImportError> {
        transaction!(self, c => work::next_due(c).await?)
    }

    async fn batch(&self, claim: Claim, limit: u16) -> Result<Batch, ImportError> {
        let now = self.clock.now();
        transaction!(self, c => work::batch(c, claim, limit, now).await?)
    }

    async fn advance(&self, claim: Claim, rows: &[Decided]) -> Result<(), ImportError> {
        transaction!(self, c => advance::advance(c, claim, rows).await?)
    }

    async fn finish(&self, claim: Claim) -> Result<(), ImportError> {
        transaction!(self, c => work::end(c, claim, None).await?)
    }

    async fn stop(&self, claim: Claim, reason: StopReason) -> Result<(), ImportError> {
        transaction!(self, c => work::end(c, claim, Some(reason)).await?)
    }

    async fn give_back(&self, claim: Claim) -> Result<(), ImportError> {
        transaction!(self, c => work::give_back(c, claim).await?)
    }

    async fn set_back(&self, claim: Claim) -> Result<(), ImportError> {
        transaction!(self, c => work::set_back(c, claim).await?)
    }
}

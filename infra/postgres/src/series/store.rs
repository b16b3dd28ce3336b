//! The series store over PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel_async::AsyncConnection;
use publishing::{
    id::{PostId, SeriesId},
    post::PostError,
    series::{
        Instructor, PauseReason, Series,
        store::{Batch, Change, Known, Made, SeriesFilter, SeriesStore},
    },
    timing::Timing,
};
use tenancy::{Caller, idempotency::Fence};

use super::{change, instructor, make, read};
use crate::{idempotency, pool::Pool, posts::Stop};

/// Keeps series.
#[derive(Clone)]
pub struct PgSeriesStore {
    pool: Pool,
    timing: Timing,
}

impl PgSeriesStore {
    /// A store over a pool. The timing says how long before its slot a queued post is prepared that moves up when another leaves.
    pub const fn new(pool: Pool, timing: Timing) -> Self {
        Self { pool, timing }
    }
}

/// Runs the body in one transaction of its own.
macro_rules! transaction {
    ($self:ident, $connection:ident => $body:expr) => {{
        let mut connection = $self.pool.get().await.map_err(Stop::from)?;
        connection.transaction::<_, Stop, _>(async |$connection| $body).await.map_err(PostError::from)
    }};
}

#[async_trait]
impl SeriesStore for PgSeriesStore {
    async fn insert(&self, series: &Series, fence: Option<Fence>) -> Result<(), PostError> {
        transaction!(self, c => {
            change::begin(c, series).await?;
            Ok(idempotency::made(c, fence, series.id.uuid()).await?)
        })
    }

    async fn get(&self, caller: &Caller, id: SeriesId) -> Result<Series, PostError> {
        transaction!(self, c => read::get(c, caller, id).await)
    }

    async fn list(&self, caller: &Caller, filter: &SeriesFilter) -> Result<Vec<Series>, PostError> {
        transaction!(self, c => Ok(read::list(c, caller, filter).await?))
    }

    async fn made(
        &self,
        id: SeriesId,
        originals: &[NaiveDateTime],
    ) -> Result<Vec<(NaiveDateTime, Option<PostId>)>, PostError> {
        transaction!(self, c => Ok(read::made(c, id, originals).await?))
    }

    async fn made_at(&self, id: SeriesId, originals: &[NaiveDateTime]) -> Result<Vec<Made>, PostError> {
        transaction!(self, c => Ok(read::made_at(c, id, originals).await?))
    }

    async fn known_since(
        &self,
        ids: &[SeriesId],
        original: NaiveDateTime,
        due: DateTime<Utc>,
    ) -> Result<Vec<Known>, PostError> {
        transaction!(self, c => Ok(read::known_since(c, ids, original, due).await?))
    }

    async fn made_since(
        &self,
        id: SeriesId,
        original: NaiveDateTime,
        due: DateTime<Utc>,
    ) -> Result<Vec<Made>, PostError> {
        transaction!(self, c => Ok(read::made_since(c, id, original, due).await?))
    }

    async fn save(&self, change: &Change) -> Result<(), PostError> {
        transaction!(self, c => change::save(c, change, &self.timing).await)
    }

    async fn claim(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Series>, PostError> {
        transaction!(self, c => Ok(make::claim(c, before, limit).await?))
    }

    async fn instructor(&self, series: &Series) -> Result<Instructor, PostError> {
        transaction!(self, c => Ok(instructor::find(c, series).await?))
    }

    async fn materialise(&self, batch: &Batch) -> Result<u64, PostError> {
        transaction!(self, c => make::materialise(c, batch).await)
    }

    async fn pause(&self, series: &Series, reason: PauseReason) -> Result<(), PostError> {
        transaction!(self, c => Ok(make::pause(c, series, reason).await?))
    }
}

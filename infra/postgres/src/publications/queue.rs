//! The publication queue over PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Double, Nullable, Text, Uuid as SqlUuid},
};
use publishing::{
    id::PublicationId,
    publisher::{ClaimLost, Handles},
    queue::{Claim, Claimed, Next, Outcome, PublicationQueue, Queue, QueueUnavailable, WorkerId},
    timing::Timing,
};

use super::{
    WAKE_CHANNEL,
    claim::{self, ClaimedRow, claimed_state},
    hold, record,
};
use crate::{
    error::StoreError,
    pool::{Connection, Pool},
    prepared::{Bind, prepared},
};

/// How often a claim is tried again when another worker permitted something on the same Page in the same moment.
const LANE_RACES: usize = 5;

/// The publication queue.
#[derive(Clone)]
pub struct PgPublicationQueue {
    pool: Pool,
    timing: Timing,
}

impl PgPublicationQueue {
    /// A queue over a pool.
    pub const fn new(pool: Pool, timing: Timing) -> Self {
        Self { pool, timing }
    }

    /// How long a claim of this queue lasts. A permit lasts until its call has certainly ended.
    fn lease(&self, queue: Queue) -> Duration {
        match queue {
            Queue::Permit => self.timing.call_ended(),
            Queue::Preparation | Queue::Look | Queue::FollowUp => self.timing.lease,
        }
    }

    async fn try_claim(
        &self,
        queue: Queue,
        worker: WorkerId,
        limit: i64,
    ) -> Result<Vec<Claimed>, StoreError> {
        use diesel_async::RunQueryDsl;
        let mut connection = self.pool.get().await?;
        let rows: Vec<ClaimedRow> = prepared(claim::statement(queue))
            .bind::<Text, _>(claimed_state(queue))
            .bind::<BigInt, _>(limit)
            .bind::<BigInt, _>(worker.0)
            .bind::<Double, _>(self.lease(queue).as_secs_f64() * 1e3)
            .load(&mut connection)
            .await?;
        let (mut claimed, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            let id = row.id;
            match Claimed::try_from(row) {
                Ok(row) => claimed.push(row),
                Err(error) => {
                    tracing::error!(%error, publication = %PublicationId::from_uuid(id), "a claimed row does not read");
                    unreadable.push(id);
                }
            }
        }
        if !unreadable.is_empty()
            && let Err(error) = set_aside(&mut connection, unreadable).await
        {
            tracing::error!(%error, "rows that do not read come back when their leases run out");
        }
        Ok(claimed)
    }

    async fn record_all(&self, outcomes: &[Outcome]) -> Result<Vec<PublicationId>, StoreError> {
        record::record(&mut *self.pool.get().await?, outcomes, self.timing.permit_lead).await
    }

    /// Whether a write failed although the database answers: then trying the same again is in vain.
    async fn is_about_the_data(&self, error: &StoreError) -> bool {
        use diesel_async::RunQueryDsl;
        if matches!(error, StoreError::Conflict(_) | StoreError::Corrupt(_)) {
            return true;
        }
        let Ok(mut connection) = self.pool.get().await else { return false };
        sql_query("SELECT 1").execute(&mut connection).await.is_ok()
    }

    /// One outcome among many cannot be written: it names a platform post that another publication has, or something the database
    /// does not take. It must not hold up the others, and it is a person's to decide.
    async fn record_each(&self, outcomes: &[Outcome]) -> Result<Vec<PublicationId>, StoreError> {
        let mut written = Vec::new();
        for outcome in outcomes {
            match self.record_all(std::slice::from_ref(outcome)).await {
                Ok(ids) => written.extend(ids),
                Err(error) if self.is_about_the_data(&error).await => {
                    let next = Next::Undecided;
                    let undecided = Outcome { next, handles: None, ..outcome.clone() };
                    written.extend(self.record_all(&[undecided]).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

/// Puts rows that do not read out of the way for an hour, so that they hold up neither the others of every claim nor, with a permit
/// that was not used, the others of their Page. Where only reading could tell what happened, a person must.
async fn set_aside(connection: &mut Connection, ids: Vec<uuid::Uuid>) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    const STATEMENT: &str = "UPDATE publications SET worker = NULL, needs_person = state = 'unconfirmed',
        state = CASE WHEN state IN ('preparing', 'publishing') AND deadline_at < now() THEN 'missed'
            WHEN state = 'publishing' THEN 'ready' WHEN state = 'preparing' THEN 'scheduled' ELSE state END,
        next_step_at = CASE WHEN state IN ('unconfirmed', 'published') OR deadline_at < now() THEN NULL
            ELSE now() + interval '1 hour' END
        WHERE id = ANY ($1) AND next_step_at IS NOT NULL";
    sql_query(STATEMENT).bind::<Array<SqlUuid>, _>(ids).execute(connection).await?;
    Ok(())
}

/// Wakes every worker that listens.
pub(crate) async fn wake(connection: &mut Connection) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(format!("NOTIFY {WAKE_CHANNEL}")).execute(connection).await?;
    Ok(())
}

/// Logs why the database could not be asked; the worker only needs to know that it could not.
fn unavailable(error: &StoreError) -> QueueUnavailable {
    tracing::warn!(%error, "the publication queue is unavailable");
    QueueUnavailable
}

#[derive(QueryableByName)]
struct NextDue {
    #[diesel(sql_type = Nullable<Double>)]
    ms: Option<f64>,
}

#[async_trait]
impl PublicationQueue for PgPublicationQueue {
    async fn claim(
        &self,
        queue: Queue,
        worker: WorkerId,
        limit: usize,
    ) -> Result<Vec<Claimed>, QueueUnavailable> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        for _ in 0..LANE_RACES {
            match self.try_claim(queue, worker, limit).await {
                Err(error) if error.is_conflict_on("publications_lane") => {}
                result => return result.map_err(|error| unavailable(&error)),
            }
        }
        Ok(vec![])
    }

    async fn next_due(&self, queue: Queue) -> Result<Option<Duration>, QueueUnavailable> {
        use diesel_async::RunQueryDsl;
        let ask = async {
            let mut connection = self.pool.get().await?;
            let next: NextDue = prepared(claim::next_due(queue)).get_result(&mut connection).await?;
            Ok(next.ms.map(|ms| Duration::from_secs_f64((ms / 1e3).max(0.0))))
        };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn confirm(&self, queue: Queue, claims: &[Claim]) -> Result<Vec<PublicationId>, QueueUnavailable> {
        let ask = async { hold::confirm(&mut *self.pool.get().await?, queue, claims).await };
        ask.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn save_handles(&self, claim: Claim, handles: &Handles) -> Result<(), ClaimLost> {
        let save = async { hold::save_handles(&mut *self.pool.get().await?, claim, handles).await };
        // Without the certainty that the handle is kept the next call must not be made: an outage counts as a lost claim.
        match save.await.map_err(|error: StoreError| unavailable(&error)) {
            Ok(true) => Ok(()),
            Ok(false) | Err(QueueUnavailable) => Err(ClaimLost),
        }
    }

    async fn record(&self, outcomes: &[Outcome]) -> Result<Vec<PublicationId>, QueueUnavailable> {
        let written = match self.record_all(outcomes).await {
            Err(error) if self.is_about_the_data(&error).await => {
                tracing::warn!(%error, "a batch of results was refused; each is written by itself");
                self.record_each(outcomes).await
            }
            result => result,
        };
        written.map_err(|error| unavailable(&error))
    }

    async fn give_back(&self, queue: Queue, claims: &[Claim]) -> Result<(), QueueUnavailable> {
        let give = async { hold::give_back(&mut *self.pool.get().await?, queue, claims).await };
        give.await.map_err(|error: StoreError| unavailable(&error))
    }

    async fn keep(&self, claims: &[Claim]) -> Result<(), QueueUnavailable> {
        let keep = async { hold::keep(&mut *self.pool.get().await?, claims, self.timing.lease).await };
        keep.await.map_err(|error: StoreError| unavailable(&error))
    }
}

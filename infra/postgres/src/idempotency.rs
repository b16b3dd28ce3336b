//! Idempotency keys. Answers may hold personal data, so each is sealed under a data key of its own that goes with the row.

use std::{sync::Arc, time::Duration};

use ::tenancy::{
    idempotency::{Claim, Claimed, Fence, IdempotencyStore, KEPT, LEASE, Recorded, Unavailable},
    sealing::{KeyChain, Place, Sealed, Vault, WrappedKey},
};
use async_trait::async_trait;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, Selectable,
    SelectableHelper, dsl::exists, sql_types,
};
use diesel_async::AsyncConnection;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Connection, Pool, StoreError,
    prepared::{Bind, prepared},
    schema::{idempotency::idempotency_keys as keys, tenancy::organization_keys},
};

const COLUMN: &str = "idempotency_keys.answer_sealed";

/// What a conflict names when the key under which something was to be made has gone to another request.
pub(crate) const LOST: &str = "idempotency_keys.claim_id";

/// Idempotency keys in PostgreSQL.
#[derive(Clone)]
pub struct PgIdempotency {
    pool: Pool,
    vault: Arc<dyn Vault>,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct Row {
    body_hash: Vec<u8>,
    claim_id: Uuid,
    made_id: Option<Uuid>,
    answer_key_id: Option<Uuid>,
    answer_key: Option<Vec<u8>>,
    answer_sealed: Option<Vec<u8>>,
}

/// An answer as it is written: its key's identifier, the wrapped key, and the ciphertext.
type SealedAnswer = (Uuid, Vec<u8>, Vec<u8>);

/// Writes down what is made under a key, in the transaction that makes it. [`LOST`] if the request does not hold its key any
/// more: then nothing may be made. While the transaction lasts nobody can take the key over, because its row is locked.
pub(crate) async fn made(c: &mut Connection, fence: Option<Fence>, id: Uuid) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let Some(fence) = fence else { return Ok(()) };
    let held = keys::table.filter(keys::claim_id.eq(fence.0)).filter(keys::state.eq("in_flight"));
    let marked = diesel::update(held)
        .set((keys::state.eq("made"), keys::made_id.eq(id), keys::expires_at.eq(from_now(KEPT))))
        .execute(c)
        .await?;
    if marked == 1 { Ok(()) } else { Err(StoreError::Conflict(LOST.to_owned())) }
}

impl PgIdempotency {
    /// Over a pool, sealing with a vault.
    pub fn new(pool: Pool, vault: Arc<dyn Vault>) -> Self {
        Self { pool, vault }
    }

    /// Deletes what nobody will be answered from any more; returns how many.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        use diesel_async::RunQueryDsl;
        let mut connection = self.pool.get().await?;
        let expired = keys::expires_at.le(diesel::dsl::now);
        Ok(diesel::delete(keys::table.filter(expired)).execute(&mut connection).await?)
    }

    async fn take(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut connection = self.pool.get().await?;
        connection
            .transaction::<_, StoreError, _>(async |c| {
                if insert(c, claim).await? {
                    return Ok(Claimed::First);
                }
                // It may have been freed between the two statements; the caller then tries again.
                let Some(row) = find(c, claim).await? else { return Ok(Claimed::InFlight) };
                if row.body_hash != claim.body {
                    return Ok(Claimed::AnotherBody);
                }
                let Some(made) = row.made_id else { return Ok(Claimed::InFlight) };
                if row.answer_sealed.is_none() {
                    return Ok(Claimed::Made(made));
                }
                let organization = organization_key(c, claim).await?;
                self.open(claim, organization, row).map(|answer| Claimed::Before(Box::new(answer)))
            })
            .await
    }

    async fn prolong(&self, claim: &Claim) -> Result<bool, StoreError> {
        use diesel_async::RunQueryDsl;
        let mut connection = self.pool.get().await?;
        let held = keys::claim_id.eq(claim.fence.0).and(keys::state.eq("in_flight"));
        let renewed = diesel::update(keys::table.filter(held))
            .set(keys::expires_at.eq(from_now(LEASE)))
            .execute(&mut connection)
            .await?;
        Ok(renewed == 1)
    }

    async fn write(&self, claim: &Claim, answer: &Recorded) -> Result<(), StoreError> {
        use diesel_async::RunQueryDsl;
        let mut connection = self.pool.get().await?;
        connection
            .transaction::<_, StoreError, _>(async |c| {
                let organization = organization_key(c, claim).await?;
                let (id, key, sealed) = self.seal(claim, organization, answer)?;
                let made = keys::claim_id.eq(claim.fence.0).and(keys::state.eq("made"));
                diesel::update(keys::table.filter(made))
                    .set((
                        keys::state.eq("answered"),
                        keys::answer_key_id.eq(id),
                        keys::answer_key.eq(key),
                        keys::answer_sealed.eq(sealed),
                    ))
                    .execute(c)
                    .await?;
                Ok(())
            })
            .await
    }

    async fn free(&self, claim: &Claim) -> Result<bool, StoreError> {
        use diesel_async::RunQueryDsl;
        let mut connection = self.pool.get().await?;
        let own = keys::table.filter(keys::claim_id.eq(claim.fence.0));
        // A commit whose end nobody heard of may still be under way: this waits for it, and then sees what it made.
        let freed = diesel::delete(own.filter(keys::state.eq("in_flight"))).execute(&mut connection).await?;
        Ok(freed == 1 || diesel::select(exists(own)).get_result(&mut connection).await?)
    }

    fn seal(
        &self,
        claim: &Claim,
        organization: WrappedKey,
        recorded: &Recorded,
    ) -> Result<SealedAnswer, StoreError> {
        let broken = |_| StoreError::corrupt("organization_keys.wrapped");
        let answer = Answer {
            status: recorded.status,
            headers: recorded.headers.clone(),
            body: recorded.body.clone(),
        };
        let plain =
            serde_json::to_vec(&answer).map_err(|_| StoreError::corrupt("an answer has no JSON form"))?;
        let data = self.vault.new_data_key(&organization).map_err(broken)?;
        let chain = KeyChain::Organization { organization, data: data.clone() };
        let sealed = self.vault.seal(&chain, place(claim, claim.fence.0), &plain).map_err(broken)?;
        Ok((data.id, data.bytes, sealed.0))
    }

    fn open(&self, claim: &Claim, organization: WrappedKey, row: Row) -> Result<Recorded, StoreError> {
        let broken = || StoreError::corrupt(COLUMN);
        let (Some(id), Some(bytes), Some(sealed)) = (row.answer_key_id, row.answer_key, row.answer_sealed)
        else {
            return Err(broken());
        };
        let data = WrappedKey { id, ring_version: None, bytes };
        let chain = KeyChain::Organization { organization, data };
        let plain =
            self.vault.open(&chain, place(claim, row.claim_id), &Sealed(sealed)).map_err(|_| broken())?;
        let answer: Answer = serde_json::from_slice(plain.expose_secret()).map_err(|_| broken())?;
        let Answer { status, headers, body } = answer;
        Ok(Recorded { status, headers, body })
    }
}

fn place(claim: &Claim, row: Uuid) -> Place {
    Place { owner: claim.organization.uuid(), row, column: COLUMN }
}

/// An instant so far ahead, by the database's clock.
fn from_now(
    ahead: Duration,
) -> diesel::dsl::AsExprOf<diesel::expression::SqlLiteral<sql_types::Timestamptz>, sql_types::Timestamptz> {
    diesel::dsl::sql(&format!("now() + make_interval(secs => {})", ahead.as_secs()))
}

/// Takes a key that is free or whose time is over. `false`: somebody has it.
async fn insert(c: &mut Connection, claim: &Claim) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    const TAKE: &str = "INSERT INTO idempotency_keys AS k
        (organization_id, actor_id, operation, key_hash, body_hash, claim_id, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
        ON CONFLICT (organization_id, actor_id, operation, key_hash) DO UPDATE SET
            body_hash = excluded.body_hash, claim_id = excluded.claim_id, state = 'in_flight', made_id = NULL,
            answer_key_id = NULL, answer_key = NULL, answer_sealed = NULL, created_at = now(), expires_at = excluded.expires_at
        WHERE k.expires_at <= now()";
    let taken = prepared(TAKE)
        .bind::<sql_types::Uuid, _>(claim.organization.uuid())
        .bind::<sql_types::Uuid, _>(claim.actor)
        .bind::<sql_types::Text, _>(&claim.operation)
        .bind::<sql_types::Binary, _>(claim.key.as_slice())
        .bind::<sql_types::Binary, _>(claim.body.as_slice())
        .bind::<sql_types::Uuid, _>(claim.fence.0)
        .bind::<sql_types::Double, _>(LEASE.as_secs_f64())
        .execute(c)
        .await?;
    Ok(taken == 1)
}

async fn find(c: &mut Connection, claim: &Claim) -> Result<Option<Row>, StoreError> {
    use diesel_async::RunQueryDsl;
    let key = (claim.organization.uuid(), claim.actor, claim.operation.as_str(), claim.key.as_slice());
    Ok(keys::table.find(key).select(Row::as_select()).first(c).await.optional()?)
}

async fn organization_key(c: &mut Connection, claim: &Claim) -> Result<WrappedKey, StoreError> {
    use diesel_async::RunQueryDsl;
    let (id, version, bytes) = organization_keys::table
        .filter(organization_keys::organization_id.eq(claim.organization.uuid()))
        .select((organization_keys::id, organization_keys::ring_version, organization_keys::wrapped))
        .first::<(Uuid, i32, Vec<u8>)>(c)
        .await?;
    Ok(WrappedKey { id, ring_version: Some(version), bytes })
}

fn logged(error: &StoreError) -> Unavailable {
    tracing::warn!(%error, "idempotency keys cannot be reached");
    Unavailable
}

#[async_trait]
impl IdempotencyStore for PgIdempotency {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, Unavailable> {
        self.take(claim).await.map_err(|error| logged(&error))
    }

    async fn renew(&self, claim: &Claim) -> Result<bool, Unavailable> {
        self.prolong(claim).await.map_err(|error| logged(&error))
    }

    async fn keep(&self, claim: &Claim, answer: &Recorded) -> Result<(), Unavailable> {
        self.write(claim, answer).await.map_err(|error| logged(&error))
    }

    async fn release(&self, claim: &Claim) -> Result<bool, Unavailable> {
        self.free(claim).await.map_err(|error| logged(&error))
    }
}

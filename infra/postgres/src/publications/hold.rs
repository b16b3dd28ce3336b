//! Claims in hand: whether they stand, what they keep, how they last and how they go back.

use std::time::Duration;

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Double, Jsonb, Text, Uuid as SqlUuid},
};
use publishing::{
    id::PublicationId,
    publisher::Handles,
    queue::{Claim, Queue},
};

use super::{
    claim::{claimed_state, given_back_state},
    queue::wake,
};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// Claims as columns of a statement. What such a statement demands of a row besides its id is said so that it needs the claim as
/// well (`CASE WHEN p.epoch = x.epoch`): the database then finds the rows by their ids. A bare `state = …` looks more selective
/// whenever the statistics were made at a quiet time, and every claim would be compared with every row in that state.
fn columns(claims: &[Claim]) -> (Vec<uuid::Uuid>, Vec<i64>) {
    claims.iter().map(|c| (c.publication.uuid(), c.epoch)).unzip()
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = SqlUuid)]
    id: uuid::Uuid,
}

/// Which claims still stand.
pub(super) async fn confirm(
    c: &mut Connection,
    queue: Queue,
    claims: &[Claim],
) -> Result<Vec<PublicationId>, StoreError> {
    use diesel_async::RunQueryDsl;
    // Row by row through the primary key, whatever the statistics say about states: thousands may be publishing.
    const STATEMENT: &str = "SELECT x.id FROM unnest($1, $2) AS x (id, epoch),
        LATERAL (SELECT p.epoch, p.state, p.channel_id FROM publications p WHERE p.id = x.id LIMIT 1) p,
        LATERAL (SELECT FROM channel_tokens t WHERE t.channel_id = p.channel_id LIMIT 1) t
        WHERE p.epoch = x.epoch AND p.state = $3";
    let (ids, epochs) = columns(claims);
    let standing: Vec<Standing> = prepared(STATEMENT)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(epochs)
        .bind::<Text, _>(claimed_state(queue))
        .load(c)
        .await?;
    Ok(standing.into_iter().map(|row| PublicationId::from_uuid(row.id)).collect())
}

/// Commits handles; whether the claim still held.
pub(super) async fn save_handles(
    c: &mut Connection,
    claim: Claim,
    handles: &Handles,
) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let handles = serde_json::to_value(handles).map_err(|_| StoreError::corrupt("handles"))?;
    let saved = prepared(
        "UPDATE publications SET handles = $3, updated_at = now() WHERE id = $1 AND epoch = $2 AND state = 'preparing'",
    )
    .bind::<SqlUuid, _>(claim.publication.uuid())
    .bind::<BigInt, _>(claim.epoch)
    .bind::<Jsonb, _>(handles)
    .execute(c)
    .await?;
    Ok(saved == 1)
}

/// Gives claims back untouched and wakes whoever may take them. A permit of a post that was cancelled meanwhile ends here.
pub(super) async fn give_back(c: &mut Connection, queue: Queue, claims: &[Claim]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let (ids, epochs) = columns(claims);
    sql_query(
        "WITH held AS MATERIALIZED (
            SELECT q.id, q.taken_back AND $4 = 'publishing' AS ends FROM unnest($1, $2) AS x (id, epoch) JOIN publications q ON q.id = x.id
            WHERE CASE WHEN q.epoch = x.epoch THEN q.state = $4 AND NOT q.needs_person ELSE false END
            ORDER BY q.id FOR UPDATE OF q
        ), given AS (
            UPDATE publications p SET state = CASE WHEN h.ends THEN 'cancelled' ELSE $3 END,
                reason = CASE WHEN h.ends THEN 'by_caller' ELSE p.reason END, worker = NULL, updated_at = now(),
                next_step_at = CASE WHEN h.ends THEN NULL ELSE now() END
            FROM held h WHERE p.id = h.id RETURNING p.id, p.organization_id, h.ends
        )
        INSERT INTO events (organization_id, kind, subject_id)
        SELECT organization_id, 'publication.cancelled', id FROM given WHERE ends",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(epochs)
    .bind::<Text, _>(given_back_state(queue))
    .bind::<Text, _>(claimed_state(queue))
    .execute(c)
    .await?;
    wake(c).await
}

/// Prolongs leases.
pub(super) async fn keep(c: &mut Connection, claims: &[Claim], lease: Duration) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let (ids, epochs) = columns(claims);
    sql_query(
        // A row that somebody else is just writing needs no longer lease, and waiting for it could be waiting for each other.
        "WITH held AS MATERIALIZED (
            SELECT q.id FROM unnest($1, $2) AS x (id, epoch), LATERAL (
                SELECT q.id FROM publications q WHERE q.id = x.id AND q.epoch = x.epoch
                    AND q.state IN ('preparing', 'unconfirmed', 'published') AND q.worker IS NOT NULL AND NOT q.needs_person
                FOR UPDATE SKIP LOCKED) q
        )
        UPDATE publications p SET next_step_at = now() + $3 * interval '1 millisecond' FROM held WHERE p.id = held.id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<BigInt>, _>(epochs)
    .bind::<Double, _>(lease.as_secs_f64() * 1e3)
    .execute(c)
    .await?;
    Ok(())
}

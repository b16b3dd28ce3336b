//! Writing what came of rows, with the posts they become and the place up to which the import is.

use diesel::{
    sql_query,
    sql_types::{Array, BigInt, Double, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid},
};
use publishing::{
    import::{
        ImportError, RowState,
        store::{Claim, Decided, LEASE, Outcome},
    },
    post::Composed,
};
use uuid::Uuid;

use super::{Stop, receive::number};
use crate::{error::StoreError, pool::Connection, posts::insert};

/// A row as it is to be.
struct Written {
    number: i32,
    state: RowState,
    post: Option<Uuid>,
    violations: serde_json::Value,
}

impl Written {
    fn of(row: &Decided) -> Result<Self, StoreError> {
        let (state, post, violations) = match &row.outcome {
            Outcome::Valid => (RowState::Valid, None, &[][..]),
            Outcome::Create(composed) => (RowState::Created, Some(composed.post.id.uuid()), &[][..]),
            Outcome::Skipped(post) => (RowState::Skipped, Some(post.uuid()), &[][..]),
            Outcome::Failed(violations) => (RowState::Failed, None, &violations[..]),
        };
        let violations = serde_json::to_value(violations)
            .map_err(|_| StoreError::corrupt("a violation does not encode"))?;
        Ok(Self { number: number(row.number), state, post, violations })
    }
}

pub(super) async fn advance(c: &mut Connection, claim: Claim, rows: &[Decided]) -> Result<(), Stop> {
    let written = rows.iter().map(Written::of).collect::<Result<Vec<_>, _>>()?;
    if !progress(c, claim, &written).await? {
        return Err(ImportError::Lost.into());
    }
    let new: Vec<(&Decided, &Composed)> = rows
        .iter()
        .filter_map(|row| match &row.outcome {
            Outcome::Create(composed) => Some((row, composed.as_ref())),
            _ => None,
        })
        .collect();
    let composed: Vec<Composed> = new.iter().map(|(_, composed)| (*composed).clone()).collect();
    if insert::keepable(c, &composed).await?.contains(&false) {
        return Err(ImportError::Changed.into());
    }
    keys(c, claim, &new).await?;
    insert::insert(c, &composed.iter().collect::<Vec<_>>()).await?;
    Ok(write(c, claim, &written).await?)
}

/// Moves on behind the rows, and prolongs the claim. `false` if it is lost.
async fn progress(c: &mut Connection, claim: Claim, rows: &[Written]) -> Result<bool, StoreError> {
    use diesel_async::RunQueryDsl;
    let count = |states: &[RowState]| {
        i32::try_from(rows.iter().filter(|row| states.contains(&row.state)).count()).unwrap_or(i32::MAX)
    };
    let moved = sql_query(
        "UPDATE imports SET last_row = $3, read_count = read_count + $4, valid_count = valid_count + $5,
            created_count = created_count + $6, skipped_count = skipped_count + $7, failed_count = failed_count + $8,
            next_step_at = clock_timestamp() + make_interval(secs => $9), failures = 0
        WHERE id = $1 AND epoch = $2 AND next_step_at IS NOT NULL",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<BigInt, _>(claim.epoch)
    .bind::<Integer, _>(rows.last().map_or(1, |row| row.number))
    .bind::<Integer, _>(count(RowState::ALL))
    .bind::<Integer, _>(count(&[RowState::Valid, RowState::Created]))
    .bind::<Integer, _>(count(&[RowState::Created]))
    .bind::<Integer, _>(count(&[RowState::Skipped]))
    .bind::<Integer, _>(count(&[RowState::Failed]))
    .bind::<Double, _>(LEASE.as_secs_f64())
    .execute(c)
    .await?;
    Ok(moved == 1)
}

/// Takes the keys of new posts, in one order, so that two imports with the same keys do not wait for each other.
async fn keys(c: &mut Connection, claim: Claim, new: &[(&Decided, &Composed)]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let Some((_, first)) = new.first() else { return Ok(()) };
    sql_query(
        "INSERT INTO import_keys (organization_id, workspace_id, digest, post_id, import_id, number)
        SELECT $1, $2, sha256(convert_to(n.key, 'UTF8')) AS digest, n.post_id, $6, n.number
        FROM unnest($3, $4, $5) AS n (key, post_id, number) ORDER BY digest",
    )
    .bind::<SqlUuid, _>(first.post.organization.uuid())
    .bind::<SqlUuid, _>(first.post.workspace.uuid())
    .bind::<Array<Text>, _>(new.iter().map(|(row, _)| row.key.as_str()).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(new.iter().map(|(_, one)| one.post.id.uuid()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(new.iter().map(|(row, _)| number(row.number)).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(claim.import.uuid())
    .execute(c)
    .await?;
    Ok(())
}

/// What came of the rows; what stood in them is forgotten.
async fn write(c: &mut Connection, claim: Claim, rows: &[Written]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "UPDATE import_rows r SET state = w.state, post_id = w.post_id, violations = w.violations, cells = NULL
        FROM unnest($2, $3, $4, $5) AS w (number, state, post_id, violations)
        WHERE r.import_id = $1 AND r.number = w.number",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<Array<Integer>, _>(rows.iter().map(|row| row.number).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.state.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<SqlUuid>>, _>(rows.iter().map(|row| row.post).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(rows.iter().map(|row| row.violations.clone()).collect::<Vec<_>>())
    .execute(c)
    .await?;
    Ok(())
}

//! What a worker does with an import but for its rows: claiming it, looking at the next rows, ending it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use diesel::{
    OptionalExtension, QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid},
};
use publishing::{
    id::{ImportId, PostId},
    import::{
        Import, ImportError, NamedChannel, StopReason,
        file::RawRow,
        store::{Batch, Claim, Known, LEASE, MOST_FAILURES},
    },
};
use tenancy::{Actor, Authenticated, Caller, Reach};
use uuid::Uuid;

use super::{
    Stop,
    row::{COLUMNS, ChannelRow, ClaimRow, ImportRow, KnownRow, WaitingRow},
};
use crate::{error::StoreError, pool::Connection, tenancy::PgApiKeys, tenancy::role_of};

#[derive(QueryableByName)]
struct NextDue {
    #[diesel(sql_type = Nullable<Double>)]
    ms: Option<f64>,
}

#[derive(QueryableByName)]
struct Failures {
    #[diesel(sql_type = Integer)]
    failures: i32,
}

pub(super) async fn claim(c: &mut Connection, limit: usize) -> Result<Vec<Claim>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<ClaimRow> = sql_query(
        "UPDATE imports SET epoch = epoch + 1, next_step_at = clock_timestamp() + make_interval(secs => $2),
            state = CASE WHEN dry_run THEN 'validating' ELSE 'running' END
        WHERE id IN (SELECT id FROM imports WHERE next_step_at <= clock_timestamp() ORDER BY next_step_at
            LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING id, epoch",
    )
    .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
    .bind::<Double, _>(LEASE.as_secs_f64())
    .load(c)
    .await?;
    Ok(rows.into_iter().map(Claim::from).collect())
}

pub(super) async fn next_due(c: &mut Connection) -> Result<Option<Duration>, StoreError> {
    use diesel_async::RunQueryDsl;
    let next: NextDue = sql_query(
        "SELECT (extract(epoch FROM min(next_step_at) - clock_timestamp()) * 1000)::float8 AS ms FROM imports
        WHERE next_step_at IS NOT NULL",
    )
    .get_result(c)
    .await?;
    Ok(next.ms.map(|ms| Duration::from_secs_f64((ms / 1e3).max(0.0))))
}

/// The claimed import and the last row that was dealt with.
async fn held(c: &mut Connection, claim: Claim) -> Result<(Import, i32), Stop> {
    use diesel_async::RunQueryDsl;
    let statement =
        format!("SELECT {COLUMNS} FROM imports WHERE id = $1 AND epoch = $2 AND next_step_at IS NOT NULL");
    let rows: Vec<ImportRow> = sql_query(statement)
        .bind::<SqlUuid, _>(claim.import.uuid())
        .bind::<BigInt, _>(claim.epoch)
        .load(c)
        .await?;
    let row = rows.into_iter().next().ok_or(ImportError::Lost)?;
    let last = row.last_row;
    Ok((row.try_into()?, last))
}

pub(super) async fn batch(
    c: &mut Connection,
    claim: Claim,
    limit: u16,
    now: DateTime<Utc>,
) -> Result<Batch, Stop> {
    use diesel_async::RunQueryDsl;
    let (import, last) = held(c, claim).await?;
    let rows: Vec<WaitingRow> = sql_query(
        "SELECT number, cells FROM import_rows WHERE import_id = $1 AND number > $2 AND state = 'waiting'
        ORDER BY number LIMIT $3",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<Integer, _>(last)
    .bind::<SmallInt, _>(i16::try_from(limit).unwrap_or(i16::MAX))
    .load(c)
    .await?;
    let rows = rows.into_iter().map(RawRow::try_from).collect::<Result<Vec<_>, _>>()?;
    let known = known(c, &import, &rows).await?;
    let channels: Vec<ChannelRow> = sql_query(
        "SELECT id, platform, name, username FROM channels WHERE organization_id = $1 AND workspace_id = $2",
    )
    .bind::<SqlUuid, _>(import.organization.uuid())
    .bind::<SqlUuid, _>(import.workspace.uuid())
    .load(c)
    .await?;
    let channels = channels.into_iter().map(NamedChannel::try_from).collect::<Result<_, _>>()?;
    let caller = caller(c, &import, now).await?;
    Ok(Batch { import, caller, rows, known, channels })
}

/// Which keys are not free. A post has its id for a key: what was exported is not made again.
async fn known(
    c: &mut Connection,
    import: &Import,
    rows: &[RawRow],
) -> Result<BTreeMap<String, Known>, StoreError> {
    use diesel_async::RunQueryDsl;
    let keys: Vec<&str> = rows.iter().map(|row| row.cells.key.as_str()).collect();
    let id = |key: &&str| key.parse::<PostId>().ok().map(|post| post.uuid());
    let ids: Vec<Option<Uuid>> = keys.iter().map(id).collect();
    let known: Vec<KnownRow> = sql_query(
        "SELECT asked.key, o.id AS post_id, NULL AS number FROM unnest($2, $6) AS asked (key, id)
            JOIN posts o ON o.id = asked.id AND o.organization_id = $5 AND o.workspace_id = $1
        UNION ALL
        SELECT asked.key, k.post_id, CASE WHEN k.import_id = $3 THEN k.number END FROM unnest($2) AS asked (key)
            JOIN import_keys k ON k.workspace_id = $1 AND k.digest = sha256(convert_to(asked.key, 'UTF8'))
        UNION ALL
        SELECT r.key, NULL, r.number FROM unnest($2) AS asked (key)
            JOIN import_rows r ON r.import_id = $3 AND r.state = 'valid' AND md5(r.key) = md5(asked.key) AND r.key = asked.key
        WHERE $4",
    )
    .bind::<SqlUuid, _>(import.workspace.uuid())
    .bind::<Array<Text>, _>(keys)
    .bind::<SqlUuid, _>(import.id.uuid())
    .bind::<Bool, _>(import.dry_run)
    .bind::<SqlUuid, _>(import.organization.uuid())
    .bind::<Array<Nullable<SqlUuid>>, _>(ids)
    .load(c)
    .await?;
    let mut all = BTreeMap::new();
    for row in known {
        if let Some(known) = row.known() {
            all.entry(row.key).or_insert(known);
        }
    }
    Ok(all)
}

/// Whoever made the import, with what they may do now. A session may have ended since: the person is still a member. A key that was
/// revoked, or whose grantor left, is nobody.
async fn caller(
    c: &mut Connection,
    import: &Import,
    now: DateTime<Utc>,
) -> Result<Option<Caller>, StoreError> {
    if let Some(key) = import.author.api_key {
        let found = PgApiKeys::by_id(c, import.organization, key).await?;
        return Ok(found
            .filter(|found| found.key.is_live(now))
            .map(|found| Authenticated::from(found).caller));
    }
    let (Some(session), Some(role)) =
        (import.session, role_of(c, import.organization, import.author.person).await?)
    else {
        return Ok(None);
    };
    Ok(Some(Caller {
        organization: import.organization,
        reach: Reach::All,
        scopes: role.scopes(),
        actor: Actor::Member { person: import.author.person, session, role },
    }))
}

/// Forgets what stands in the rows nobody came to.
pub(super) async fn forget(c: &mut Connection, import: ImportId) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query("UPDATE import_rows SET cells = NULL WHERE import_id = $1 AND state = 'waiting'")
        .bind::<SqlUuid, _>(import.uuid())
        .execute(c)
        .await?;
    Ok(())
}

pub(super) async fn end(c: &mut Connection, claim: Claim, reason: Option<StopReason>) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    let ended = sql_query(
        "UPDATE imports SET state = CASE WHEN $3 IS NULL THEN 'done' ELSE 'failed' END, reason = $3, ended_at = now(),
            next_step_at = NULL, epoch = epoch + 1 WHERE id = $1 AND epoch = $2 AND next_step_at IS NOT NULL",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<BigInt, _>(claim.epoch)
    .bind::<Nullable<Text>, _>(reason.map(StopReason::as_str))
    .execute(c)
    .await?;
    if ended == 0 {
        return Err(ImportError::Lost.into());
    }
    Ok(forget(c, claim.import).await?)
}

pub(super) async fn give_back(c: &mut Connection, claim: Claim) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "UPDATE imports SET next_step_at = clock_timestamp(), epoch = epoch + 1
        WHERE id = $1 AND epoch = $2 AND next_step_at IS NOT NULL",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<BigInt, _>(claim.epoch)
    .execute(c)
    .await?;
    Ok(())
}

pub(super) async fn set_back(c: &mut Connection, claim: Claim) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    let failures: Option<Failures> = sql_query(
        "UPDATE imports SET failures = failures + 1,
            next_step_at = clock_timestamp() + make_interval(secs => $3 * power(2, failures))
        WHERE id = $1 AND epoch = $2 AND next_step_at IS NOT NULL RETURNING failures",
    )
    .bind::<SqlUuid, _>(claim.import.uuid())
    .bind::<BigInt, _>(claim.epoch)
    .bind::<Double, _>(LEASE.as_secs_f64())
    .get_result(c)
    .await
    .optional()?;
    match failures.ok_or(ImportError::Lost)?.failures {
        failures if failures >= MOST_FAILURES.into() => end(c, claim, Some(StopReason::InternalError)).await,
        _ => Ok(()),
    }
}

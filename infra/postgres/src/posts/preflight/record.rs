//! Keeping what was found, and telling of it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Jsonb, SmallInt, Text, Uuid as SqlUuid},
};
use publishing::preflight::{Change, Look, Stage, Warning, renew};
use uuid::Uuid;

use super::warnings;
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = BigInt)]
    plan_epoch: i64,
}

#[derive(QueryableByName)]
struct KnownRow {
    #[diesel(sql_type = SqlUuid)]
    publication_id: Uuid,
    #[diesel(sql_type = Jsonb)]
    warnings: serde_json::Value,
}

const fn number(stage: Stage) -> i16 {
    match stage {
        Stage::Early => 1,
        Stage::Late => 2,
    }
}

/// One look at a time writes, so that nobody is told twice: "look" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1819242347)";

/// Those of the publications that still wait; whoever is just writing one of them is not waited for, and looks at it anew anyway.
const WAITING: &str =
    "SELECT id, organization_id, plan_epoch FROM publications WHERE id = ANY ($1) AND state = 'scheduled'
    ORDER BY id FOR KEY SHARE SKIP LOCKED";

const KEEP: &str = "
INSERT INTO preflights (publication_id, organization_id, plan_epoch, stage, warnings)
SELECT * FROM unnest($1, $2, $3, $4, $5)
ON CONFLICT (publication_id) DO UPDATE SET plan_epoch = excluded.plan_epoch, stage = excluded.stage, warnings = excluded.warnings,
    checked_at = now()";

/// What is to be written of looks, as columns.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    organizations: Vec<Uuid>,
    epochs: Vec<i64>,
    stages: Vec<i16>,
    warnings: Vec<serde_json::Value>,
    told: Vec<(Uuid, Uuid, &'static str)>,
}

impl Columns {
    fn push(
        &mut self,
        row: &WaitingRow,
        look: &Look,
        known: &[Warning],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (warnings, change) = renew(known, &look.findings, now);
        self.ids.push(row.id);
        self.organizations.push(row.organization_id);
        self.epochs.push(look.plan_epoch);
        self.stages.push(number(look.stage));
        self.warnings.push(serde_json::to_value(warnings).map_err(|_| StoreError::corrupt("warnings"))?);
        let kind = match change {
            Some(Change::AtRisk) => "publication.at_risk",
            Some(Change::Cleared) => "publication.risk_cleared",
            None => return Ok(()),
        };
        self.told.push((row.organization_id, row.id, kind));
        Ok(())
    }
}

async fn known(c: &mut Connection, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Warning>>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<KnownRow> =
        prepared("SELECT publication_id, warnings FROM preflights WHERE publication_id = ANY ($1)")
            .bind::<Array<SqlUuid>, _>(ids)
            .load(c)
            .await?;
    let read = |row: KnownRow| Ok((row.publication_id, warnings(row.warnings)?));
    rows.into_iter().map(read).collect()
}

/// Keeps what was found; says how many were kept.
pub(super) async fn record(
    c: &mut Connection,
    looks: &[Look],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(LOCK).execute(c).await?;
    let ids: Vec<Uuid> = looks.iter().map(|look| look.publication.uuid()).collect();
    let waiting: Vec<WaitingRow> = prepared(WAITING).bind::<Array<SqlUuid>, _>(&ids).load(c).await?;
    let known = known(c, &ids).await?;
    let mut columns = Columns::default();
    for row in &waiting {
        let look = looks.iter().find(|look| look.publication.uuid() == row.id);
        if let Some(look) = look.filter(|look| look.plan_epoch == row.plan_epoch) {
            columns.push(row, look, known.get(&row.id).map_or(&[], Vec::as_slice), now)?;
        }
    }
    let kept = prepared(KEEP)
        .bind::<Array<SqlUuid>, _>(&columns.ids)
        .bind::<Array<SqlUuid>, _>(&columns.organizations)
        .bind::<Array<BigInt>, _>(&columns.epochs)
        .bind::<Array<SmallInt>, _>(&columns.stages)
        .bind::<Array<Jsonb>, _>(&columns.warnings)
        .execute(c)
        .await?;
    tell(c, &columns.told).await?;
    Ok(kept as u64)
}

async fn tell(c: &mut Connection, told: &[(Uuid, Uuid, &'static str)]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    if told.is_empty() {
        return Ok(());
    }
    prepared("INSERT INTO events (organization_id, kind, subject_id) SELECT * FROM unnest($1, $2, $3)")
        .bind::<Array<SqlUuid>, _>(told.iter().map(|one| one.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(told.iter().map(|one| one.2).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(told.iter().map(|one| one.1).collect::<Vec<_>>())
        .execute(c)
        .await?;
    Ok(())
}

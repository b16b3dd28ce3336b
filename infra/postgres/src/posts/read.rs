//! Reading posts and publications, always within the caller's organization and workspaces.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{PostId, PublicationId},
    post::{
        PostError, PostView,
        store::{PostFilter, PublicationFilter},
    },
    publication::{Attempt, Publication},
    refusal::PlatformCode,
};
use tenancy::{Caller, Reach};
use uuid::Uuid;

use super::{
    Stop,
    row::{self, PostRow, TargetRow},
    within::due_within,
};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
    publications::row::{COLUMNS as PUBLICATION, PublicationRow},
};

/// How many posts a filtered listing reads at most before it answers with what it has found.
const MAX_SCANNED: usize = 5_000;

/// The workspaces a caller reaches: `None` for all of the organization.
pub(crate) fn reach(caller: &Caller) -> Option<Vec<Uuid>> {
    match &caller.reach {
        Reach::All => None,
        Reach::Only(workspaces) => Some(workspaces.iter().map(tenancy::WorkspaceId::uuid).collect()),
    }
}

pub(super) async fn get(c: &mut Connection, caller: &Caller, id: PostId) -> Result<PostView, Stop> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {} FROM posts o WHERE o.id = $1 AND o.organization_id = $2 AND ($3 IS NULL OR o.workspace_id = ANY ($3))",
        row::COLUMNS
    );
    let rows: Vec<PostRow> = prepared(statement)
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .load(c)
        .await?;
    views(c, rows).await?.pop().ok_or(PostError::NotFound.into())
}

/// Those of the posts that the caller reaches.
pub(super) async fn get_all(
    c: &mut Connection,
    caller: &Caller,
    ids: &[PostId],
) -> Result<Vec<PostView>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {} FROM posts o WHERE o.id = ANY ($1) AND o.organization_id = $2 AND ($3 IS NULL OR o.workspace_id = ANY ($3))",
        row::COLUMNS
    );
    let rows: Vec<PostRow> = prepared(statement)
        .bind::<Array<SqlUuid>, _>(ids.iter().map(PostId::uuid).collect::<Vec<_>>())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .load(c)
        .await?;
    views(c, rows).await
}

/// Completes post rows to views, keeping their order.
pub(super) async fn views(c: &mut Connection, rows: Vec<PostRow>) -> Result<Vec<PostView>, StoreError> {
    use diesel_async::RunQueryDsl;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let targets: Vec<TargetRow> = prepared(
        "SELECT post_id, channel_id, caption, changes_link, link, media, timing, local_time, time_zone, due_at FROM post_targets
        WHERE post_id = ANY ($1) ORDER BY place",
    )
    .bind::<Array<SqlUuid>, _>(&ids)
    .load(c)
    .await?;
    let statement = format!(
        "SELECT {PUBLICATION} FROM publications p WHERE p.post_id = ANY ($1) ORDER BY p.created_at, p.id"
    );
    let publications: Vec<PublicationRow> =
        prepared(statement).bind::<Array<SqlUuid>, _>(&ids).load(c).await?;
    let publications = publications.into_iter().map(Publication::try_from).collect::<Result<Vec<_>, _>>()?;
    let view = |row: PostRow| {
        let post = row.with_targets(&targets)?;
        let mut publications: Vec<_> = publications.iter().filter(|p| p.post == post.id).cloned().collect();
        // Those of targets that are gone come last.
        let place = |p: &Publication| post.targets.iter().position(|t| t.channel == p.channel);
        publications.sort_by_key(|p| place(p).unwrap_or(usize::MAX));
        Ok(PostView { post, publications })
    };
    rows.into_iter().map(view).collect()
}

/// Posts, newest first. The status is derived, so a filter by it reads on until enough match.
pub(super) async fn list(
    c: &mut Connection,
    caller: &Caller,
    filter: &PostFilter,
) -> Result<Vec<PostView>, StoreError> {
    let (mut found, mut after, mut scanned) = (Vec::new(), filter.after, 0);
    loop {
        let rows = page(c, caller, filter, after).await?;
        let last = rows.last().map(|r| PostId::from_uuid(r.id));
        let complete = rows.len() < filter.limit;
        scanned += rows.len();
        let matching = |view: &PostView| filter.status.is_none_or(|status| view.status() == status);
        found.extend(views(c, rows).await?.into_iter().filter(matching));
        found.truncate(filter.limit);
        if complete || found.len() == filter.limit || scanned >= MAX_SCANNED {
            return Ok(found);
        }
        after = last;
    }
}

async fn page(
    c: &mut Connection,
    caller: &Caller,
    filter: &PostFilter,
    after: Option<PostId>,
) -> Result<Vec<PostRow>, StoreError> {
    use diesel_async::RunQueryDsl;
    let base = "o.organization_id = $1 AND ($2 IS NULL OR o.workspace_id = ANY ($2)) AND ($3 IS NULL OR o.workspace_id = $3)
        AND ($7 IS NULL OR o.id < $7)";
    let of_channel = "($6 IS NULL OR EXISTS (SELECT FROM post_targets t WHERE t.post_id = o.id AND t.channel_id = ANY ($6)))";
    let statement = if filter.due_from.is_some() || filter.due_before.is_some() {
        let entries = "e.workspace_id IN (SELECT w.id FROM workspaces w WHERE w.organization_id = $1 AND ($2 IS NULL OR w.id = ANY ($2))
            AND ($3 IS NULL OR w.id = $3))";
        let picked = due_within(base, entries, "DESC", "$8");
        format!("SELECT {} FROM posts o WHERE o.id IN ({picked}) ORDER BY o.id DESC", row::COLUMNS)
    } else {
        let columns = row::COLUMNS;
        format!("SELECT {columns} FROM posts o WHERE {base} AND {of_channel} ORDER BY o.id DESC LIMIT $8")
    };
    // Not kept prepared: which index is right depends on which filters there are.
    Ok(sql_query(statement)
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .bind::<Nullable<SqlUuid>, _>(filter.workspace.map(|w| w.uuid()))
        .bind::<Nullable<Timestamptz>, _>(filter.due_from)
        .bind::<Nullable<Timestamptz>, _>(filter.due_before)
        .bind::<Nullable<Array<SqlUuid>>, _>(filter.channel.map(|ch| vec![ch.uuid()]))
        .bind::<Nullable<SqlUuid>, _>(after.map(|a| a.uuid()))
        .bind::<BigInt, _>(i64::try_from(filter.limit).unwrap_or(i64::MAX))
        .load(c)
        .await?)
}

pub(super) async fn publication(
    c: &mut Connection,
    caller: &Caller,
    id: PublicationId,
) -> Result<Publication, Stop> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT {PUBLICATION} FROM publications p WHERE p.id = $1 AND p.organization_id = $2
        AND ($3 IS NULL OR p.workspace_id = ANY ($3))"
    );
    let rows: Vec<PublicationRow> = prepared(statement)
        .bind::<SqlUuid, _>(id.uuid())
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .load(c)
        .await?;
    let row = rows.into_iter().next().ok_or(PostError::NotFound)?;
    Ok(Publication::try_from(row)?)
}

/// The condition on publications `p` that are (not) at risk. Few are, so those are found by themselves.
const fn at_risk(wanted: Option<bool>) -> &'static str {
    match wanted {
        None => "true",
        Some(true) => {
            "p.state IN ('scheduled', 'preparing', 'ready') AND (p.id, p.plan_epoch) IN
            (SELECT f.publication_id, f.plan_epoch FROM preflights f WHERE f.organization_id = $1 AND f.warnings <> '[]')"
        }
        Some(false) => {
            "NOT (p.state IN ('scheduled', 'preparing', 'ready') AND EXISTS (SELECT FROM preflights f
            WHERE f.publication_id = p.id AND f.warnings <> '[]' AND f.plan_epoch = p.plan_epoch))"
        }
    }
}

pub(super) async fn publications(
    c: &mut Connection,
    caller: &Caller,
    filter: &PublicationFilter,
) -> Result<Vec<Publication>, StoreError> {
    use diesel_async::RunQueryDsl;
    let at_risk = at_risk(filter.at_risk);
    let statement = format!(
        "SELECT {PUBLICATION} FROM calendar_entries e JOIN publications p ON p.id = e.publication_id
        WHERE e.organization_id = $1 AND ($2 IS NULL OR e.workspace_id = ANY ($2))
        AND ($3 IS NULL OR e.workspace_id = $3) AND ($4 IS NULL OR p.post_id = $4) AND ($5 IS NULL OR e.channel_id = $5)
        AND ($6 IS NULL OR p.state = $6) AND ($7 IS NULL OR p.needs_person = $7) AND {at_risk}
        AND ($8 IS NULL OR e.publication_id < $8) ORDER BY e.publication_id DESC LIMIT $9"
    );
    // Not kept prepared: which index is right depends on which filters there are.
    let rows: Vec<PublicationRow> = sql_query(statement)
        .bind::<SqlUuid, _>(caller.organization.uuid())
        .bind::<Nullable<Array<SqlUuid>>, _>(reach(caller))
        .bind::<Nullable<SqlUuid>, _>(filter.workspace.map(|w| w.uuid()))
        .bind::<Nullable<SqlUuid>, _>(filter.post.map(|p| p.uuid()))
        .bind::<Nullable<SqlUuid>, _>(filter.channel.map(|ch| ch.uuid()))
        .bind::<Nullable<Text>, _>(filter.state.map(publishing::publication::State::as_str))
        .bind::<Nullable<Bool>, _>(filter.needs_person)
        .bind::<Nullable<SqlUuid>, _>(filter.after.map(|a| a.uuid()))
        .bind::<BigInt, _>(i64::try_from(filter.limit).unwrap_or(i64::MAX))
        .load(c)
        .await?;
    rows.into_iter().map(Publication::try_from).collect()
}

#[derive(QueryableByName)]
struct AttemptRow {
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    step: String,
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    status: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    code: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    subcode: Option<i64>,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = StoreError;

    fn try_from(row: AttemptRow) -> Result<Self, StoreError> {
        let status = row.status.and_then(|s| u16::try_from(s).ok());
        Ok(Self {
            at: row.created_at,
            step: row.step.parse().map_err(|_| StoreError::corrupt("attempts.step"))?,
            verdict: row.verdict.parse().map_err(|_| StoreError::corrupt("attempts.verdict"))?,
            reason: row.reason.and_then(|r| r.parse().ok()),
            code: PlatformCode { status, code: row.code, subcode: row.subcode },
        })
    }
}

/// The newest attempts of a publication, oldest first.
pub(super) async fn attempts(
    c: &mut Connection,
    caller: &Caller,
    id: PublicationId,
) -> Result<Vec<Attempt>, Stop> {
    use diesel_async::RunQueryDsl;
    publication(c, caller, id).await?;
    let rows: Vec<AttemptRow> = prepared(
        "SELECT * FROM (SELECT id, created_at, step, verdict, reason, status, code, subcode FROM attempts
        WHERE publication_id = $1 ORDER BY id DESC LIMIT 200) newest ORDER BY id",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .load(c)
    .await?;
    Ok(rows.into_iter().map(Attempt::try_from).collect::<Result<_, _>>()?)
}

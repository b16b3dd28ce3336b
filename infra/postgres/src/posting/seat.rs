//! Writing down who sits where.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use publishing::{id::PostId, timing::Timing};
use scheduling::queue::{Flow, Waiting};
use uuid::Uuid;

use super::line::{Line, begins};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
    publications,
};

/// Plans publications anew for their slots, with the content as it was approved: a new epoch shuts out whoever still works on the
/// old plan. What moves goes out as late after its time as before. The rows are locked by whoever decided.
const MOVE: &str = "UPDATE publications p SET state = 'scheduled', reason = NULL, worker = NULL, failures = 0, looks = 0,
        due_at = x.due_at, deadline_at = x.due_at + (p.deadline_at - p.due_at), next_step_at = x.next_step_at,
        handles = '{}', permitted_at = NULL, first_permitted_at = NULL, epoch = p.epoch + 1, plan_epoch = p.epoch + 1,
        updated_at = now()
    FROM unnest($1, $2, $3) AS x (id, due_at, next_step_at) WHERE p.id = x.id";

/// A post is due when the first of its channels is; where nothing is planned any more, when it would be by the times that are left.
const DUE: &str =
    "WITH held AS MATERIALIZED (SELECT id FROM posts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
    UPDATE posts o SET updated_at = now(), due_at = coalesce((SELECT min(p.due_at) FROM publications p
        WHERE p.post_id = o.id AND p.state <> 'cancelled'),
        (SELECT min(CASE t.timing WHEN 'post' THEN o.own_due_at WHEN 'own' THEN t.due_at END) FROM post_targets t
        WHERE t.post_id = o.id), o.own_due_at)
    FROM held WHERE o.id = held.id";

/// Plans those of a line for their slots. In a paused queue they have no next step. When their posts are due is worked out by
/// [`due_with_the_first`], once for all lines of a transaction: posts are locked in the order of ids.
pub(crate) async fn write(
    c: &mut Connection,
    line: &Line,
    moved: &[Waiting<PostId>],
    timing: &Timing,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    if moved.is_empty() {
        return Ok(());
    }
    let step = |entry: &Waiting<PostId>, lead| {
        Some(begins(entry.at, lead, line.now)).filter(|_| line.queue.flow() == Flow::Running)
    };
    let rows = moved.iter().filter_map(|entry| {
        let (publication, format) = line.publication(entry.post)?;
        Some((publication.uuid(), (entry.at, step(entry, timing.lead(format)))))
    });
    let (ids, times): (Vec<Uuid>, Vec<_>) = rows.unzip();
    let (due, next): (Vec<DateTime<Utc>>, Vec<Option<DateTime<Utc>>>) = times.into_iter().unzip();
    prepared(MOVE)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Timestamptz>, _>(due)
        .bind::<Array<Nullable<Timestamptz>>, _>(next)
        .execute(c)
        .await?;
    publications::wake(c).await
}

/// Works out anew when posts are due.
pub(crate) async fn due_with_the_first(c: &mut Connection, posts: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    if posts.is_empty() {
        return Ok(());
    }
    prepared(DUE).bind::<Array<SqlUuid>, _>(posts).execute(c).await?;
    Ok(())
}

/// Tells of posts that were moved by what somebody did to others, or to the schedule. Their versions stay: they count what the team
/// writes, and many posts that are changed in one request may move each other.
pub(crate) async fn tell(c: &mut Connection, posts: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    if posts.is_empty() {
        return Ok(());
    }
    prepared(
        "INSERT INTO events (organization_id, kind, subject_id)
        SELECT o.organization_id, 'post.moved', o.id FROM posts o WHERE o.id = ANY ($1)",
    )
    .bind::<Array<SqlUuid>, _>(posts)
    .execute(c)
    .await?;
    Ok(())
}

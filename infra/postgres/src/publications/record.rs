//! Writing outcomes: one statement for many, fenced, with their log lines and events.

use std::time::Duration;

use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use publishing::{
    id::PublicationId,
    queue::{Next, Outcome},
};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// The fence: what was claimed by another since is not written. One thing passes: the platform's own word that this plan is public,
/// with its id. It is true whoever claimed the row meanwhile and however it ended, and worth more than anything a look could find.
const FENCE: &str = if cfg!(feature = "without-fence") {
    ""
} else {
    "AND (p.epoch = x.epoch OR (x.next = 'published' AND x.epoch > p.plan_epoch AND p.platform_post_id IS NULL))"
};

/// What follows from what was written, in the same transaction: a line of the log, an event, and workers that wake.
const FOLLOWS: &str = ", logged AS (
    INSERT INTO attempts (organization_id, publication_id, epoch, step, verdict, reason, status, code, subcode)
    SELECT organization_id, id, epoch, step, verdict, reason, status, code, subcode FROM done WHERE step IS NOT NULL
), told AS (
    INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, event, id FROM done WHERE event IS NOT NULL
)
SELECT id, CASE WHEN next IN ('ready', 'send_again', 'scheduled', 'unconfirmed') THEN pg_notify('postern_publications', '') END
FROM done";

/// Which states take an outcome, and what those return.
const HOLDS: &str = "
        AND CASE WHEN x.next = 'follow_up' THEN p.state = 'published'
            WHEN x.next = 'published' THEN p.state <> 'published'
            ELSE p.state IN ('preparing', 'ready', 'publishing', 'unconfirmed') END
        AND CASE WHEN p.worker IS NOT NULL OR x.next = 'published' THEN true
            ELSE p.needs_person AND x.next IN ('published', 'failed', 'missed', 'scheduled', 'send_again') END
    RETURNING p.id, p.organization_id, x.epoch, x.next, x.step, x.verdict, x.reason, x.status, x.code, x.subcode,
        CASE WHEN p.state = 'cancelled' THEN 'publication.cancelled' ELSE x.event END AS event";

/// How long after the beginning of the permit lead a row `q` is permitted: spread over the first nine tenths of it, in proportion to
/// how much of a batch of five hundred belongs to the same organization. So somebody's single post is permitted before another's
/// bulk.
const SPREAD: &str =
    "least((row_number() OVER (PARTITION BY q.organization_id, o.next = 'ready' ORDER BY q.due_at, o.id) - 1)
        / 500.0, 1) * 0.9 * $16";

/// Where the organization and the due time come from that spreading takes.
const ORIGIN: &str =
    ", LATERAL (SELECT q.organization_id, q.due_at FROM publications q WHERE q.id = o.id LIMIT 1) q";

/// Parameters `$1` to `$15` are columns of equal length; `$16` is the permit lead in milliseconds.
///
/// A claim holds once: what is written a second time, because the first answer of the database got lost, changes nothing. A
/// publication whose channel was disconnected during the call waits for a person and still takes what is certain: that it is
/// public, or that it is not. In the second case it ends there, because nobody may send it without a new decision. So does one
/// whose post was cancelled while a call was under way.
///
/// What is published without its permalink stays with whoever claimed it, until another does.
///
/// What becomes ready is spread, see [`SPREAD`], in batches of at most five hundred. Only batches with something to spread look up
/// what that takes.
///
/// The conditions on the state are written so that they need the outcome too. By themselves they look very selective whenever
/// the statistics were made at a quiet time, and the database would read the whole table for a handful of rows. Rows are locked in the
/// order of their ids, as by everybody who locks several.
fn statement(spreads: bool) -> String {
    let (spread, look_up) = if spreads { (SPREAD, ORIGIN) } else { ("0::float8", "") };
    format!(
        "WITH x AS MATERIALIZED (
    SELECT o.*, {spread} AS spread
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS o
        (id, epoch, next, delay, start_over, handles, platform_post_id, permalink, step, verdict, reason, status, code, subcode,
         event){look_up}
    ORDER BY o.id
), done AS (
    UPDATE publications p SET
        state = CASE WHEN (p.needs_person OR p.taken_back) AND x.next IN ('scheduled', 'send_again') THEN 'cancelled'
            WHEN x.next = 'undecided' THEN 'unconfirmed' WHEN x.next = 'send_again' THEN 'ready'
            WHEN x.next = 'follow_up' THEN 'published' ELSE x.next END,
        next_step_at = CASE
            WHEN p.needs_person AND x.next <> 'published' THEN NULL
            WHEN p.taken_back AND x.next IN ('scheduled', 'send_again') THEN NULL
            WHEN x.next = 'ready' THEN greatest(now(), p.due_at - ($16 - x.spread) * interval '1 millisecond')
            WHEN x.next = 'send_again' THEN greatest(now(), p.due_at - $16 * interval '1 millisecond')
            ELSE now() + x.delay * interval '1 millisecond' END,
        reason = CASE WHEN x.next = 'published' THEN NULL
            WHEN p.needs_person AND x.next IN ('scheduled', 'send_again') THEN p.reason
            WHEN p.taken_back AND x.next IN ('scheduled', 'send_again') THEN 'by_caller' ELSE coalesce(x.reason, p.reason) END,
        needs_person = x.next = 'undecided',
        failures = CASE WHEN x.next = 'published' THEN 0
            ELSE p.failures + (x.reason IS NOT NULL OR x.next = 'follow_up')::int END,
        handles = CASE WHEN x.start_over THEN '{{}}' ELSE coalesce(x.handles, p.handles) END,
        platform_post_id = coalesce(x.platform_post_id, p.platform_post_id), permalink = coalesce(x.permalink, p.permalink),
        published_at = CASE WHEN x.next = 'published' THEN now() ELSE p.published_at END,
        worker = CASE WHEN x.next = 'published' AND x.permalink IS NULL THEN p.worker END, updated_at = now()
    FROM x WHERE p.id = x.id {FENCE} {HOLDS}
){FOLLOWS}"
    )
}

#[derive(diesel::QueryableByName)]
struct Done {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Outcomes as columns.
#[derive(Default)]
struct Columns {
    id: Vec<Uuid>,
    epoch: Vec<i64>,
    next: Vec<&'static str>,
    delay: Vec<Option<f64>>,
    start_over: Vec<bool>,
    handles: Vec<Option<serde_json::Value>>,
    platform_post_id: Vec<Option<String>>,
    permalink: Vec<Option<String>>,
    step: Vec<Option<&'static str>>,
    verdict: Vec<Option<&'static str>>,
    reason: Vec<Option<&'static str>>,
    status: Vec<Option<i32>>,
    code: Vec<Option<i64>>,
    subcode: Vec<Option<i64>>,
    event: Vec<Option<&'static str>>,
}

/// The word, the pause in milliseconds and the event of a destination.
fn destination(next: &Next) -> (&'static str, Option<f64>, Option<&'static str>) {
    let ms = |pause: &Duration| Some(pause.as_secs_f64() * 1e3);
    match next {
        Next::Ready => ("ready", None, None),
        Next::SendAgain => ("send_again", None, None),
        Next::Scheduled { after, .. } => ("scheduled", ms(after), None),
        Next::Published { permalink: Some(_), .. } => ("published", None, Some("publication.published")),
        Next::Published { ask_after, .. } => ("published", ms(ask_after), Some("publication.published")),
        Next::Failed => ("failed", None, Some("publication.failed")),
        Next::Missed => ("missed", None, Some("publication.missed")),
        Next::Unconfirmed { look_after } => ("unconfirmed", ms(look_after), None),
        Next::Undecided => ("undecided", None, Some("publication.needs_person")),
        Next::FollowUp { after, .. } => ("follow_up", after.as_ref().and_then(ms), None),
    }
}

impl Columns {
    fn push(&mut self, outcome: &Outcome) {
        let (next, delay, event) = destination(&outcome.next);
        let (platform_post_id, permalink) = match &outcome.next {
            Next::Published { id, permalink, .. } => (Some(id.clone()), permalink.as_ref()),
            Next::FollowUp { permalink, .. } => (None, permalink.as_ref()),
            _ => (None, None),
        };
        let entry = outcome.entry.as_ref();
        self.id.push(outcome.claim.publication.uuid());
        self.epoch.push(outcome.claim.epoch);
        self.next.push(next);
        self.delay.push(delay);
        self.start_over.push(matches!(outcome.next, Next::Scheduled { start_over: true, .. }));
        self.handles.push(outcome.handles.as_ref().and_then(|h| serde_json::to_value(h).ok()));
        self.platform_post_id.push(platform_post_id);
        self.permalink.push(permalink.map(ToString::to_string));
        self.step.push(entry.map(|e| e.step.as_str()));
        self.verdict.push(entry.map(|e| e.verdict.as_str()));
        self.reason.push(entry.and_then(|e| e.reason).map(publishing::refusal::Reason::as_str));
        self.status.push(entry.and_then(|e| e.code.status).map(i32::from));
        self.code.push(entry.and_then(|e| e.code.code));
        self.subcode.push(entry.and_then(|e| e.code.subcode));
        self.event.push(event);
    }
}

/// Writes the outcomes whose claims hold and says which they were.
pub(super) async fn record(
    connection: &mut Connection,
    outcomes: &[Outcome],
    permit_lead: Duration,
) -> Result<Vec<PublicationId>, StoreError> {
    use diesel_async::RunQueryDsl;
    let mut columns = Columns::default();
    for outcome in outcomes {
        columns.push(outcome);
    }
    let done: Vec<Done> = prepared(statement(columns.next.contains(&"ready")))
        .bind::<Array<SqlUuid>, _>(columns.id)
        .bind::<Array<BigInt>, _>(columns.epoch)
        .bind::<Array<Text>, _>(columns.next)
        .bind::<Array<Nullable<Double>>, _>(columns.delay)
        .bind::<Array<Bool>, _>(columns.start_over)
        .bind::<Array<Nullable<Jsonb>>, _>(columns.handles)
        .bind::<Array<Nullable<Text>>, _>(columns.platform_post_id)
        .bind::<Array<Nullable<Text>>, _>(columns.permalink)
        .bind::<Array<Nullable<Text>>, _>(columns.step)
        .bind::<Array<Nullable<Text>>, _>(columns.verdict)
        .bind::<Array<Nullable<Text>>, _>(columns.reason)
        .bind::<Array<Nullable<Integer>>, _>(columns.status)
        .bind::<Array<Nullable<BigInt>>, _>(columns.code)
        .bind::<Array<Nullable<BigInt>>, _>(columns.subcode)
        .bind::<Array<Nullable<Text>>, _>(columns.event)
        .bind::<Double, _>(permit_lead.as_secs_f64() * 1e3)
        .load(connection)
        .await?;
    Ok(done.into_iter().map(|d| PublicationId::from_uuid(d.id)).collect())
}

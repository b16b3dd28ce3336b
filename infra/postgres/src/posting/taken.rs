//! When a channel's other posts are: read as far ahead as the slots that are asked for, and not to the end of what is planned.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Timestamptz, Uuid as SqlUuid},
};
use publishing::id::PostId;
use scheduling::{posting::LONGEST_SPACING_MINUTES, queue::Queue, schedule::horizon};
use uuid::Uuid;

use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// How much further than needed is read first. Where all of that is taken it is doubled, so a full year takes few turns.
const WINDOW: TimeDelta = TimeDelta::days(14);

/// What a queue is read for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// Its slots are only exchanged or given up.
    Nothing,
    /// So many posts are added.
    Additions(usize),
    /// Everybody may need another slot.
    Settling,
}

/// What is planned at times of its own, and what a queue let go so lately that the spacing may count from it. Each part has an index.
/// The states are looked up one by one: a join may become one that reads the whole table of publications.
const TAKEN: &str = "SELECT e.due_at FROM calendar_entries e
    WHERE e.channel_id = $1 AND e.due_at >= $2 AND e.due_at < $3 AND NOT e.queued
    AND (SELECT p.state FROM publications p WHERE p.id = e.publication_id) NOT IN ('failed', 'missed', 'cancelled')
    UNION ALL
    SELECT p.due_at FROM publications p WHERE p.channel_id = $1 AND p.due_at >= $2 AND p.due_at < $3
    AND p.queued AND p.state IN ('publishing', 'unconfirmed', 'published')";

#[derive(QueryableByName)]
struct TakenRow {
    #[diesel(sql_type = Timestamptz)]
    due_at: DateTime<Utc>,
}

/// Tells a queue which instants are taken, as far as it needs to know.
pub(super) async fn tell(
    c: &mut Connection,
    channel: Uuid,
    queue: &mut Queue<PostId>,
    need: Need,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let count = match need {
        Need::Nothing => return Ok(()),
        Need::Additions(count) => count,
        Need::Settling => queue.waiting().len(),
    };
    let longest = TimeDelta::minutes(LONGEST_SPACING_MINUTES.into());
    let (mut known, end, mut window) = (now - longest, horizon(now) + longest, WINDOW);
    loop {
        let wanted = queue.known_until(count, now);
        if wanted < known || known >= end {
            return Ok(());
        }
        let until = (wanted + window).min(end);
        queue.learn(between(c, channel, known, until).await?);
        (known, window) = (until, window * 2);
    }
}

async fn between(
    c: &mut Connection,
    channel: Uuid,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<impl Iterator<Item = DateTime<Utc>>, StoreError> {
    use diesel_async::RunQueryDsl;
    let rows: Vec<TakenRow> = prepared(TAKEN)
        .bind::<SqlUuid, _>(channel)
        .bind::<Timestamptz, _>(from)
        .bind::<Timestamptz, _>(until)
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|row| row.due_at))
}

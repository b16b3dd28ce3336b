//! The statements that claim, and the row a claim comes back as.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bytea, Double, Integer, Nullable, Text, Uuid as SqlUuid},
};
use publishing::{
    content::ContentHash,
    id::{ChannelId, PublicationId},
    queue::{Claim, Claimed, Queue, SealedToken},
};
use tenancy::{
    OrganizationId,
    sealing::{KeyChain, Sealed, WrappedKey},
};
use uuid::Uuid;

use crate::error::StoreError;

/// Nothing is to be prepared: text and links. These wait for their permit as they were planned.
const TEXTS: &str = "q.state = 'scheduled' AND NOT (q.content ? 'pictures')";
const PICTURES: &str = "q.state = 'scheduled' AND q.content ? 'pictures'";

/// Where a queue claims from, as conditions on a row `q`. Each has an index that yields its rows in the order of their steps.
const fn sources(queue: Queue) -> &'static [&'static str] {
    match queue {
        Queue::Preparation => &[PICTURES, "q.state = 'preparing'"],
        Queue::Permit if cfg!(feature = "without-look") => {
            &["q.state = 'ready'", TEXTS, "q.state = 'publishing'"]
        }
        Queue::Permit => &["q.state = 'ready'", TEXTS],
        Queue::Look if cfg!(feature = "without-look") => &["q.state = 'unconfirmed'"],
        // A permit whose time has run out belongs to a worker that died or lost the database: look, never send.
        Queue::Look => &["q.state = 'unconfirmed'", "q.state = 'publishing'"],
        Queue::FollowUp => &["q.state = 'published'"],
    }
}

/// The state that a claim puts a row into.
pub(super) const fn claimed_state(queue: Queue) -> &'static str {
    match queue {
        Queue::Preparation => "preparing",
        Queue::Permit if cfg!(feature = "without-permit") => "ready",
        Queue::Permit => "publishing",
        Queue::Look => "unconfirmed",
        Queue::FollowUp => "published",
    }
}

/// The state of a row whose claim was not used.
pub(super) const fn given_back_state(queue: Queue) -> &'static str {
    match queue {
        Queue::Preparation => "scheduled",
        Queue::Permit => "ready",
        Queue::Look => "unconfirmed",
        Queue::FollowUp => "published",
    }
}

/// The rows of every source of a queue.
fn of_each_source(queue: Queue, select: impl Fn(&str) -> String) -> String {
    let each: Vec<_> =
        sources(queue).iter().map(|source| format!("SELECT * FROM ({}) s", select(source))).collect();
    each.join("\n        UNION ALL ")
}

/// When the next step of a queue is due, in milliseconds.
pub(super) fn next_due(queue: Queue) -> String {
    let soonest = of_each_source(queue, |source| {
        format!(
            "SELECT q.next_step_at AS at FROM publications q WHERE {source} AND q.next_step_at IS NOT NULL
            ORDER BY q.next_step_at LIMIT 1"
        )
    });
    format!(
        "SELECT (extract(epoch FROM min(d.at) - clock_timestamp()) * 1000)::float8 AS ms FROM ({soonest}) d"
    )
}

/// What is due in a queue, at most `$2` rows, and locked. Source by source, because the indexes then yield the rows in
/// order and no more of each are read than are taken, however many are due; what is locked and not taken is free again
/// when the statement ends. Four fifths are the ones that wait longest; if there are more than that, the rest are the ones that
/// came last. So whoever has one thing to publish does not wait behind somebody's hundred thousand, and those still go on in
/// order.
fn due(queue: Queue, columns: &str) -> String {
    let rows = |order: &str, limit: &str| {
        let each = of_each_source(queue, |source| {
            format!(
                "SELECT {columns}, q.next_step_at FROM publications q WHERE {source} AND q.next_step_at <= now()
            ORDER BY q.next_step_at {order} LIMIT {limit} FOR UPDATE SKIP LOCKED"
            )
        });
        format!("SELECT d.* FROM ({each}) d ORDER BY d.next_step_at {order} LIMIT {limit}")
    };
    let oldest = rows("ASC", "($2 * 4 + 4) / 5");
    let newest = rows(
        "DESC",
        "(SELECT CASE WHEN count(*) < ($2 * 4 + 4) / 5 THEN 0 ELSE $2 - count(*) END FROM oldest)",
    );
    format!(
        "WITH oldest AS ({oldest}\n), newest AS ({newest}\n), due AS (SELECT * FROM oldest UNION SELECT * FROM newest\n)"
    )
}

/// Claims what is due: state `$1` from now on, a new epoch, a lease of `$4` milliseconds for worker `$3`.
const CLAIM: &str = ", claimed AS (
    UPDATE publications p SET state = $1, epoch = p.epoch + 1, worker = $3, updated_at = now(),
        looks = p.looks + ($1 = 'unconfirmed')::int, next_step_at = now() + $4 * interval '1 millisecond'
    FROM due WHERE p.id = due.id RETURNING p.*
)";

/// The permit. Of the candidates it takes the first of each Page or account on which nothing is being published; the others wait
/// their turn a little, so that a long line in one place does not stand before everybody else. First is what is on time (within
/// [`scheduling::missed::PUNCTUAL_WITHIN`]), then what is late, each in the order in which it is due: a backlog goes out in between. What
/// is past its deadline is missed. The same parameters as above, `$1` being fixed: a caller that gets a row back may send
/// it, nobody else may.
const PERMIT: &str = ", ranked AS (
    SELECT c.id, row_number() OVER (PARTITION BY c.platform, c.remote_id
            ORDER BY c.due_at < now() - interval '5 seconds', c.due_at, c.id) AS place,
        EXISTS (SELECT FROM publications b
            WHERE b.platform = c.platform AND b.remote_id = c.remote_id AND b.state = 'publishing') AS busy
    FROM due c WHERE c.deadline_at >= now()
), missed AS (
    UPDATE publications p SET state = 'missed', next_step_at = NULL, epoch = p.epoch + 1, updated_at = now()
    FROM due c WHERE p.id = c.id AND c.deadline_at < now() RETURNING p.id, p.organization_id
), told AS (
    INSERT INTO events (organization_id, kind, subject_id) SELECT organization_id, 'publication.missed', id FROM missed
), waiting AS (
    UPDATE publications p SET next_step_at = now() + least(r.place, 20) * interval '250 milliseconds'
    FROM ranked r WHERE p.id = r.id AND (r.busy OR r.place > 1)
), claimed AS (
    UPDATE publications p SET state = $1, epoch = p.epoch + 1, worker = $3, updated_at = now(), permitted_at = now(),
        first_permitted_at = coalesce(p.first_permitted_at, now()), next_step_at = now() + $4 * interval '1 millisecond'
    FROM ranked r WHERE p.id = r.id AND r.place = 1 AND NOT r.busy RETURNING p.*
)";

/// What a step needs to know, beside the row itself. Only looks ask what else was published in the same place, by whichever
/// workspace; what somebody elsewhere declared published proves nothing here. Each of the two has its index, and both conditions
/// in one would read every publication there is. The subqueries keep the database from reading all channels for the few
/// that were claimed.
const LOAD: &str = "
SELECT p.id, p.epoch, p.organization_id, p.channel_id, p.platform, p.remote_id, p.content::text AS content, p.content_hash,
    p.handles::text AS handles, p.failures, p.looks, p.platform_post_id, t.sealed, t.data_key, t.data_wrapped,
    o.organization_key, o.ring_version, o.organization_wrapped,
    (extract(epoch FROM p.due_at - clock_timestamp()) * 1000)::float8 AS due_ms,
    (extract(epoch FROM p.deadline_at - clock_timestamp()) * 1000)::float8 AS deadline_ms,
    (extract(epoch FROM clock_timestamp() - p.permitted_at) * 1000)::float8 AS permitted_ms,
    (extract(epoch FROM clock_timestamp() - p.first_permitted_at) * 1000)::float8 AS first_permitted_ms,
    CASE WHEN p.state = 'unconfirmed' THEN ARRAY(
        SELECT b.platform_post_id FROM publications b WHERE b.platform = p.platform AND b.remote_id = p.remote_id
            AND b.platform_post_id IS NOT NULL AND NOT b.declared AND b.published_at > p.first_permitted_at - interval '1 day'
        UNION ALL
        SELECT b.platform_post_id FROM publications b WHERE b.organization_id = p.organization_id AND b.platform = p.platform
            AND b.remote_id = p.remote_id AND b.platform_post_id IS NOT NULL AND b.declared
            AND b.published_at > p.first_permitted_at - interval '1 day')
    END AS taken
FROM claimed p
LEFT JOIN LATERAL (
    SELECT t.sealed, k.id AS data_key, k.wrapped AS data_wrapped FROM channel_tokens t JOIN connection_keys k ON k.id = t.key_id
    WHERE t.channel_id = p.channel_id LIMIT 1) t ON true
LEFT JOIN LATERAL (
    SELECT k.id AS organization_key, k.ring_version, k.wrapped AS organization_wrapped FROM organization_keys k
    WHERE k.organization_id = p.organization_id LIMIT 1) o ON true";

/// The statement that claims from a queue.
pub(super) fn statement(queue: Queue) -> String {
    let (columns, claim) = match queue {
        Queue::Permit => ("q.id, q.platform, q.remote_id, q.due_at, q.deadline_at", PERMIT),
        Queue::Preparation | Queue::Look | Queue::FollowUp => ("q.id", CLAIM),
    };
    format!("{}{claim}{LOAD}", due(queue, columns))
}

#[derive(QueryableByName)]
pub(super) struct ClaimedRow {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = SqlUuid)]
    organization_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
    #[diesel(sql_type = Text)]
    platform: String,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = Bytea)]
    content_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    handles: String,
    #[diesel(sql_type = Integer)]
    failures: i32,
    #[diesel(sql_type = Integer)]
    looks: i32,
    #[diesel(sql_type = Nullable<Text>)]
    platform_post_id: Option<String>,
    #[diesel(sql_type = Text)]
    remote_id: String,
    #[diesel(sql_type = Nullable<Bytea>)]
    sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    data_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<Bytea>)]
    data_wrapped: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    organization_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    ring_version: Option<i32>,
    #[diesel(sql_type = Nullable<Bytea>)]
    organization_wrapped: Option<Vec<u8>>,
    #[diesel(sql_type = Double)]
    due_ms: f64,
    #[diesel(sql_type = Double)]
    deadline_ms: f64,
    #[diesel(sql_type = Nullable<Double>)]
    permitted_ms: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    first_permitted_ms: Option<f64>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    taken: Option<Vec<String>>,
}

fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64((ms / 1e3).max(0.0))
}

impl ClaimedRow {
    fn token(&mut self) -> Option<SealedToken> {
        let data = WrappedKey { id: self.data_key?, ring_version: None, bytes: self.data_wrapped.take()? };
        let organization = WrappedKey {
            id: self.organization_key?,
            ring_version: self.ring_version,
            bytes: self.organization_wrapped.take()?,
        };
        let sealed = Sealed(self.sealed.take()?);
        Some(SealedToken { sealed, chain: KeyChain::Organization { organization, data } })
    }
}

impl TryFrom<ClaimedRow> for Claimed {
    type Error = StoreError;

    fn try_from(mut row: ClaimedRow) -> Result<Self, StoreError> {
        let token = row.token();
        let hash: [u8; 32] =
            row.content_hash.try_into().map_err(|_| StoreError::corrupt("publications.content_hash"))?;
        Ok(Self {
            claim: Claim { publication: PublicationId::from_uuid(row.id), epoch: row.epoch },
            organization: OrganizationId::from_uuid(row.organization_id),
            channel: ChannelId::from_uuid(row.channel_id),
            platform: row.platform.parse().map_err(|_| StoreError::corrupt("publications.platform"))?,
            remote_channel: row.remote_id,
            token,
            content: serde_json::from_str(&row.content)
                .map_err(|_| StoreError::corrupt("publications.content"))?,
            content_hash: ContentHash(hash),
            handles: serde_json::from_str(&row.handles)
                .map_err(|_| StoreError::corrupt("publications.handles"))?,
            failures: row.failures,
            looks: row.looks,
            due_in: milliseconds(row.due_ms),
            deadline_in: milliseconds(row.deadline_ms),
            permitted_ago: row.permitted_ms.map(milliseconds),
            first_permitted_ago: row.first_permitted_ms.map(milliseconds),
            platform_post_id: row.platform_post_id,
            taken: row.taken.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_calls_late_what_the_rule_of_lateness_does() {
        let late = format!("now() - interval '{} seconds'", scheduling::missed::PUNCTUAL_WITHIN.as_secs());
        assert!(PERMIT.contains(&late));
    }
}

//! Carrying the retention table out: one statement per topic that ends by itself.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::{
    sql_query,
    sql_types::{BigInt, Timestamptz},
};
use retention::{Rule, Sweep, SweepError, Topic};

use crate::{error::StoreError, pool::Pool};

/// Sweeps what PostgreSQL holds.
#[derive(Clone)]
pub struct PgSweep(pub Pool);

/// Deletes at most `$2` rows of a table that ended, named by a unique column.
macro_rules! delete {
    ($table:literal, $key:literal, $ended:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $ended,
            " LIMIT $2)"
        )
    };
}

/// No index leads to an event by its number alone, and events are never changed: they are named by where they are.
const OLD_EVENTS: &str = "DELETE FROM events WHERE ctid = ANY (ARRAY(SELECT ctid FROM events WHERE created_at < $1 ORDER BY created_at LIMIT $2))";

/// The statement of a topic: `$1` is the instant before which things end, `$2` the most rows. `None` where things end with
/// their parent, or where more than rows is to be removed.
const fn statement(topic: Topic) -> Option<&'static str> {
    Some(match topic {
        Topic::SessionOrigins => {
            "UPDATE sessions SET address_sealed = NULL, user_agent_sealed = NULL WHERE id IN (SELECT id FROM sessions
            WHERE last_used_at < $1 AND (address_sealed IS NOT NULL OR user_agent_sealed IS NOT NULL) LIMIT $2)"
        }
        Topic::Sessions => delete!("sessions", "id", "last_used_at < $1"),
        Topic::Throttles => delete!("throttles", "subject", "forget_at < $1"),
        Topic::ApiKeys => delete!("api_keys", "id", "least(revoked_at, expires_at) < $1"),
        Topic::IdempotentAnswers => delete!("idempotency_keys", "claim_id", "created_at < $1"),
        Topic::ConnectionAttempts => delete!("connection_attempts", "id", "expires_at < $1"),
        // The age is asked about at both places: whoever begins again at this very moment changes it, and the outer condition sees
        // the change.
        Topic::UnfinishedConnections => {
            "DELETE FROM connections WHERE state = 'new' AND updated_at < $1 AND id IN (SELECT id FROM connections c
            WHERE state = 'new' AND updated_at < $1
                AND NOT EXISTS (SELECT FROM connection_attempts a WHERE a.connection_id = c.id) LIMIT $2)"
        }
        Topic::PendingSelections => {
            delete!("pending_selections", "attempt_id", "created_at < $1 OR expires_at < now()")
        }
        Topic::DeletedMedia => delete!("media_assets", "id", "deleted_at < $1"),
        Topic::Events => OLD_EVENTS,
        Topic::BulkCreations => delete!("bulk_creations", "id", "created_at < $1"),
        Topic::UnfinishedImports => delete!("imports", "id", "state = 'receiving' AND created_at < $1"),
        // An import takes its rows with it, which may be a hundred thousand: a few at a time.
        Topic::Imports => {
            "DELETE FROM imports WHERE id IN (SELECT id FROM imports WHERE ended_at < $1 LIMIT least($2, 5))"
        }
        Topic::Organizations
        | Topic::Persons
        | Topic::RefreshTokens
        | Topic::DisconnectedTokens
        | Topic::Connections
        | Topic::Consents
        | Topic::StagedUploads
        | Topic::Media
        | Topic::DeletedMediaBytes
        | Topic::Posts
        | Topic::Attempts
        | Topic::Feeds
        | Topic::Preflights
        | Topic::ImportKeys => return None,
    })
}

#[async_trait]
impl Sweep for PgSweep {
    async fn sweep(&self, rule: &Rule, before: DateTime<Utc>, limit: u32) -> Result<u64, SweepError> {
        use diesel_async::RunQueryDsl;
        let Some(statement) = statement(rule.topic) else { return Ok(0) };
        let swept = async {
            let mut connection = self.0.get().await?;
            let rows = sql_query(statement)
                .bind::<Timestamptz, _>(before)
                .bind::<BigInt, _>(i64::from(limit))
                .execute(&mut connection)
                .await?;
            Ok(rows as u64)
        };
        swept.await.map_err(|error: StoreError| SweepError::Unavailable {
            topic: rule.topic.as_str(),
            source: Box::new(error),
        })
    }
}

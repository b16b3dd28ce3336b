//! The timetable: every sweep of the deployment on one page.

use std::{sync::Arc, time::Duration};

use identity::SystemClock;
use jobs::timetable::{Entry, Swept};
use postgres::{connections::PgConnectionStore, retention::PgSweep};
use publishing::connection::{CheckStore, Connections, SweepStore};
use retention::{RULES, Sweep};
use tenancy::Clock;

use super::{Parts, WireError};
use crate::config::Config;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// Most rows of one statement: a long transaction would be in everybody's way.
const ROWS: u32 = 5_000;
/// Most connections asked about in a row.
const CHECKS: u32 = 50;
/// Most series of which posts are made in a row.
const SERIES: u32 = 100;

impl Parts {
    pub(super) fn timetable(&self, config: &Config) -> Result<Vec<Entry>, WireError> {
        let (sweep, clock) = (PgSweep(self.pool.clone()), self.clock.clone());
        let grants = PgConnectionStore::new(self.pool.clone());
        let connections = self.connections(config)?;
        let media = Arc::new(self.media(config)?);
        let series = Arc::new(self.recurrence(config));
        Ok(vec![
            Entry::new("retention", MINUTE, move || retention(sweep.clone(), clock.clone())),
            Entry::new("media", 5 * MINUTE, move || {
                let media = media.clone();
                async move { media.sweep(ROWS).await.map(|n| n as u64).map_err(|e| e.to_string()) }
            }),
            Entry::new("orphan_tokens", HOUR, {
                let grants = grants.clone();
                move || orphans(grants.clone())
            }),
            Entry::new("connection_checks", MINUTE, move || checks(grants.clone(), connections.clone())),
            Entry::new("series", MINUTE, move || {
                let series = series.clone();
                async move { series.sweep(SERIES).await.map_err(|error| error.to_string()) }
            }),
        ])
    }
}

/// Carries the retention table out.
async fn retention(sweep: PgSweep, clock: Arc<SystemClock>) -> Swept {
    let now = clock.now();
    let mut rows = 0;
    for rule in RULES {
        if let Some(before) = rule.cutoff(now) {
            rows += sweep.sweep(rule, before, ROWS).await.map_err(|error| error.to_string())?;
        }
    }
    Ok(rows)
}

/// Disconnecting destroys tokens in its own transaction, so there is nothing to find here. If there is, somebody should know.
async fn orphans(grants: PgConnectionStore) -> Swept {
    let found = grants.destroy_orphan_tokens().await.map_err(|error| error.to_string())?;
    if found > 0 {
        tracing::error!(found, "tokens outlived their connection and were destroyed; please report this");
    }
    Ok(found)
}

/// Asks the platforms about the grants that are due for it, and extends what is past half of its life.
async fn checks(grants: PgConnectionStore, connections: Connections) -> Swept {
    let due = grants.claim_checks(CHECKS).await.map_err(|error| error.to_string())?;
    for connection in &due {
        if let Err(error) = connections.check(*connection).await {
            tracing::warn!(%error, %connection, "a connection could not be checked");
        }
    }
    Ok(due.len() as u64)
}

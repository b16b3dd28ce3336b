//! The timetable: every sweep of the deployment on one page.

use std::{sync::Arc, time::Duration};

use identity::SystemClock;
use jobs::timetable::{Entry, Swept};
use postgres::{
    connections::PgConnectionStore,
    posts::{PgClockStore, PgPreflightStore},
    publications::PgBacklogStore,
    retention::PgSweep,
};
use publishing::{
    backlog::Backlog,
    clocks::Clocks,
    connection::{CheckStore, Connections, SweepStore},
    id::SeriesId,
    post::PostError,
    preflight::Preflight,
    series::Recurrence,
};
use retention::{Sweep, rules};
use tenancy::Clock;

use super::{Parts, WireError};
use crate::config::Config;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// Most rows of one statement: a long transaction would be in everybody's way.
const ROWS: u32 = 5_000;
/// Most connections asked about in a row.
const CHECKS: u32 = 50;
/// Most publications that are looked at before their time in one transaction.
const LOOKS: u32 = 200;
/// Most of those transactions in a row.
const ROUNDS: usize = 25;
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
            Entry::new("preflight", MINUTE, {
                let preflight = Arc::new(self.preflight(config));
                move || look_ahead(preflight.clone())
            }),
            Entry::new("backlog", MINUTE, {
                let store = Arc::new(PgBacklogStore::new(self.pool.clone()));
                let backlog = Arc::new(Backlog { store, clock: self.clock.clone() });
                move || recover(backlog.clone())
            }),
            Entry::new("clocks", DAY, {
                let clocks = Arc::new(self.clocks());
                move || settle(clocks.clone())
            }),
            Entry::new("series", MINUTE, move || occurrences(series.clone())),
        ])
    }

    fn preflight(&self, config: &Config) -> Preflight {
        let store = Arc::new(PgPreflightStore::new(self.pool.clone()));
        Preflight { store, clock: self.clock.clone(), leads: config.publishing.preflight }
    }

    /// Holds posts against the clocks of their zones.
    fn clocks(&self) -> Clocks {
        Clocks { store: Arc::new(PgClockStore::new(self.pool.clone())), timing: self.timing }
    }
}

/// Looks at what is due within the leads, until nothing is left or others want their turn.
async fn look_ahead(preflight: Arc<Preflight>) -> Swept {
    let mut looked = 0;
    for _ in 0..ROUNDS {
        let found = preflight.run(LOOKS).await.map_err(|error| error.to_string())?;
        looked += found;
        if found < u64::from(LOOKS) {
            break;
        }
    }
    Ok(looked)
}

/// Decides what becomes of a backlog for which a platform's quota does not suffice.
async fn recover(backlog: Arc<Backlog>) -> Swept {
    backlog.recover().await.map_err(|error| error.to_string())
}

/// Moves posts whose time on the wall means another instant by now. A new version of the program brings new rules, so this runs at
/// every start; once a day it finds what a worker of an older version has planned meanwhile.
async fn settle(clocks: Arc<Clocks>) -> Swept {
    clocks.settle().await.map_err(|error| error.to_string())
}

/// Carries the retention table out.
async fn retention(sweep: PgSweep, clock: Arc<SystemClock>) -> Swept {
    let now = clock.now();
    let mut rows = 0;
    for rule in rules() {
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

/// Makes posts of the occurrences that come within the horizon.
async fn occurrences(series: Arc<Recurrence>) -> Swept {
    let passed_over = |series: SeriesId, error: &PostError| {
        tracing::warn!(%error, %series, "the posts of a series could not be made yet");
    };
    series.sweep(SERIES, passed_over).await.map_err(|error| error.to_string())
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

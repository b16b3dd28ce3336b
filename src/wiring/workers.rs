//! The workers: publishing, and the timetable of sweeps.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::StreamExt;
use jobs::{
    importing::ImportWorkers,
    publishing::{Limits, PublishingWorkers},
    timetable,
    wake::Bell,
};
use postgres::{
    imports::WAKE_CHANNEL as IMPORTS_CHANNEL,
    publications::{PgPublicationQueue, WAKE_CHANNEL},
};
use publishing::{
    connection::Connections,
    id::ChannelId,
    platform::Platform,
    publisher::Publisher,
    queue::WorkerId,
    step::{Revocations, Steps},
};
use tenancy::Random;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Parts, WireError};
use crate::config::Config;

fn jitter() -> f64 {
    // A pause need not be unpredictable, only different for each: the clock's fine digits are.
    f64::from(std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |t| t.subsec_nanos()) % 1_000) / 1e3
}

/// Tells the connections that a token was refused.
struct Refused(Connections);

#[async_trait]
impl Revocations for Refused {
    async fn refused(&self, channel: ChannelId, key: Uuid) {
        if let Err(error) = self.0.mark_unauthorized(channel, Some(key)).await {
            // The daily check finds it too.
            tracing::warn!(%error, %channel, "a refused token could not be removed yet");
        }
    }
}

impl Parts {
    fn steps(&self, connections: Connections, link_life: Duration) -> Steps {
        let mut publishers: BTreeMap<Platform, Arc<dyn Publisher>> = BTreeMap::new();
        if let Some(meta) = &self.meta {
            publishers.insert(Platform::Facebook, meta.clone());
            publishers.insert(Platform::Instagram, meta.clone());
        }
        Steps {
            witness: jobs::crash::witness(),
            revocations: Arc::new(Refused(connections)),
            publishers,
            vault: self.vault.clone(),
            links: self.links.clone(),
            timing: self.timing,
            clock: self.clock.clone(),
            jitter,
            link_life,
        }
    }

    /// Starts the workers.
    pub(crate) fn work(
        &self,
        config: &Config,
        url: &str,
        shutdown: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), WireError> {
        let queue = self.queue.clone().unwrap_or_else(|| self.pool.clone());
        let mut id = [0; 8];
        self.random.fill(&mut id);
        let bell = Bell::default();
        let workers = PublishingWorkers {
            queue: Arc::new(PgPublicationQueue::new(queue, self.timing)),
            steps: Arc::new(self.steps(self.connections(config)?, config.media.link_ttl)),
            worker: WorkerId(i64::from_be_bytes(id) & i64::MAX),
            limits: Limits { sends: config.publishing.concurrency, ..Limits::default() },
            bell: bell.clone(),
        };
        let wakes = postgres::listen(url.to_owned(), WAKE_CHANNEL).map(|_| ());
        tasks.spawn(bell.follow(wakes, shutdown.clone()));
        tasks.spawn(workers.run(shutdown.clone()));
        let imports = ImportWorkers { imports: Arc::new(self.imports()), bell: Bell::default() };
        let wakes = postgres::listen(url.to_owned(), IMPORTS_CHANNEL).map(|_| ());
        tasks.spawn(imports.bell.clone().follow(wakes, shutdown.clone()));
        tasks.spawn(imports.run(shutdown.clone()));
        tasks.spawn(timetable::run(self.timetable(config)?, shutdown.clone()));
        Ok(())
    }
}

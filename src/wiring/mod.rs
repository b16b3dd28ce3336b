//! The only code that names every crate: which implementation stands behind which port.

mod api;
mod calendar;
mod connections;
mod media;
mod metrics;
mod tenancy;
mod timetable;
mod workers;

use std::sync::Arc;

use ::media::SignedLinks;
use identity::{OsRandom, SystemClock};
use meta::Meta;
use postgres::Pool;
use publishing::timing::Timing;
use vault::{KeyRing, LookupKey, RingVault};

use crate::config::{Config, KeyringPlace};
use secrecy::ExposeSecret;

/// Something that the configuration describes could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct WireError {
    what: &'static str,
    why: String,
}

impl WireError {
    fn new(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self { what, why: why.to_string() }
    }
}

/// What the roles are made of.
pub(crate) struct Parts {
    pub(crate) pool: Pool,
    /// The connections of the publication queue, where this process works on it.
    pub(crate) queue: Option<Pool>,
    pub(crate) vault: Arc<RingVault>,
    pub(crate) clock: Arc<SystemClock>,
    pub(crate) random: Arc<OsRandom>,
    pub(crate) links: Arc<SignedLinks>,
    pub(crate) meta: Option<Arc<Meta>>,
    pub(crate) timing: Timing,
    pub(crate) metrics: metrics::Metrics,
}

/// The vault with the configured key ring.
pub(crate) fn vault(config: &Config) -> Result<RingVault, WireError> {
    let ring = match &config.secrets.keyring {
        KeyringPlace::Inline(text) => KeyRing::from_text(text),
        KeyringPlace::File(path) => KeyRing::from_file(path),
    };
    let ring = ring.map_err(|error| WireError::new("the key ring cannot be used", error))?;
    Ok(RingVault::new(Arc::new(ring), LookupKey::new(*config.secrets.lookup_key.expose_secret())))
}

/// Most connections of the publication queue. Its workers claim, ask and write in batches, few at once.
const QUEUE_CONNECTIONS: usize = 5;

/// Divides the connections that a process may have.
async fn pools(url: &str, most: usize, works: bool) -> Result<(Pool, Option<Pool>), WireError> {
    let failed = |error| WireError::new("the database cannot be reached", error);
    let queue = if works { QUEUE_CONNECTIONS.min(most / 2).max(1) } else { 0 };
    let pool = postgres::connect(url, most.saturating_sub(queue).max(1)).await.map_err(failed)?;
    if queue == 0 {
        return Ok((pool, None));
    }
    let queue = postgres::connect_for_queue(url, queue).await.map_err(failed)?;
    Ok((pool, Some(queue)))
}

impl Parts {
    /// Makes everything that the roles share.
    pub(crate) async fn build(config: &Config, url: &str, works: bool) -> Result<Self, WireError> {
        let (pool, queue) = pools(url, config.database.connections, works).await?;
        let (vault, clock) = (Arc::new(vault(config)?), Arc::new(SystemClock));
        let base = config.media.public_url.clone().unwrap_or_else(|| config.server.public_url.clone());
        let longest = chrono::TimeDelta::from_std(config.media.link_ttl);
        let longest = longest.map_err(|error| WireError::new("the life of media links", error))?;
        let links = Arc::new(SignedLinks::new(base, vault.clone(), clock.clone(), longest));
        Ok(Self {
            pool,
            queue,
            links,
            meta: connections::meta(config, clock.clone())?.map(Arc::new),
            timing: config.publishing.timing,
            metrics: metrics::Metrics::start(),
            vault,
            clock,
            random: Arc::default(),
        })
    }
}

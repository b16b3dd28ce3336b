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

impl Parts {
    /// Makes everything that the roles share.
    pub(crate) async fn build(config: &Config, url: &str) -> Result<Self, WireError> {
        let pool = postgres::connect(url, config.database.connections).await;
        let pool = pool.map_err(|error| WireError::new("the database cannot be reached", error))?;
        let (vault, clock) = (Arc::new(vault(config)?), Arc::new(SystemClock));
        let base = config.media.public_url.clone().unwrap_or_else(|| config.server.public_url.clone());
        let longest = chrono::TimeDelta::from_std(config.media.link_ttl);
        let longest = longest.map_err(|error| WireError::new("the life of media links", error))?;
        let links = Arc::new(SignedLinks::new(base, vault.clone(), clock.clone(), longest));
        Ok(Self {
            pool,
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

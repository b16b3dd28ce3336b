//! Connections, channels and the platforms behind them.

use std::{collections::BTreeMap, sync::Arc};

use identity::SystemClock;
use meta::Meta;
use postgres::connections::PgConnectionStore;
use publishing::{
    authorizer::Authorizer,
    connection::{ConnectionSettings, Connections, Provider},
};

use super::{Parts, WireError};
use crate::config::Config;

/// The path of the login callback, as registered with the platforms.
const CALLBACK: &str = "v1/connections/callback";

/// The client of Meta's platforms, if an app is configured.
pub(super) fn meta(config: &Config, clock: Arc<SystemClock>) -> Result<Option<Meta>, WireError> {
    let Some(app) = &config.meta.app else { return Ok(None) };
    let settings = meta::Settings {
        graph: config.meta.graph.clone(),
        dialog: config.meta.dialog.clone(),
        version: config.meta.version.clone(),
        app_id: app.id.clone(),
        app_secret: app.secret.clone(),
        login_configuration: config.meta.login_configuration.clone(),
        http: config.meta.http,
        publish_timeout: config.publishing.timing.publish_timeout,
        timeout: config.meta.timeout,
    };
    let client = Meta::new(settings, clock);
    Ok(Some(client.map_err(|error| WireError::new("the client of Meta's platforms", error))?))
}

impl Parts {
    pub(super) fn connections(&self, config: &Config) -> Result<Connections, WireError> {
        let callback = config.server.public_url.join(CALLBACK);
        let callback = callback.map_err(|error| WireError::new("the public URL", error))?;
        let store = Arc::new(PgConnectionStore::new(self.pool.clone()));
        let mut authorizers: BTreeMap<Provider, Arc<dyn Authorizer>> = BTreeMap::new();
        if let Some(meta) = &self.meta {
            authorizers.insert(Provider::Meta, meta.clone());
        }
        Ok(Connections {
            store: store.clone(),
            channels: store.clone(),
            checks: store,
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            authorizers,
            settings: ConnectionSettings {
                callback,
                return_origins: config.server.cors_origins.iter().map(ToString::to_string).collect(),
                policy_version: config.policy.version.clone(),
            },
        })
    }
}

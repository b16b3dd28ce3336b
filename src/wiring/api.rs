//! The API with everything behind it.

use std::{future::Future, sync::Arc, time::Duration};

use ::api::{
    Settings, UseCases,
    request::{ClientAddress, Cursors, Tokens},
    resource::Readiness,
    traffic::{Intake, Origins, Pseudonyms, Quota, ServerLimits},
};
use async_trait::async_trait;
use postgres::{
    Pool,
    events::PgEventStore,
    idempotency::PgIdempotency,
    imports::PgImportStore,
    posting::{NoInsights, PgPostingStore},
    posts::PgPostStore,
    series::PgSeriesStore,
};
use publishing::{event::Events, import::Imports, post::Posts, posting::Posting, series::Recurrence};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tenancy::sealing::Vault;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Parts, WireError};
use crate::config::Config;

/// Requests a caller may make in a minute.
const CALLER_QUOTA: u32 = 3_000;
/// Requests an address whose caller is not known may make in a minute.
const ADDRESS_QUOTA: u32 = 600;
const MINUTE: Duration = Duration::from_mins(1);

/// The process is ready while its database answers.
struct DatabaseAnswers(Pool);

#[async_trait]
impl Readiness for DatabaseAnswers {
    async fn is_ready(&self) -> bool {
        use diesel_async::RunQueryDsl;
        let ask = async {
            let mut connection = self.0.get().await.ok()?;
            diesel::sql_query("SELECT 1").execute(&mut connection).await.ok()
        };
        matches!(tokio::time::timeout(Duration::from_secs(1), ask).await, Ok(Some(_)))
    }
}

impl Parts {
    /// Serves the API until shutdown.
    pub(crate) fn serve_api(
        &self,
        config: &Config,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<impl Future<Output = ()> + use<>, WireError> {
        let tenancy = self.tenancy(config)?;
        let key_set = serde_json::to_value(tenancy.signer.jwks());
        let key_set = key_set.map_err(|error| WireError::new("the public keys", error))?;
        let settings = self.api_settings(config, key_set);
        let tokens = Tokens { authenticator: tenancy.authenticator, api_keys: tenancy.api_keys.clone() };
        let use_cases = UseCases {
            accounts: tenancy.accounts,
            sessions: tenancy.sessions,
            organizations: tenancy.organizations,
            api_keys: tenancy.api_keys,
            connections: self.connections(config)?,
            media: Arc::new(self.media(config)?),
            media_links: self.links.clone(),
            posts: Arc::new(self.posts()),
            calendar: self.calendar(),
            feeds: self.feeds(config)?,
            events: Events { store: Arc::new(PgEventStore::new(self.pool.clone())) },
            imports: Arc::new(self.imports()),
            series: Arc::new(self.recurrence(config)),
            posting: Arc::new(self.posting()),
            authenticate: Arc::new(tokens),
            idempotency: Arc::new(PgIdempotency::new(self.pool.clone(), self.vault.clone())),
            readiness: Arc::new(DatabaseAnswers(self.pool.clone())),
        };
        let endpoint = ::api::api(use_cases, settings);
        let limits = ServerLimits { farewell: config.server.farewell(), ..ServerLimits::default() };
        Ok(async move {
            if let Err(error) = ::api::traffic::serve(listener, endpoint, limits, shutdown.cancelled()).await
            {
                tracing::error!(%error, "the API is not served any more");
            }
        })
    }

    fn posts(&self) -> Posts {
        Posts {
            store: Arc::new(PgPostStore::new(self.pool.clone()).with_timing(self.timing)),
            clock: self.clock.clone(),
            timing: self.timing,
        }
    }

    pub(super) fn imports(&self) -> Imports {
        let store = Arc::new(PgImportStore::new(self.pool.clone(), self.clock.clone()));
        Imports { store, posts: Arc::new(self.posts()) }
    }

    fn posting(&self) -> Posting {
        Posting {
            store: Arc::new(PgPostingStore::new(self.pool.clone(), self.timing)),
            insights: Arc::new(NoInsights),
            random: self.random.clone(),
        }
    }

    /// Series of posts, for the API and for the sweep that makes their posts.
    pub(super) fn recurrence(&self, config: &Config) -> Recurrence {
        Recurrence {
            posts: Arc::new(self.posts()),
            store: Arc::new(PgSeriesStore::new(self.pool.clone(), self.timing)),
            horizon: config.publishing.series_horizon,
        }
    }

    fn api_settings(&self, config: &Config, key_set: serde_json::Value) -> Settings {
        let client =
            if config.server.trusted_tls_proxy { ClientAddress::TrustedProxy } else { ClientAddress::Peer };
        // Room for the largest upload and the multipart around it.
        let upload = config.media.max_image.max(config.media.max_video) + 64 * 1024;
        let cursor_key: [u8; 32] = Sha256::digest(config.secrets.cursor_key.expose_secret()).into();
        // Pages of our own, such as the documentation, call the API too; browsers name their origin when they write.
        let own = config.server.public_url.origin().ascii_serialization();
        Settings {
            origins: Origins::new(config.server.cors_origins.iter().map(ToString::to_string).chain([own])),
            client,
            intake: Intake { upload, ..Intake::default() },
            caller_quota: Quota { requests: CALLER_QUOTA, window: MINUTE },
            address_quota: Quota { requests: ADDRESS_QUOTA, window: MINUTE },
            cursors: Cursors::new(&cursor_key),
            pseudonyms: Pseudonyms::new(&self.vault.lookup("log pseudonym", b"")),
            key_set,
        }
    }
}

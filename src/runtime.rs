//! A running process: its database, its roles, and its end.

use std::{ffi::OsString, net::SocketAddr, time::Duration};

use cluster::Cluster;
use futures::FutureExt;
use secrecy::ExposeSecret;
use tokio::{
    net::{TcpListener, TcpSocket},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, Database, DatabasePlace, Refused},
    logging,
    wiring::{Parts, WireError},
};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Serves the API.
    pub api: bool,
    /// Publishes, looks, refreshes and sweeps.
    pub workers: bool,
}

/// Why a process did not start. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is not acceptable.
    #[error("{0}")]
    Config(String),
    /// The private database cannot be had.
    #[error("{0}")]
    Cluster(#[from] cluster::ClusterError),
    /// The database did not take the migrations.
    #[error("the database could not be migrated: {0}")]
    Migrate(#[from] postgres::migrate::MigrateError),
    /// The database could not be asked how safe it is, or what its tables are.
    #[error("the database did not answer: {0}")]
    Ask(#[from] postgres::StoreError),
    /// The migrations are applied and the tables are others all the same.
    #[error(
        "the tables of the database are not those of this version ({}); if it was made during development, begin with an empty \
         one (a private one goes with its POSTERN_STATE_DIR), else restore a backup or run the version that made it",
        first_of(.0)
    )]
    OtherTables(Vec<String>),
    /// The database may forget a permit, and a post would go out twice.
    #[error("the database may lose commits when its server fails; set {} = on there", .0.join(" = on, "))]
    NotDurable(Vec<String>),
    /// Something could not be put together.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}; set another address or stop whoever uses it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
}

/// The first of several differences, and how many more there are: enough to recognise them by, in one line.
fn first_of(differences: &[String]) -> String {
    match differences {
        [] => String::new(),
        [only] => only.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

impl From<Refused> for StartError {
    fn from(refused: Refused) -> Self {
        Self::Config(refused.to_string())
    }
}

/// The database of a process: somebody's server, or a private one that this process uses.
pub(crate) struct RunningDatabase {
    pub(crate) url: String,
    cluster: Option<Cluster>,
}

impl RunningDatabase {
    /// Brings the database up; `say` hears about whatever takes time.
    pub(crate) async fn start(
        config: &Database,
        say: impl Fn(&str) + Send + Sync,
    ) -> Result<Self, StartError> {
        match &config.place {
            DatabasePlace::Url(url) => Ok(Self { url: url.expose_secret().to_owned(), cluster: None }),
            DatabasePlace::Private { dir, download } => {
                let mut settings = cluster::Settings::new(dir);
                settings.max_connections =
                    u32::try_from(config.connections).unwrap_or(u32::MAX).saturating_mul(3) + 20;
                if let Some(base) = download {
                    settings.download_base = base.clone();
                }
                let cluster = Cluster::start(settings, say).await?;
                Ok(Self { url: cluster.url("postgres"), cluster: Some(cluster) })
            }
        }
    }

    /// Stops a private server if nobody else uses it.
    pub(crate) async fn stop(self) {
        if let Some(cluster) = self.cluster
            && let Err(error) = cluster.stop().await
        {
            tracing::warn!(%error, "the private database did not stop cleanly; it recovers at the next start");
        }
    }
}

/// A running process. Dropping it without [`Runtime::stop`] leaves its tasks running.
pub struct Runtime {
    /// Where the API listens, if it does.
    pub api: Option<SocketAddr>,
    /// Where metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    farewell: Duration,
    database: RunningDatabase,
}

impl Runtime {
    /// Starts the roles with the settings of an environment (`POSTERN_…`), on a migrated database.
    pub async fn start(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        roles: Roles,
    ) -> Result<Self, StartError> {
        let config = Config::load(environment)?;
        logging::start(&config.log);
        let database = RunningDatabase::start(&config.database, |line| tracing::info!("{line}")).await?;
        match Self::start_on(&config, &database.url, roles).await {
            Ok((api, metrics, shutdown, mut tasks)) => {
                if let Some(keeper) = database.cluster.as_ref().map(Cluster::keeper) {
                    tasks.spawn(shutdown.clone().run_until_cancelled_owned(keeper.keep()).map(drop));
                }
                let farewell = config.server.farewell();
                Ok(Self { api, metrics, shutdown, tasks, farewell, database })
            }
            Err(error) => {
                database.stop().await;
                Err(error)
            }
        }
    }

    async fn start_on(
        config: &Config,
        url: &str,
        roles: Roles,
    ) -> Result<(Option<SocketAddr>, Option<SocketAddr>, CancellationToken, JoinSet<()>), StartError> {
        if config.database.must_be_durable {
            let wrong = postgres::unsafe_settings(url).await?;
            if !wrong.is_empty() {
                return Err(StartError::NotDurable(wrong));
            }
        }
        migrate(url).await?;
        let parts = Parts::build(config, url, roles.workers).await?;
        let (shutdown, mut tasks) = (CancellationToken::new(), JoinSet::new());
        let metrics = match config.server.metrics {
            Some(address) => {
                let (listener, bound) = listen(address).await?;
                tasks.spawn(parts.serve_metrics(listener, shutdown.clone()));
                Some(bound)
            }
            None => None,
        };
        let mut api = None;
        if roles.api {
            let (listener, bound) = listen(config.server.listen).await?;
            tasks.spawn(parts.serve_api(config, listener, shutdown.clone())?);
            api = Some(bound);
        }
        if roles.workers {
            parts.work(config, url, &shutdown, &mut tasks)?;
        }
        Ok((api, metrics, shutdown, tasks))
    }

    /// Stops taking work, finishes or hands back what is in hand, and ends within the ceiling, the private database's own stop
    /// included: what is cut off then is found again by its lease or its permit.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let drain = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.farewell, drain).await.is_err() {
            tracing::warn!("the time to stop is over; what is still in hand is taken over by others");
            self.tasks.abort_all();
        }
        self.database.stop().await;
    }

    /// Waits for Ctrl-C or a polite kill.
    pub async fn until_signal() {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = tokio::signal::ctrl_c();
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            }
            Err(_) => drop(interrupt.await),
        }
    }
}

/// Brings the database up to date, makes sure that its tables are the ones of this version, and returns what was applied.
pub(crate) async fn migrate(url: &str) -> Result<Vec<String>, StartError> {
    let applied = postgres::migrate(url).await?;
    let misfits = postgres::schema::misfits(url).await?;
    if misfits.is_empty() { Ok(applied) } else { Err(StartError::OtherTables(misfits)) }
}

/// The most connections that wait to be accepted. A thousand clients may come at one instant, and whoever finds the line full
/// tries again only after 200 ms. Linux allows 4,096 (`net.core.somaxconn`, listen(2)).
const BACKLOG: u32 = 4_096;

/// Listens, with a long line.
pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = async {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    listen.await.map_err(|error| StartError::Listen { address, error })
}

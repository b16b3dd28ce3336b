//! Connections and the pool of them.

use std::{sync::Arc, time::Duration};

use ::deadpool::{Runtime, managed::QueueMode};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool},
};
use futures::FutureExt;
use rustls::ClientConfig;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    error::StoreError,
    tls::{Trust, client_config},
};

/// A connection of diesel-async.
pub type Connection = AsyncPgConnection;

/// A pool of connections. Cloning shares it.
pub type Pool = deadpool::Pool<Connection>;

/// How long anybody waits for a connection, and for one to be made.
const PATIENCE: Duration = Duration::from_secs(5);

/// When an idle TCP connection asks whether the server is still there, so that a listener notices a dead one.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// What the connections of a queue are set to. Its statements are written for their indexes and run by the thousand: planned once
/// for each connection, and never by statistics that were made at a quieter or busier time, they stay as quick as they are.
/// Compiling them, which a server does by itself where it thinks a plan dear, takes longer than they do.
const QUEUE_SETTINGS: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off";

/// Makes a pool like [`connect`] for the statements of a queue alone.
pub async fn connect_for_queue(url: &str, max: usize) -> Result<Pool, StoreError> {
    make(url, max, Some(QUEUE_SETTINGS)).await
}

/// Makes a pool of at most `max` connections and checks that one can be had.
///
/// `url` begins with `postgresql://`; unix sockets work (`postgresql:///name?host=/directory&user=me`), and `sslmode` means what
/// it means to libpq.
pub async fn connect(url: &str, max: usize) -> Result<Pool, StoreError> {
    make(url, max, None).await
}

async fn make(url: &str, max: usize, settings: Option<&'static str>) -> Result<Pool, StoreError> {
    let target = Target::parse(url)?;
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let target = target.clone();
        async move { target.connect_with(settings).await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::new_with_config("", config);
    let pool = Pool::builder(manager)
        .max_size(max)
        // The one used last knows the statements best, and the others may rest.
        .queue_mode(QueueMode::Lifo)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .recycle_timeout(Some(PATIENCE))
        .build()
        .map_err(|_| StoreError::Unavailable("the pool cannot be built".into()))?;
    drop(pool.get().await?);
    Ok(pool)
}

/// Makes one connection outside any pool: for listening, migrations and session locks.
pub async fn connect_alone(url: &str) -> Result<Connection, StoreError> {
    Ok(Target::parse(url)?.connect().await?)
}

/// A parsed URL.
#[derive(Clone)]
pub(crate) struct Target {
    config: tokio_postgres::Config,
    tls: Arc<ClientConfig>,
}

impl Target {
    /// Parses a URL and prepares TLS. The error never repeats the URL: it may contain a password.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let (url, trust) = split_tls(url)?;
        let unparsable = |error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            StoreError::Unavailable(format!("the database URL does not parse: {cause}").into())
        };
        let mut config: tokio_postgres::Config = url.parse().map_err(unparsable)?;
        config.connect_timeout(PATIENCE).keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE);
        if config.get_application_name().is_none() {
            config.application_name("postern");
        }
        let tls = client_config(&trust)
            .map_err(|error| StoreError::Unavailable(format!("TLS cannot be set up: {error}").into()))?;
        Ok(Self { config, tls: Arc::new(tls) })
    }

    /// Connects and makes settings.
    async fn connect_with(&self, settings: Option<&str>) -> ConnectionResult<Connection> {
        use diesel_async::SimpleAsyncConnection;
        let mut connection = self.connect().await?;
        if let Some(settings) = settings {
            connection.batch_execute(settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        }
        Ok(connection)
    }

    /// Connects, and drives the connection on a task of its own until it is dropped.
    pub(crate) async fn connect(&self) -> ConnectionResult<Connection> {
        let tls = MakeRustlsConnect::new((*self.tls).clone());
        let connecting = tokio::time::timeout(PATIENCE, self.config.connect(tls));
        let refused = |error: tokio_postgres::Error| ConnectionError::BadConnection(chain(&error));
        let (client, connection) = connecting
            .await
            .map_err(|_| ConnectionError::BadConnection("no answer in time".into()))?
            .map_err(refused)?;
        AsyncPgConnection::try_from_client_and_connection(client, connection).await
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

/// Takes what tokio-postgres does not know out of the URL (`sslrootcert`, the verifying modes) and says whom to trust.
fn split_tls(url: &str) -> Result<(String, Trust), StoreError> {
    let Some((base, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), Trust::Anyone));
    };
    let (mut kept, mut mode, mut file) = (Vec::new(), "prefer", None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", "system")) => {}
            Some(("sslrootcert", path)) => file = Some(path.into()),
            _ => kept.push(pair),
        }
    }
    let verified = file.clone().map_or(Trust::System, Trust::File);
    let (mode, trust) = match mode {
        "disable" => ("disable", Trust::Anyone),
        "allow" | "prefer" => ("prefer", Trust::Anyone),
        "require" => ("require", file.map_or(Trust::Anyone, Trust::File)),
        "verify-ca" | "verify-full" => ("require", verified),
        _ => return Err(StoreError::Unavailable("the database URL has an unknown sslmode".into())),
    };
    let mode = format!("sslmode={mode}");
    kept.push(&mode);
    Ok((format!("{base}?{}", kept.join("&")), trust))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifying_mode_becomes_require_with_a_verifier() {
        let (url, trust) = split_tls("postgresql://h/d?sslmode=verify-full&user=x").unwrap();
        assert_eq!((url.as_str(), trust), ("postgresql://h/d?user=x&sslmode=require", Trust::System));
    }

    #[test]
    fn a_root_certificate_makes_require_verify() {
        let (url, trust) = split_tls("postgresql://h/d?sslrootcert=/etc/ca.pem&sslmode=require").unwrap();
        assert_eq!(
            (url.as_str(), trust),
            ("postgresql://h/d?sslmode=require", Trust::File("/etc/ca.pem".into()))
        );
    }

    #[test]
    fn without_a_mode_encryption_is_preferred_and_nobody_is_verified() {
        assert_eq!(split_tls("postgresql://h/d").unwrap().1, Trust::Anyone);
    }

    #[test]
    fn an_unknown_mode_is_refused() {
        assert!(split_tls("postgresql://h/d?sslmode=yes").is_err());
    }

    #[test]
    fn a_url_that_does_not_parse_is_not_repeated() {
        let error = Target::parse("postgresql://me:canary@h:port/d").err().unwrap();
        assert!(!error.to_string().contains("canary"));
    }
}

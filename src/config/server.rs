//! Where the process listens, what it says, and how it stops.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use super::{
    parse::{AddressOrOff, Origin},
    reader::Reader,
};

/// The API's surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// Where the API listens.
    pub(crate) listen: SocketAddr,
    /// Where others reach it.
    pub(crate) public_url: Url,
    /// Where metrics are served; `None` for nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Whether a proxy in front ends TLS.
    pub(crate) trusted_tls_proxy: bool,
    /// Front ends that may call with any credentials.
    pub(crate) cors_origins: Vec<Origin>,
    /// How long a stop may take.
    pub(crate) shutdown_ceiling: Duration,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// The form of a line.
    pub(crate) format: LogFormat,
    /// A filter in the syntax of `tracing-subscriber`.
    pub(crate) filter: String,
}

/// What is left of a stop for the database, at most: a private server needs a second or so for its last checkpoint.
const DATABASE_STOP: Duration = Duration::from_secs(2);

impl Server {
    /// How long what is in hand may take after the signal to stop: the ceiling less what stopping the database may need.
    pub(crate) fn farewell(&self) -> Duration {
        self.shutdown_ceiling.saturating_sub(DATABASE_STOP.min(self.shutdown_ceiling / 2))
    }

    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let listen: Option<SocketAddr> = reader.value("listen");
        let trusted_tls_proxy = reader.value("trusted_tls_proxy");
        if listen.is_some_and(|address| !address.ip().is_loopback()) && trusted_tls_proxy == Some(false) {
            let message = "listens for others in plain HTTP; put a proxy that ends TLS in front and set \
                           POSTERN_TRUSTED_TLS_PROXY=true, or listen on 127.0.0.1";
            reader.refuse("listen", message);
        }
        let metrics = reader.value::<AddressOrOff>("metrics_listen");
        let cors_origins = reader.value("cors_origins").unwrap_or_default();
        let shutdown_ceiling =
            reader.within("shutdown_ceiling", Duration::from_secs(1)..=Duration::from_mins(1));
        let public_url = public_url(reader, listen);
        Some(Self {
            listen: listen?,
            public_url: public_url?,
            metrics: metrics?.0,
            trusted_tls_proxy: trusted_tls_proxy?,
            cors_origins,
            shutdown_ceiling: shutdown_ceiling?,
        })
    }
}

fn public_url(reader: &Reader<'_>, listen: Option<SocketAddr>) -> Option<Url> {
    if reader.production() {
        let url: Url = reader
            .required("public_url", "is missing; set the https address under which others reach the API")?;
        return https(reader, "public_url", url);
    }
    if reader.is_written("public_url") {
        return reader.value("public_url");
    }
    Url::parse(&format!("http://{}", listen?)).ok()
}

/// Refuses an address that is not encrypted in production.
pub(super) fn https(reader: &Reader<'_>, name: &'static str, url: Url) -> Option<Url> {
    if reader.production() && url.scheme() != "https" {
        reader.refuse(name, format!("`{url}` is not encrypted; set an https address"));
        return None;
    }
    Some(url)
}

impl Log {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let format = reader.choice("log_format", &[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        let filter: Option<String> = reader.value("log_level");
        if let Some(Err(error)) = filter.as_deref().map(tracing_subscriber::EnvFilter::try_new) {
            reader.refuse("log_level", format!("is not a filter: {error}"));
        }
        Some(Self { format: format?, filter: filter? })
    }
}

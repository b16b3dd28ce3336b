//! The connections that calls travel on.
//!
//! HTTP/2 carries many calls on one connection: a crowd needs a handful of handshakes, not one for each call that is under
//! way. But a server takes only so many at once on each, and a client keeps one connection to a host, in which the others would
//! wait for a place. So there are several clients with a connection each, and calls fill one after the other.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, redirect, retry};
use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    names::Names,
    settings::{HttpVersion, SettingsError},
};

/// Calls at once on one connection: what a server should let through at least (RFC 9113, section 6.5.2). Where it takes fewer, it
/// refuses the others while the connection is new, and later they wait in it.
const ROOM: usize = 100;
/// Patience with a connection; within the patience with the call. Calls that wait for the same connection try one after the other.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// Shorter than servers keep idle connections, so that one is rarely used while the other side closes it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection with calls under way may be silent before it is asked whether it is alive, and how long it may take to
/// answer. A call that times out does not close a connection that it shares: without this, one that leads nowhere any more
/// would go on swallowing calls.
const PING: Duration = Duration::from_secs(5);

/// Finds room for calls.
pub(super) struct Lanes {
    template: Template,
    lanes: Mutex<Vec<Lane>>,
}

/// A client, and how many more calls it may make.
struct Lane {
    client: Client,
    room: Arc<Semaphore>,
}

/// The client for one call. Its room is taken until the answer was read and this is dropped.
pub(super) struct Place {
    pub(super) client: Client,
    _room: OwnedSemaphorePermit,
}

/// What all clients share: the certificates that are trusted, the sessions that are resumed, the addresses that are known.
struct Template {
    tls: ClientConfig,
    names: Names,
    version: HttpVersion,
    https_only: bool,
}

impl Lanes {
    /// One client to begin with; the others come when they are needed.
    pub(super) fn new(version: HttpVersion, https_only: bool) -> Result<Self, SettingsError> {
        let mut tls = ClientConfig::with_platform_verifier().map_err(SettingsError::Tls)?;
        tls.alpn_protocols = vec![version.alpn().to_vec()];
        let template = Template { tls, names: Names::new(), version, https_only };
        let lanes = Mutex::new(vec![template.lane().map_err(SettingsError::Client)?]);
        Ok(Self { template, lanes })
    }

    /// Room for a call, on the first connection that has any: few are open then, and what many calls have to say travels together.
    pub(super) fn enter(&self) -> reqwest::Result<Place> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(place) = lanes.iter().find_map(Lane::enter) {
                return Ok(place);
            }
            lanes.push(self.template.lane()?);
        }
    }
}

impl Lane {
    fn enter(&self) -> Option<Place> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        Some(Place { client: self.client.clone(), _room: room })
    }
}

impl Template {
    /// HTTP/1.1 has a connection for each call that is under way, so one client is enough.
    fn lane(&self) -> reqwest::Result<Lane> {
        let room = match self.version {
            HttpVersion::Http1 => Semaphore::MAX_PERMITS,
            HttpVersion::Http2 => ROOM,
        };
        Ok(Lane { client: self.client()?, room: Arc::new(Semaphore::new(room)) })
    }

    /// Nothing is ever sent again by a client itself. That a refused call was not taken up (RFC 9113, section 8.7) is the server's
    /// word; it is looked for like any other that got no answer.
    fn client(&self) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(self.tls.clone())
            .https_only(self.https_only)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_gzip()
            .dns_resolver(self.names.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT);
        match self.version {
            HttpVersion::Http1 => builder.http1_only(),
            HttpVersion::Http2 => {
                builder.http2_prior_knowledge().http2_keep_alive_interval(PING).http2_keep_alive_timeout(PING)
            }
        }
        .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(version: HttpVersion) -> Lanes {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Lanes::new(version, false).unwrap()
    }

    fn open(lanes: &Lanes) -> usize {
        lanes.lanes.lock().unwrap().len()
    }

    #[test]
    fn calls_fill_one_connection_after_the_other_and_leave_room_behind() {
        let lanes = lanes(HttpVersion::Http2);
        let mut places: Vec<_> = (0..2 * ROOM).map(|_| lanes.enter().unwrap()).collect();
        assert_eq!(open(&lanes), 2);
        places.remove(0);
        places.push(lanes.enter().unwrap());
        assert_eq!(open(&lanes), 2, "there was room on the first");
        places.push(lanes.enter().unwrap());
        assert_eq!(open(&lanes), 3);
    }

    #[test]
    fn where_each_call_has_a_connection_one_client_makes_them_all() {
        let lanes = lanes(HttpVersion::Http1);
        let places: Vec<_> = (0..5 * ROOM).map(|_| lanes.enter().unwrap()).collect();
        assert_eq!((open(&lanes), places.len()), (1, 5 * ROOM));
    }
}

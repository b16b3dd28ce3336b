//! Local stand-ins for the platforms: a stateful, strict, fault-injecting Graph API with a login dialog, a ledger of
//! everything that became visible, and a timeline page with the pictures.
//!
//! One server plays the paths of all of Meta's hosts. What the platform refuses it refuses with the platform's code.
//! The admin API under `/_sandbox/` (document at `/_sandbox/openapi.json`) creates apps, people, Pages, accounts and
//! tokens, reads the ledger and scripts faults. See `docs/sandbox.md`.

mod admin;
mod app;
mod clock;
mod faults;
mod graph;
mod inbound;
mod ledger;
mod requests;
mod seed;
mod serve;
mod shared;
mod switches;
mod timeline;
mod world;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use url::Url;

pub use seed::{Seed, SeedAccount, SeedPage};

/// How a sandbox begins.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For load tests: pictures are neither fetched, checked nor kept (the ledger has their addresses without
    /// digests), and inbound calls are counted but not listed.
    pub light: bool,
    /// How long every Graph call takes. Half of it passes before the call takes effect, half after.
    pub latency: Duration,
    /// Whether the default app, person, Pages, accounts and tokens exist.
    pub seed: bool,
    /// Where the sandbox is reached from outside, for permalinks, picture addresses and links to next pages. Without
    /// it the `Host` header of each call decides.
    pub public_url: Option<Url>,
}

impl Default for Settings {
    /// Seeded, without latency.
    fn default() -> Self {
        Self { light: false, latency: Duration::ZERO, seed: true, public_url: None }
    }
}

/// Why a sandbox cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The HTTP client that fetches pictures could not be built.
    #[error("the client that fetches pictures could not be built")]
    Client(#[from] reqwest::Error),
}

/// A sandbox. Clones share their state.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<shared::Shared>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A new sandbox. The process needs a default crypto provider of rustls before.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self { shared: Arc::new(shared::Shared::new(settings)?) })
    }

    /// The whole application. Served by [`Sandbox::serve`], dropped connections are really dropped; any other server
    /// answers a bare 502 in their place.
    pub fn endpoint(&self) -> impl poem::Endpoint<Output = poem::Response> + 'static {
        app::App::new(Arc::clone(&self.shared))
    }

    /// Serves HTTP/1.1 and HTTP/2 on a listener until `shutdown` completes; calls that are open then have one second to end.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        serve::serve(self.endpoint(), listener, shutdown).await
    }

    /// The fixed ids, secret and tokens that a seeded sandbox begins with.
    #[must_use]
    pub fn seed(&self) -> Seed {
        Seed::new()
    }
}

//! What all connections share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::graph::endpoint::Endpoint;
use crate::ledger::Ledger;
use crate::requests::CallLog;
use crate::seed;
use crate::switches::Switches;
use crate::world::World;

/// No latency of its own.
const UNSET: u64 = u64::MAX;

/// The sandbox's state.
pub(crate) struct Shared {
    world: Mutex<World>,
    switches: Mutex<Switches>,
    pub(crate) ledger: Ledger,
    pub(crate) calls: CallLog,
    pub(crate) faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) client: reqwest::Client,
    /// Whether pictures are neither fetched nor kept, and calls are only counted.
    pub(crate) light: bool,
    pub(crate) seeded: bool,
    /// Where the sandbox is reached from outside, without a slash at the end; else the `Host` of each call says it.
    pub(crate) public_url: Option<String>,
    /// Milliseconds by endpoint; the first one is everybody's.
    latency: Vec<AtomicU64>,
}

impl Shared {
    /// A new state from the settings.
    pub(crate) fn new(settings: crate::Settings) -> Result<Self, reqwest::Error> {
        let latency: Vec<AtomicU64> = Endpoint::ALL.iter().map(|_| AtomicU64::new(UNSET)).collect();
        let shared = Self {
            world: Mutex::default(),
            switches: Mutex::default(),
            ledger: Ledger::default(),
            calls: CallLog::default(),
            faults: Faults::default(),
            clock: Clock::default(),
            client: crate::graph::fetch::client()?,
            light: settings.light,
            seeded: settings.seed,
            public_url: settings.public_url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            latency,
        };
        let ms = u64::try_from(settings.latency.as_millis()).unwrap_or(UNSET - 1);
        shared.set_latency(None, Some(ms));
        shared.replant();
        Ok(shared)
    }

    /// The world; held only while one call executes.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The switches.
    pub(crate) fn switches(&self) -> Switches {
        *self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the switches.
    pub(crate) fn set_switches(&self, switches: Switches) {
        *self.switches.lock().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    /// How long this endpoint takes.
    pub(crate) fn latency(&self, endpoint: Endpoint) -> Duration {
        let own = self.latency[endpoint as usize].load(Ordering::Relaxed);
        let ms =
            if own == UNSET { self.latency[Endpoint::Any as usize].load(Ordering::Relaxed) } else { own };
        Duration::from_millis(if ms == UNSET { 0 } else { ms })
    }

    /// Sets the latency of one endpoint or of all; `None` takes an endpoint's own latency away.
    pub(crate) fn set_latency(&self, endpoint: Option<Endpoint>, ms: Option<u64>) {
        let endpoint = endpoint.unwrap_or(Endpoint::Any);
        self.latency[endpoint as usize].store(ms.unwrap_or(UNSET), Ordering::Relaxed);
    }

    /// Begins a new world, with the seed if the settings say so.
    fn replant(&self) {
        let mut world = self.world();
        *world = World::beginning(self.clock.now());
        if self.seeded {
            seed::plant(&mut world, self.clock.now());
        }
    }

    /// Forgets everything but the settings: world, ledger, calls, faults, switches, clock, latencies of endpoints.
    pub(crate) fn reset(&self) {
        self.clock.set_offset(0);
        self.faults.clear();
        self.ledger.clear();
        self.calls.clear();
        self.set_switches(Switches::default());
        for latency in self.latency.iter().skip(1) {
            latency.store(UNSET, Ordering::Relaxed);
        }
        self.replant();
    }
}

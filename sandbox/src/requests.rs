//! The log of inbound calls: which endpoint, by which token's number, never the token or a query string.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use poem_openapi::Object;

use crate::graph::endpoint::Endpoint;

/// One inbound call.
#[derive(Debug, Clone, Object)]
#[oai(rename = "InboundCall", skip_serializing_if_is_none)]
pub(crate) struct Inbound {
    /// Counts up from 1.
    #[oai(default)]
    pub(crate) seq: u64,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// HTTP method.
    pub(crate) method: String,
    /// Path without the query string.
    pub(crate) path: String,
    /// What the sandbox took it for.
    pub(crate) endpoint: Endpoint,
    /// Page, account or person it is about.
    pub(crate) account_id: Option<String>,
    /// Number of the token it carried, if the sandbox knows that token.
    pub(crate) token_id: Option<u64>,
    /// Names of the faults that it met.
    pub(crate) faults: Vec<String>,
}

/// Calls are forgotten beyond this many; counts are not.
const KEEP: usize = 50_000;

/// The latest calls, and how many there were for each endpoint.
pub(crate) struct CallLog {
    counts: Vec<AtomicU64>,
    latest: Mutex<VecDeque<Inbound>>,
    total: AtomicU64,
}

impl Default for CallLog {
    fn default() -> Self {
        let counts = Endpoint::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        Self { counts, latest: Mutex::default(), total: AtomicU64::new(0) }
    }
}

impl CallLog {
    /// Counts a call.
    pub(crate) fn count(&self, endpoint: Endpoint) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.counts[endpoint as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Remembers a call that was counted.
    pub(crate) fn remember(&self, mut call: Inbound) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        call.seq = latest.back().map_or(1, |last| last.seq + 1);
        latest.push_back(call);
        if latest.len() > KEEP {
            latest.pop_front();
        }
    }

    /// Calls after number `since`, oldest first.
    pub(crate) fn read(&self, since: u64, endpoint: Option<Endpoint>, limit: usize) -> Vec<Inbound> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |call: &&Inbound| call.seq > since && endpoint.is_none_or(|name| name == call.endpoint);
        latest.iter().filter(wanted).take(limit).cloned().collect()
    }

    /// How many calls each endpoint got, in the order of the endpoint table; endpoints without calls are left out.
    pub(crate) fn counts(&self) -> Vec<(Endpoint, u64)> {
        let counts = Endpoint::ALL.iter().zip(&self.counts);
        counts.map(|(name, n)| (*name, n.load(Ordering::Relaxed))).filter(|(_, n)| *n > 0).collect()
    }

    /// How many calls there were in all.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.total.store(0, Ordering::Relaxed);
        for count in &self.counts {
            count.store(0, Ordering::Relaxed);
        }
    }
}

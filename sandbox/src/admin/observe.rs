//! Reading what happened: the ledger, the inbound calls, the seed.

use std::sync::Arc;

use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::reply::{Reply, id};
use crate::graph::endpoint::Endpoint;
use crate::ledger::EntryView;
use crate::requests::Inbound;
use crate::seed::Seed;
use crate::shared::Shared;

/// Reads what happened.
pub(super) struct Observe(pub(super) Arc<Shared>);

/// A part of the ledger.
#[derive(Object)]
struct LedgerPage {
    /// Entries, oldest first.
    entries: Vec<EntryView>,
    /// How many entries there are in all, of the Page or account that was asked for.
    total: u64,
}

/// Inbound calls.
#[derive(Object)]
struct Calls {
    /// The latest calls, oldest first; empty in light mode.
    #[oai(rename = "calls")]
    latest: Vec<Inbound>,
    /// How many calls there were for each endpoint.
    counts: Vec<Count>,
    /// How many calls there were in all.
    total: u64,
}

/// How many calls an endpoint got.
#[derive(Object)]
struct Count {
    /// The endpoint.
    endpoint: Endpoint,
    /// How many.
    calls: u64,
}

#[OpenApi]
impl Observe {
    /// Everything that became visible, in order.
    #[oai(path = "/ledger", method = "get", operation_id = "read_ledger")]
    async fn ledger(
        &self,
        /// Only this Page or account.
        account: Query<Option<String>>,
        /// Only entries with a higher number.
        #[oai(default)]
        since: Query<u64>,
        /// At most this many.
        #[oai(default = "thousand", validator(maximum(value = "100000")))]
        limit: Query<u32>,
    ) -> Reply<LedgerPage> {
        let account = account.0.as_deref().map(id).transpose()?;
        let entries = self.0.ledger.read(account, since.0, limit.0 as usize);
        let entries = entries.iter().map(|entry| EntryView::from(&**entry)).collect();
        Ok(Json(LedgerPage { entries, total: self.0.ledger.count(account) as u64 }))
    }

    /// Inbound Graph calls and their counts.
    #[oai(path = "/requests", method = "get", operation_id = "read_requests")]
    async fn requests(
        &self,
        /// Only this endpoint.
        endpoint: Query<Option<Endpoint>>,
        /// Only calls with a higher number.
        #[oai(default)]
        since: Query<u64>,
        /// At most this many.
        #[oai(default = "thousand", validator(maximum(value = "100000")))]
        limit: Query<u32>,
    ) -> Reply<Calls> {
        let log = &self.0.calls;
        let counts = log.counts().into_iter().map(|(endpoint, calls)| Count { endpoint, calls }).collect();
        let latest = log.read(since.0, endpoint.0, limit.0 as usize);
        Ok(Json(Calls { latest, counts, total: log.total() }))
    }

    /// The fixed ids, secret and tokens of the seed.
    #[oai(path = "/seed", method = "get", operation_id = "read_seed")]
    async fn seed(&self) -> Json<Seed> {
        Json(Seed::new())
    }
}

fn thousand() -> u32 {
    1_000
}

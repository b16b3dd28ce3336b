//! What is known about one request, shared by the layers it passes.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU8, AtomicU64, Ordering},
};

use poem::Request;
use tenancy::{Caller, client::Client};

use crate::problem::{Code, Problem};

tenancy::ids! {
    /// One request.
    Sent => "req" as RequestId;
}

/// Why the body of a request cannot be used, whatever the reader of it reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoilt {
    /// It is larger than the limit.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
}

/// One request.
#[derive(Debug)]
pub struct Context {
    /// Its id, returned as `X-Request-Id`.
    pub id: String,
    /// The device it came from.
    pub client: Client,
    caller: OnceLock<Arc<Caller>>,
    origins: OnceLock<Vec<String>>,
    template: OnceLock<Arc<str>>,
    rate: OnceLock<crate::traffic::Allowance>,
    spoilt: AtomicU8,
    received: AtomicU64,
}

impl Context {
    /// A new request.
    pub fn new(client: Client) -> Self {
        Self {
            id: RequestId::new().to_string(),
            client,
            caller: OnceLock::new(),
            origins: OnceLock::new(),
            template: OnceLock::new(),
            rate: OnceLock::new(),
            spoilt: AtomicU8::new(0),
            received: AtomicU64::new(0),
        }
    }

    /// The context that [`crate::traffic::frame`] gave the request.
    pub fn of(request: &Request) -> Result<&Arc<Self>, Problem> {
        request.data::<Arc<Self>>().ok_or_else(|| Problem::internal("a request has no context"))
    }

    /// Who sent it, once that is known.
    pub fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.get()
    }

    /// Remembers who sent it.
    pub fn identify(&self, caller: Caller) -> Arc<Caller> {
        Arc::clone(self.caller.get_or_init(|| Arc::new(caller)))
    }

    /// The origins that the caller's API key lists.
    pub fn origins(&self) -> &[String] {
        self.origins.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// Remembers those origins.
    pub fn allow_origins(&self, origins: Vec<String>) {
        self.origins.get_or_init(|| origins);
    }

    /// The template of its path, or `-` when it matched none. The path itself is never logged: it holds ids.
    pub fn template(&self) -> &str {
        self.template.get().map_or("-", |template| template)
    }

    /// Remembers the template.
    pub fn route(&self, template: &Arc<str>) {
        self.template.get_or_init(|| Arc::clone(template));
    }

    /// What is left of the caller's quota, once it was counted.
    pub fn rate(&self) -> Option<&crate::traffic::Allowance> {
        self.rate.get()
    }

    /// Remembers what is left of the quota.
    pub fn count(&self, allowance: crate::traffic::Allowance) {
        self.rate.get_or_init(|| allowance);
    }

    /// Adds to the bytes of the body that arrived; returns the sum.
    pub fn receive(&self, bytes: u64) -> u64 {
        self.received.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// The bytes of the body that arrived.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Marks the body as unusable.
    pub fn spoil(&self, reason: Spoilt) {
        self.spoilt.store(if reason == Spoilt::TooLarge { 1 } else { 2 }, Ordering::Relaxed);
    }

    /// The problem that explains an unusable body; it wins over whatever the reader of the body made of it.
    pub fn spoilt(&self) -> Option<Problem> {
        match self.spoilt.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Problem::of(Code::BodyTooLarge)),
            _ => Some(Problem::of(Code::RequestTimeout)),
        }
    }
}

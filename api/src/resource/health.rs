//! Whether the process is alive and ready, and the keys that sign access tokens.

use std::sync::Arc;

use async_trait::async_trait;
use poem_openapi::{Object, OpenApi, types::Any};
use serde_json::Value;

use super::Chapter;
use crate::{
    answer::Found,
    problem::{Answer, Code, Problem},
};

/// Tells whether what the process depends on answers.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Whether requests can be served now. Answers within a second.
    async fn is_ready(&self) -> bool;
}

/// The state of the process.
#[derive(Object)]
struct Health {
    /// Always `ok`.
    status: String,
}

impl Health {
    fn ok() -> Found<Self> {
        Found::plain(Self { status: "ok".to_owned() })
    }
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Object)]
struct KeySet {
    /// The public keys.
    keys: Vec<Any<Value>>,
}

/// The process itself.
pub struct HealthResource {
    /// Knows whether the process is ready.
    pub readiness: Arc<dyn Readiness>,
    /// The public keys of access tokens: a JSON Web Key Set.
    pub key_set: Value,
}

#[OpenApi(tag = "Chapter::Deployment")]
impl HealthResource {
    /// Whether the process is alive
    #[oai(path = "/healthz", method = "get", operation_id = "getHealth")]
    #[expect(clippy::unused_async, reason = "the framework calls async handlers only")]
    async fn health(&self) -> Answer<Found<Health>> {
        Ok(Health::ok())
    }

    /// Whether the process can serve requests
    #[oai(path = "/readyz", method = "get", operation_id = "getReadiness")]
    async fn readiness(&self) -> Answer<Found<Health>> {
        if self.readiness.is_ready().await { Ok(Health::ok()) } else { Err(Problem::of(Code::Unavailable)) }
    }

    /// The public keys that sign access tokens
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getKeySet")]
    #[expect(clippy::unused_async, reason = "the framework calls async handlers only")]
    async fn key_set(&self) -> Answer<Found<KeySet>> {
        let keys = self.key_set["keys"].as_array().cloned().unwrap_or_default();
        Ok(Found::plain(KeySet { keys: keys.into_iter().map(Any).collect() }))
    }
}

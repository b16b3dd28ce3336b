//! The request log. This struct is all of it: no body, query string, header, path or address ever gets there.

use std::time::Duration;

use hmac::{Hmac, Mac};
use poem::http::{Method, StatusCode};
use sha2::Sha256;
use tenancy::{Actor, Caller};

use crate::{keyed::keyed, request::Context};

/// Turns callers into pseudonyms that only the holder of the key can link to them.
#[derive(Clone)]
pub struct Pseudonyms(Hmac<Sha256>);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    /// With the deployment's key for log pseudonyms. Changing it cuts the link to older logs.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(keyed(key))
    }

    fn of(&self, caller: &Caller) -> String {
        let mut mac = self.0.clone();
        match caller.actor {
            Actor::Member { person, .. } => mac.update(person.uuid().as_bytes()),
            Actor::ApiKey { key, .. } => mac.update(key.uuid().as_bytes()),
        }
        let mut half = [0; 8];
        half.copy_from_slice(&mac.finalize().into_bytes()[..8]);
        format!("{:016x}", u64::from_be_bytes(half))
    }
}

/// Writes the line of one request. The time is the subscriber's.
pub(super) fn write(
    context: &Context,
    pseudonyms: &Pseudonyms,
    method: &Method,
    status: StatusCode,
    took: Duration,
    sent: Option<u64>,
) {
    let actor = context.caller().map_or_else(|| "-".to_owned(), |caller| pseudonyms.of(caller));
    tracing::info!(
        target: "postern::request",
        method = %known(method),
        route = context.template(),
        status = status.as_u16(),
        latency_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        bytes_in = context.received(),
        bytes_out = sent,
        request_id = context.id,
        actor,
        "request"
    );
}

/// Callers may invent methods; those are not logged either.
pub(super) fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

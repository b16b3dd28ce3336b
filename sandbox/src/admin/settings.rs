//! Latency, switches, clock, reset.

use std::sync::Arc;

use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::reply::{Done, done};
use crate::graph::endpoint::Endpoint;
use crate::shared::Shared;
use crate::switches::Switches;

/// Sets how the sandbox behaves.
pub(super) struct Control(pub(super) Arc<Shared>);

/// How long calls take.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Latency {
    /// Milliseconds. Half passes before the call takes effect, half after.
    #[oai(validator(maximum(value = "600000")))]
    ms: u64,
    /// Only this endpoint; every endpoint without a latency of its own when absent.
    endpoint: Option<Endpoint>,
}

/// How far the sandbox's clock is ahead.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct Offset {
    /// Milliseconds; tokens and containers expire by this clock.
    #[oai(validator(minimum(value = "-3.2e12"), maximum(value = "3.2e12")))]
    offset_ms: i64,
}

/// The sandbox's time.
#[derive(Object)]
struct Time {
    /// Milliseconds since the Unix epoch, offset included.
    now_ms: i64,
    /// Milliseconds ahead of the system's clock.
    offset_ms: i64,
}

#[OpenApi]
impl Control {
    /// Sets the latency of all endpoints or of one.
    #[oai(path = "/latency", method = "put", operation_id = "set_latency")]
    async fn latency(&self, latency: Json<Latency>) -> Json<Done> {
        self.0.set_latency(latency.0.endpoint, Some(latency.0.ms));
        done()
    }

    /// The switches.
    #[oai(path = "/switches", method = "get", operation_id = "read_switches")]
    async fn switches(&self) -> Json<Switches> {
        Json(self.0.switches())
    }

    /// Replaces all switches; those that are left out get their defaults.
    #[oai(path = "/switches", method = "put", operation_id = "set_switches")]
    async fn set_switches(&self, switches: Json<Switches>) -> Json<Switches> {
        self.0.set_switches(switches.0);
        switches
    }

    /// The sandbox's time.
    #[oai(path = "/clock", method = "get", operation_id = "read_clock")]
    async fn clock(&self) -> Json<Time> {
        Json(Time { now_ms: self.0.clock.now(), offset_ms: self.0.clock.offset() })
    }

    /// Moves the sandbox's clock.
    #[oai(path = "/clock", method = "put", operation_id = "set_clock")]
    async fn set_clock(&self, offset: Json<Offset>) -> Json<Time> {
        self.0.clock.set_offset(offset.0.offset_ms);
        Json(Time { now_ms: self.0.clock.now(), offset_ms: self.0.clock.offset() })
    }

    /// Forgets everything that was made or scripted; the seed is there again. The general latency stays.
    #[oai(path = "/reset", method = "post", operation_id = "reset")]
    async fn reset(&self) -> Json<Done> {
        self.0.reset();
        done()
    }
}

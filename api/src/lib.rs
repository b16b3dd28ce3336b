//! The REST API: one typed, versioned document, and handlers that do what it says.
//!
//! A request passes [`traffic::frame`] (id, limits, log, headers), the router, [`request::Guarded`] (who calls, quota,
//! parameters, body, idempotency key, all checked against the [`mod@document`]) and then its handler, which calls a use case.
//! Every error on the way is a [`problem::Problem`].
#![forbid(unsafe_code)]

pub mod answer;
pub mod document;
pub mod export;
mod keyed;
pub mod metrics;
pub mod problem;
pub mod publish;
pub mod request;
pub mod resource;
pub mod service;
pub mod strict;
pub mod traffic;
pub mod value;

pub use publish::publish;
pub use service::{Resources, Settings, UseCases, api, document};

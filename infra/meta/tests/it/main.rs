//! The adapter against servers that answer by script, where every request is seen byte by byte, and against the sandbox,
//! which knows what became public.
#![expect(clippy::unwrap_used, reason = "a test whose stage cannot be set up ends there")]

mod against_sandbox;
mod batch;
mod instagram;
mod log;
mod login;
mod lost_preparation;
mod multiplexed;
mod page;
mod privacy;
mod quota;
mod refusals;
mod rig;
mod script;
mod sign_in;
mod stage;
mod transport;
mod wire;

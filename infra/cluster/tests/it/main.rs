//! Real servers, started, killed, shared, downloaded and refused.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the set-up of a test may fail like the test itself"
)]

mod download;
mod mirror;
mod refuse;
mod share;
mod stage;
mod survive;

//! The sandbox over real HTTP: one file per story.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod faults;
mod harness;
mod instagram;
mod limits;
mod oauth;
mod page;
mod strictness;
mod timeline;
mod vanish;

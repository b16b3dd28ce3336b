//! Postern: a headless back end for social publishing. This crate wires the others together and is the one binary.
#![forbid(unsafe_code)]

pub mod command;
mod config;
mod demo;
mod logging;
mod runtime;
mod wiring;

pub use runtime::{Roles, Runtime, StartError};

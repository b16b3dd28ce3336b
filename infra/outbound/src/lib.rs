//! Outbound: the one way out to addresses that users give us.
//!
//! It reaches the public internet and nothing else: addresses are judged after resolution, at the moment of connecting, so that
//! neither an odd spelling, nor a redirect, nor a name that changes its mind leads into the private network.
#![forbid(unsafe_code)]

mod address;
mod fetcher;
mod guard;
mod target;

pub use address::is_global;
pub use fetcher::{Limits, Outbound, SetupError};
pub use guard::{Lookup, SystemLookup};
pub use target::{AllowedHost, NotAHost};

//! The time, as a port.

use chrono::{DateTime, Utc};

/// Tells the time. Rules take the time as a value; only use cases ask for it.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

//! What every store answers when it cannot do its work.

/// Why a store did not do its work. The texts name columns and constraints, never values.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum StoreError {
    /// Not reachable or too busy; trying again later makes sense.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Another row stands in the way; names the constraint.
    #[error("the write conflicts with another: {0}")]
    Conflict(String),
    /// What was read cannot be what was written; names the column.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
}

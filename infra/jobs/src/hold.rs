//! A claimed row in hand, with the slot it occupies.

use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

/// A claimed row. Its slot is free again when it is dropped.
pub struct Held<R> {
    /// The row.
    pub row: R,
    /// Just before the claim was asked for: any deadline that began with the claim began no earlier.
    pub asked_at: Instant,
    /// Just after the claim came back: durations in the row, counted by the database, count from here at the latest.
    pub claimed_at: Instant,
    pub(crate) _slot: OwnedSemaphorePermit,
}

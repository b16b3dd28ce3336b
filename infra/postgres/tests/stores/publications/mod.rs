//! Publications: claims, permits, records, and what the table itself refuses.

mod backlog;
mod claim;
mod disconnected;
mod fairness;
mod fence;
mod permit;
mod record;
mod result;
mod shape;
pub(crate) mod stage;

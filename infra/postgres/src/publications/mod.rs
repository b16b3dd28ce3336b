//! Publications: the queue that workers claim from, and the rows that people read.

mod backlog;
mod claim;
mod hold;
mod queue;
mod record;
pub(crate) mod row;

pub use backlog::PgBacklogStore;
pub use queue::PgPublicationQueue;
pub(crate) use queue::wake;

/// The channel that is notified when a step may have become due.
pub const WAKE_CHANNEL: &str = "postern_publications";

//! When channels publish: the posting schedules of workspaces and channels, the queues that fill their slots, and the hours that
//! did best.
//!
//! The rules are those of [`scheduling`]; here is who may ask for what, and what is kept. A post joins a queue with
//! [`Posts::enqueue`](crate::post::Posts::enqueue).

mod best_times;
mod change;
mod queue;
mod schedules;
pub mod store;

use std::sync::Arc;

pub use best_times::{BestTimes, Insights};
pub use change::QueueChange;
pub use queue::{ChannelQueue, QueuePart};
pub use schedules::{ChannelPosting, WorkspacePosting};

/// The use cases of posting schedules and queues.
pub struct Posting {
    /// Schedules and queues.
    pub store: Arc<dyn store::PostingStore>,
    /// How earlier posts did.
    pub insights: Arc<dyn Insights>,
    /// Draws the order of a shuffle.
    pub random: Arc<dyn tenancy::Random>,
}

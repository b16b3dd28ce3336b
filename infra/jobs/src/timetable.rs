//! The timetable: every sweep, how often it runs, and nothing about what it does.
//!
//! Every process runs every entry. That is safe because sweeps claim what they work on or delete what is past its time; two
//! at once do half each.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

/// What a sweep did: how many rows, or why it stopped.
pub type Swept = Result<u64, String>;

type Sweep = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Swept> + Send>> + Send + Sync>;

/// One line of the timetable.
#[derive(Clone)]
pub struct Entry {
    name: &'static str,
    every: Duration,
    sweep: Sweep,
}

impl Entry {
    /// A sweep that runs at the start and then `every` so often.
    pub fn new<F, Fut>(name: &'static str, every: Duration, sweep: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Swept> + Send + 'static,
    {
        Self { name, every, sweep: Arc::new(move || Box::pin(sweep())) }
    }

    async fn run(self, shutdown: CancellationToken) {
        let mut tick = tokio::time::interval(self.every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = tick.tick() => {}
            }
            match (self.sweep)().await {
                Ok(0) => tracing::debug!(sweep = self.name, "nothing to sweep"),
                Ok(rows) => {
                    metrics::counter!("postern_swept_total", "sweep" => self.name).increment(rows);
                    tracing::info!(sweep = self.name, rows, "swept");
                }
                Err(error) => tracing::warn!(sweep = self.name, error, "a sweep stopped"),
            }
        }
    }
}

/// Runs the timetable until shutdown.
pub async fn run(entries: Vec<Entry>, shutdown: CancellationToken) {
    let mut running = tokio::task::JoinSet::new();
    for entry in entries {
        running.spawn(entry.run(shutdown.clone()));
    }
    while running.join_next().await.is_some() {}
}

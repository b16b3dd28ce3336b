//! The publishing workers: one per queue, the same claims, slots and records.

mod follow_up;
mod keeper;
mod line;
mod source;
mod standing;
mod steps;

use std::{sync::Arc, time::Duration};

use apalis::{layers::WorkerBuilderExt, prelude::WorkerBuilder};
use publishing::{
    queue::{Claimed, PublicationQueue, Queue, WorkerId},
    step::Steps,
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    backend::{Capacity, DueBackend},
    batch::{Batches, LINGER},
    recorder::Recorder,
    source::DueRows,
    wake::Bell,
};
use follow_up::FollowUps;
use keeper::Keeper;
use line::Line;
use source::QueueSource;
use standing::Standing;
use steps::Step;

/// How much one worker process takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most permits in hand, waiting for their second or being sent. Some for each call at once, so that none waits for a claim,
    /// and no more than are sent within the send window.
    pub permits: usize,
    /// Most irreversible calls at once.
    pub sends: usize,
    /// Most preparations at once.
    pub preparations: usize,
    /// Most looks at once.
    pub looks: usize,
    /// Most follow-ups at once. Many, because the platform takes fifty in one call.
    pub follow_ups: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { permits: 6_144, sends: 2_048, preparations: 256, looks: 128, follow_ups: 512 }
    }
}

impl Limits {
    /// Calls at once.
    const fn at_once(&self, queue: Queue) -> usize {
        match queue {
            Queue::Preparation => self.preparations,
            Queue::Permit => self.sends,
            Queue::Look => self.looks,
            Queue::FollowUp => self.follow_ups,
        }
    }

    /// More rows than calls at once: a claim brings many, and the next ones are at hand when a call ends.
    const fn capacity(&self, queue: Queue) -> Capacity {
        // Permits have a second's lead: a claim every 50 ms is early enough, and has more rows to share its cost.
        let (rows, batch, pace) = match queue {
            Queue::Preparation => (4 * self.preparations, 1_000, Duration::from_millis(10)),
            Queue::Permit => (self.permits, 2_000, Duration::from_millis(50)),
            Queue::Look => (4 * self.looks, 500, Duration::from_millis(50)),
            Queue::FollowUp => (2 * self.follow_ups, 500, Duration::from_millis(50)),
        };
        Capacity { rows, batch, pace }
    }
}

/// Gives back what was claimed and not used, many at once: a stop in a busy second hands thousands on.
fn returns(source: &Arc<QueueSource>) -> Batches<Claimed> {
    let source = source.clone();
    Batches::start(move |rows| {
        let source = source.clone();
        async move { source.give_back(rows).await }
    })
}

/// The publishing workers of one process.
pub struct PublishingWorkers {
    /// The queue.
    pub queue: Arc<dyn PublicationQueue>,
    /// What to do with a claimed publication.
    pub steps: Arc<Steps>,
    /// This process.
    pub worker: WorkerId,
    /// How much it takes on.
    pub limits: Limits,
    /// Rings when something may be due.
    pub bell: Bell,
}

/// What the workers of one process share.
struct Shared {
    recorder: Recorder,
    patient: Recorder,
    early: Standing,
    permits: Standing,
    keeper: Keeper,
    asking: Arc<Semaphore>,
    follow_ups: Arc<FollowUps>,
    shutdown: CancellationToken,
}

impl PublishingWorkers {
    /// Works until shutdown, then hands back what was not begun and finishes what was. Ends when nothing is in hand; callers
    /// bound the wait, and what is cut off is found again by its lease or its permit.
    pub async fn run(self, shutdown: CancellationToken) {
        let shared = self.share(shutdown.clone());
        let mut workers = JoinSet::new();
        for queue in Queue::ALL {
            let source = Arc::new(QueueSource { rows: self.queue.clone(), queue, worker: self.worker });
            let capacity = self.limits.capacity(queue);
            let backend = DueBackend::start(source.clone(), capacity, &self.bell, shutdown.clone());
            let step = self.step(source, &shared);
            let name = format!("{}-{:x}", step.source.name(), self.worker.0);
            let worker = WorkerBuilder::new(name)
                .backend(backend)
                .concurrency(capacity.rows)
                .data(Arc::new(step))
                .build(steps::handle);
            let over = shutdown.clone();
            workers.spawn(async move {
                let signal = async move {
                    over.cancelled().await;
                    Ok::<(), std::io::Error>(())
                };
                if let Err(error) = worker.run_until(signal).await {
                    tracing::error!(%error, ?queue, "a publishing worker ended");
                }
            });
        }
        drop(shared);
        while workers.join_next().await.is_some() {}
    }

    fn share(&self, shutdown: CancellationToken) -> Shared {
        let patient = Recorder::patient(self.queue.clone());
        let asking = Arc::new(Semaphore::new(self.limits.follow_ups));
        let claims = Standing::start(self.queue.clone(), Queue::FollowUp, follow_up::LINGER);
        Shared {
            recorder: Recorder::start(self.queue.clone()),
            early: Standing::start(self.queue.clone(), Queue::Permit, steps::EARLY_LINGER),
            permits: Standing::start(self.queue.clone(), Queue::Permit, LINGER),
            keeper: Keeper::start(self.queue.clone(), self.steps.timing.lease, shutdown.clone()),
            follow_ups: FollowUps::new(
                self.steps.clone(),
                claims,
                patient.clone(),
                asking.clone(),
                shutdown.clone(),
            ),
            patient,
            asking,
            shutdown,
        }
    }

    fn step(&self, source: Arc<QueueSource>, shared: &Shared) -> Step {
        let follows = source.queue == Queue::FollowUp;
        let turns = if follows {
            shared.asking.clone()
        } else {
            Arc::new(Semaphore::new(self.limits.at_once(source.queue)))
        };
        Step {
            steps: self.steps.clone(),
            recorder: if follows { shared.patient.clone() } else { shared.recorder.clone() },
            keeper: shared.keeper.clone(),
            returns: returns(&source),
            early: shared.early.clone(),
            permits: shared.permits.clone(),
            line: Line::new(turns.clone()),
            turns,
            follow_ups: shared.follow_ups.clone(),
            shutdown: shared.shutdown.clone(),
            source,
        }
    }
}

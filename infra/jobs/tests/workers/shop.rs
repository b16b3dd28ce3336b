//! Workers over a queue in memory and a platform that remembers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use jobs::publishing::{Limits, PublishingWorkers};
use publishing::{
    id::{ChannelId, MediaId, PublicationId},
    media::links::MediaLinks,
    platform::Platform,
    publisher::Publisher,
    queue::{Claim, Next, Queue, WorkerId},
    step::{Revocations, Steps, nobody},
    timing::Timing,
};
use tenancy::{Clock, testing::FakeVault};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::{
    history::History,
    memory_queue::{Happened, MemoryQueue},
    platform::Stand,
};

/// Pauses short enough for tests; their order is the real one.
pub(crate) const TIMING: Timing = Timing {
    picture_lead: Duration::from_millis(200),
    permit_lead: Duration::from_millis(100),
    send_window: Duration::from_millis(150),
    publish_timeout: Duration::from_secs(5),
    lease: Duration::from_millis(90),
    check_pause: Duration::from_millis(10),
    look_pause: Duration::from_millis(10),
    settle: Duration::from_secs(10),
    settle_definite: Duration::from_secs(10),
    look_deadline: Duration::from_mins(1),
    follow_up_pause: Duration::from_millis(10),
    max_backoff: Duration::from_secs(1),
};

struct Nobody;

#[async_trait]
impl Revocations for Nobody {
    async fn refused(&self, _: ChannelId, _: Uuid) {}
}

impl MediaLinks for Nobody {
    fn link(&self, _: MediaId, _: Uuid, _: DateTime<Utc>) -> Url {
        unreachable!("captions have no pictures")
    }
}

impl Clock for Nobody {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A process of workers.
pub(crate) struct Shop {
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) platform: Arc<Stand>,
    pub(crate) history: Arc<History<Happened>>,
    pub(crate) shutdown: CancellationToken,
    timing: Timing,
}

impl Shop {
    pub(crate) fn set() -> Self {
        Self::with(TIMING)
    }

    pub(crate) fn with(timing: Timing) -> Self {
        let queue = Arc::new(MemoryQueue::default());
        let history = queue.history.clone();
        Self {
            platform: Stand::new(history.clone()),
            queue,
            history,
            shutdown: CancellationToken::new(),
            timing,
        }
    }

    /// Opens: the workers begin.
    pub(crate) fn open(&self, limits: Limits) -> JoinHandle<()> {
        let publisher: Arc<dyn Publisher> = self.platform.clone();
        let steps = Steps {
            witness: nobody,
            revocations: Arc::new(Nobody),
            publishers: [(Platform::Facebook, publisher)].into(),
            vault: Arc::new(FakeVault),
            links: Arc::new(Nobody),
            timing: self.timing,
            clock: Arc::new(Nobody),
            jitter: || 0.0,
            link_life: Duration::from_mins(1),
        };
        let workers = PublishingWorkers {
            queue: self.queue.clone(),
            steps: Arc::new(steps),
            worker: WorkerId(7),
            limits,
            bell: self.queue.bell.clone(),
        };
        tokio::spawn(workers.run(self.shutdown.clone()))
    }

    /// Closes and waits until nothing is in hand.
    pub(crate) async fn close(&self, open: JoinHandle<()>) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(30), open).await.expect("the workers did not end").unwrap();
    }

    /// Waits until the platform was told this about a publication.
    pub(crate) async fn until_told(&self, verb: &'static str, id: PublicationId) {
        self.history.until(verb, |events| events.iter().any(|event| is_told(event, verb, id))).await;
    }

    /// Waits until these publications are permitted.
    pub(crate) async fn until_permitted(&self, ids: &[PublicationId]) {
        let permitted = |events: &[Happened], id: &PublicationId| {
            events
                .iter()
                .any(|e| matches!(e, Happened::Claimed(Queue::Permit, claim) if claim.publication == *id))
        };
        self.history.until("they are permitted", |events| ids.iter().all(|id| permitted(events, id))).await;
    }

    /// How often the platform was told this about a publication.
    pub(crate) fn told(&self, verb: &'static str, id: PublicationId) -> usize {
        self.history.count(|event| is_told(event, verb, id))
    }

    /// Waits until as many results of a publication are written.
    pub(crate) async fn until_recorded(&self, id: PublicationId, count: usize) {
        self.history.until("a result is written", |events| recorded(events, id).len() >= count).await;
    }

    /// Where the written results of a publication led, in order.
    pub(crate) fn recorded(&self, id: PublicationId) -> Vec<Next> {
        recorded(&self.history.events(), id)
    }

    /// The claims of a publication that came back.
    pub(crate) fn given_back(&self, id: PublicationId) -> Vec<Claim> {
        let of_it = |event: Happened| match event {
            Happened::GivenBack(claim) if claim.publication == id => Some(claim),
            _ => None,
        };
        self.history.events().into_iter().filter_map(of_it).collect()
    }
}

fn is_told(event: &Happened, verb: &str, id: PublicationId) -> bool {
    matches!(event, Happened::Told(said, of, _) if *said == verb && *of == id)
}

fn recorded(events: &[Happened], id: PublicationId) -> Vec<Next> {
    let outcomes = |event: &Happened| match event {
        Happened::Recorded(outcomes) => outcomes.clone(),
        _ => vec![],
    };
    let all = events.iter().flat_map(outcomes);
    all.filter(|outcome| outcome.claim.publication == id).map(|outcome| outcome.next).collect()
}

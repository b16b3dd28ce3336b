//! A platform that remembers, answers when it is let, and makes a step panic where it is told to.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Instant,
};

use async_trait::async_trait;
use publishing::{
    id::PublicationId,
    publisher::{Finding, Handles, Live, Notebook, PrepareError, Published, Publisher, Readiness, Work},
    refusal::Refusal,
};
use tokio::sync::Semaphore;
use url::Url;

use crate::{history::History, memory_queue::Happened};

pub(crate) struct Stand {
    history: Arc<History<Happened>>,
    /// Every answer to these verbs needs one of these.
    pub(crate) gates: [(&'static str, Semaphore); 2],
    /// What makes the step panic.
    pub(crate) cursed: Mutex<BTreeSet<PublicationId>>,
}

impl Stand {
    pub(crate) fn new(history: Arc<History<Happened>>) -> Arc<Self> {
        let open = || Semaphore::new(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            history,
            gates: [("prepare", open()), ("publish", open())],
            cursed: Mutex::default(),
        })
    }

    fn gate(&self, verb: &'static str) -> Option<&Semaphore> {
        self.gates.iter().find(|(name, _)| *name == verb).map(|(_, gate)| gate)
    }

    /// Keeps the answers to a verb back.
    pub(crate) fn close(&self, verb: &'static str) {
        self.gate(verb).unwrap().forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets all answers out.
    pub(crate) fn open(&self, verb: &'static str) {
        self.gate(verb).unwrap().add_permits(1_000);
    }

    async fn told(&self, verb: &'static str, work: &Work) {
        self.history.add(Happened::Told(verb, work.publication, Instant::now()));
        assert!(!self.cursed.lock().unwrap().remove(&work.publication), "a step panics, as it was told to");
        if let Some(gate) = self.gate(verb) {
            gate.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl Publisher for Stand {
    async fn prepare(&self, work: &Work, _: &dyn Notebook) -> Result<Handles, PrepareError> {
        self.told("prepare", work).await;
        Ok(work.handles.clone())
    }

    async fn check(&self, _: &Work) -> Result<Readiness, Refusal> {
        Ok(Readiness::Ready)
    }

    async fn publish(&self, work: &Work) -> Published {
        self.told("publish", work).await;
        Published::Live(Live { id: work.publication.to_string(), permalink: None })
    }

    async fn find_published(&self, work: &Work) -> Finding {
        self.told("look", work).await;
        Finding::Live(Live { id: work.publication.to_string(), permalink: None })
    }

    async fn permalink(&self, work: &Work, id: &str) -> Result<Option<Url>, Refusal> {
        self.told("permalink", work).await;
        Ok(Some(format!("https://social.example/{id}").parse().unwrap()))
    }
}

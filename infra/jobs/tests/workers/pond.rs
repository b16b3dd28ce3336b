//! A source of due rows that remembers.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jobs::source::{DueRows, SourceUnavailable};
use tokio::{sync::Semaphore, time::Instant};

use crate::history::History;

/// What was asked of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// At most so many rows, and so many it gave.
    Claim { at: Instant, limit: usize, given: usize },
    /// These rows came back.
    GivenBack(Vec<u32>),
}

pub(crate) struct Pond {
    pub(crate) rows: Mutex<VecDeque<u32>>,
    pub(crate) next_due: Mutex<Option<Duration>>,
    /// How many more questions go unanswered.
    pub(crate) outages: AtomicUsize,
    /// Each claim needs one of these.
    pub(crate) gate: Semaphore,
    pub(crate) history: History<Asked>,
}

impl Pond {
    /// A pond that holds these rows.
    pub(crate) fn with(rows: std::ops::Range<u32>) -> Arc<Self> {
        Arc::new(Self {
            rows: Mutex::new(rows.collect()),
            next_due: Mutex::default(),
            outages: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            history: History::default(),
        })
    }

    /// Waits for the nth claim and says when it was asked for.
    pub(crate) async fn claim(&self, n: usize) -> (Instant, usize) {
        self.history.until("another claim", |asked| claims(asked).len() >= n).await;
        claims(&self.history.events())[n - 1]
    }

    /// The limits of all claims so far.
    pub(crate) fn limits(&self) -> Vec<usize> {
        claims(&self.history.events()).into_iter().map(|(_, limit)| limit).collect()
    }

    fn answers(&self) -> Result<(), SourceUnavailable> {
        let less = |left: usize| left.checked_sub(1);
        match self.outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err(SourceUnavailable),
            Err(_) => Ok(()),
        }
    }
}

fn claims(asked: &[Asked]) -> Vec<(Instant, usize)> {
    let claim = |asked: &Asked| match asked {
        Asked::Claim { at, limit, .. } => Some((*at, *limit)),
        Asked::GivenBack(_) => None,
    };
    asked.iter().filter_map(claim).collect()
}

#[async_trait]
impl DueRows for Pond {
    type Row = u32;

    fn name(&self) -> &'static str {
        "pond"
    }

    async fn claim(&self, limit: usize) -> Result<Vec<u32>, SourceUnavailable> {
        let at = Instant::now();
        self.gate.acquire().await.unwrap().forget();
        let answer = self.answers().map(|()| {
            let mut rows = self.rows.lock().unwrap();
            let given = limit.min(rows.len());
            rows.drain(..given).collect::<Vec<_>>()
        });
        let given = answer.as_ref().map_or(0, Vec::len);
        self.history.add(Asked::Claim { at, limit, given });
        answer
    }

    async fn next_due(&self) -> Result<Option<Duration>, SourceUnavailable> {
        self.answers()?;
        Ok(*self.next_due.lock().unwrap())
    }

    async fn give_back(&self, rows: Vec<u32>) {
        self.history.add(Asked::GivenBack(rows));
    }
}

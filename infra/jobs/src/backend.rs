//! The apalis back end over due rows.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, task_id::RandomId},
    worker::context::WorkerContext,
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Identity;

pub use crate::hold::Held;
use crate::{fetcher::Fetcher, source::DueRows, wake::Bell};

/// How much a back end holds.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Most rows in hand, waiting or being worked on.
    pub rows: usize,
    /// Most rows per claim.
    pub batch: usize,
    /// The shortest time between two claims.
    pub pace: Duration,
}

/// Hands due rows to an apalis worker. Nothing is stored and nothing acknowledged here: the row is the truth, and what came of it
/// is written where the row is.
pub struct DueBackend<S: DueRows> {
    rows: mpsc::UnboundedReceiver<Held<S::Row>>,
    fetcher: JoinHandle<()>,
    source: Arc<S>,
    closing: Option<JoinHandle<()>>,
}

impl<S: DueRows> DueBackend<S> {
    /// Starts fetching.
    pub fn start(source: Arc<S>, capacity: Capacity, bell: &Bell, shutdown: CancellationToken) -> Self {
        let (sender, rows) = mpsc::unbounded_channel();
        let fetcher = Fetcher {
            source: source.clone(),
            slots: Arc::new(Semaphore::new(capacity.rows)),
            batch: capacity.batch,
            room: (capacity.rows / 4).min(capacity.batch),
            pace: capacity.pace,
            bell: bell.listener(),
            shutdown,
            rows: sender,
        };
        Self { rows, fetcher: tokio::spawn(fetcher.run()), source, closing: None }
    }

    /// Everything that was claimed and not begun.
    fn unstarted(&mut self) -> Vec<S::Row> {
        self.rows.close();
        std::iter::from_fn(|| self.rows.try_recv().ok()).map(|held| held.row).collect()
    }
}

impl<S: DueRows> Backend for DueBackend<S> {
    type Task = Task<Held<S::Row>>;
    // Trouble with the database stays inside the fetcher, which waits and goes on: an error here would end the worker.
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.rows.poll_recv(cx).map(|held| held.map(|held| Ok(Task::new(held))))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        if self.closing.is_none() {
            self.fetcher.abort();
            let (rows, source) = (self.unstarted(), self.source.clone());
            self.closing = Some(tokio::spawn(async move {
                if !rows.is_empty() {
                    source.give_back(rows).await;
                }
            }));
        }
        match self.closing.as_mut().map(|closing| std::pin::Pin::new(closing).poll(cx)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(_)) | None => Poll::Ready(Ok(())),
        }
    }
}

impl<S: DueRows> BackendConfig for DueBackend<S> {
    type Args = Held<S::Row>;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

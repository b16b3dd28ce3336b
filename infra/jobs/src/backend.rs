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
    rows: Option<mpsc::UnboundedReceiver<Held<S::Row>>>,
    fetcher: Option<JoinHandle<()>>,
    shutdown: CancellationToken,
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
            shutdown: shutdown.clone(),
            rows: sender,
        };
        Self { rows: Some(rows), fetcher: Some(tokio::spawn(fetcher.run())), shutdown, source, closing: None }
    }

    /// Lets the fetcher finish the claim it is at, then gives back everything that was claimed and not begun.
    fn hand_back(&mut self) -> Option<JoinHandle<()>> {
        self.shutdown.cancel();
        let (fetcher, mut rows, source) = (self.fetcher.take()?, self.rows.take()?, self.source.clone());
        Some(tokio::spawn(async move {
            // Its shutdown has been called; an error would be a panic, after which nothing is under way either.
            drop(fetcher.await);
            rows.close();
            let unstarted: Vec<_> =
                std::iter::from_fn(|| rows.try_recv().ok()).map(|held| held.row).collect();
            if !unstarted.is_empty() {
                source.give_back(unstarted).await;
            }
        }))
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
        match &mut self.rows {
            Some(rows) => rows.poll_recv(cx).map(|held| held.map(|held| Ok(Task::new(held)))),
            None => Poll::Ready(None),
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        if self.closing.is_none() {
            self.closing = self.hand_back();
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

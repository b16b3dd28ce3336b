//! Batches: what many tasks have to write at the same moment is written at once.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// How long the first item waits for company. Nobody notices it, and a statement for one row costs the database little less than
/// one for thirty.
pub(crate) const LINGER: Duration = Duration::from_millis(3);
/// Most items in one batch.
const BATCH: usize = 500;

struct Entry<T> {
    item: T,
    written: oneshot::Sender<()>,
}

/// Collects items and has them written. The writer ends when the last clone is gone and everything is written.
pub(crate) struct Batches<T> {
    entries: mpsc::UnboundedSender<Entry<T>>,
}

impl<T> Clone for Batches<T> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
}

impl<T: Send + 'static> Batches<T> {
    /// Starts a writer: one batch is written after the other, and what comes meanwhile is the next one.
    pub(crate) fn start<F, W>(write: F) -> Self
    where
        F: Fn(Vec<T>) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        Self::lingering(LINGER, write)
    }

    /// Starts a writer whose first item waits so long for company.
    pub(crate) fn lingering<F, W>(linger: Duration, write: F) -> Self
    where
        F: Fn(Vec<T>) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let (entries, receiver) = mpsc::unbounded_channel();
        tokio::spawn(write_all(receiver, linger, write));
        Self { entries }
    }

    /// Adds an item and waits until its batch is written.
    pub(crate) async fn add(&self, item: T) {
        let (written, wait) = oneshot::channel();
        if self.entries.send(Entry { item, written }).is_ok() {
            // An error means the writer is gone, which happens at the end of the process only.
            let _ = wait.await;
        }
    }
}

async fn write_all<T, F, W>(mut entries: mpsc::UnboundedReceiver<Entry<T>>, linger: Duration, write: F)
where
    F: Fn(Vec<T>) -> W,
    W: Future<Output = ()>,
{
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = entries.recv().await {
        batch.push(first);
        if entries.len() + 1 < BATCH {
            tokio::time::sleep(linger).await;
        }
        while batch.len() < BATCH {
            match entries.try_recv() {
                Ok(entry) => batch.push(entry),
                Err(_) => break,
            }
        }
        let (items, waiting): (Vec<_>, Vec<_>) = batch.drain(..).map(|e| (e.item, e.written)).unzip();
        write(items).await;
        for written in waiting {
            // Whoever waited may have gone; it is written all the same.
            let _ = written.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn what_comes_together_is_written_together_and_nothing_is_lost() {
        let written: Arc<Mutex<Vec<Vec<usize>>>> = Arc::default();
        let kept = written.clone();
        let batches = Batches::start(move |items| {
            kept.lock().unwrap().push(items);
            std::future::ready(())
        });
        let adding = (0..3 * BATCH).map(|item| {
            let batches = batches.clone();
            tokio::spawn(async move { batches.add(item).await })
        });
        for added in adding.collect::<Vec<_>>() {
            added.await.unwrap();
        }
        let written = written.lock().unwrap();
        assert!(written.len() <= 4, "{} batches", written.len());
        assert!(written.iter().all(|batch| batch.len() <= BATCH));
        let mut all: Vec<_> = written.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..3 * BATCH).collect::<Vec<_>>());
    }
}

//! Wake-ups: something may be due before the time we knew of.

use std::sync::Arc;

use futures::{Stream, StreamExt};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A bell that any number of fetchers hear. A ring that nobody waits for is not lost.
#[derive(Clone, Debug)]
pub struct Bell {
    rings: Arc<watch::Sender<u64>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { rings: Arc::new(watch::Sender::new(0)) }
    }
}

impl Bell {
    /// Wakes everybody.
    pub fn ring(&self) {
        self.rings.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A listener that hears every ring from now on.
    pub fn listener(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }

    /// Rings whenever the stream yields, until shutdown.
    pub async fn follow(self, wakes: impl Stream<Item = ()> + Send, shutdown: CancellationToken) {
        let mut wakes = std::pin::pin!(wakes);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                wake = wakes.next() => match wake {
                    Some(()) => self.ring(),
                    None => return,
                },
            }
        }
    }
}

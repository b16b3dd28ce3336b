//! Makes ready what needs no preparation, beside the preparations: their slots may all be taken by slow pictures.

use std::{sync::Arc, time::Duration};

use publishing::queue::{PublicationQueue, Queue, QueueUnavailable};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::fetcher::{HEARTBEAT, OUTAGE_PAUSE};

/// The shortest sleep, also while pictures that are due wait for their turn.
const BREATH: Duration = Duration::from_millis(50);

/// Goes on until shutdown.
pub(super) async fn make_ready(
    queue: Arc<dyn PublicationQueue>,
    mut bell: watch::Receiver<u64>,
    shutdown: CancellationToken,
) {
    loop {
        bell.mark_unchanged();
        let pause = round(queue.as_ref()).await.unwrap_or(OUTAGE_PAUSE);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            rung = bell.changed() => if rung.is_err() { return },
        }
    }
}

/// Makes everything ready that is due. Says how long to sleep.
async fn round(queue: &dyn PublicationQueue) -> Result<Duration, QueueUnavailable> {
    while let made @ 1.. = queue.make_ready().await? {
        metrics::counter!("postern_made_ready_total").increment(made as u64);
    }
    let due = queue.next_due(Queue::Preparation).await?;
    Ok(due.map_or(HEARTBEAT, |due| due.clamp(BREATH, HEARTBEAT)))
}

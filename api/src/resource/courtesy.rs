//! Telling a platform that a grant is over: at most three tries within thirty seconds, from memory.

use std::time::Duration;

use publishing::connection::{Connections, CourtesyRevoke, RemoteRevoke};

const TRIES: u32 = 3;
const A_TRY: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_secs(2);

/// Does it on a task of its own. The tokens are destroyed already; a crash loses the courtesy and nothing else.
pub(super) fn tell_in_background(connections: &Connections, courtesy: Option<CourtesyRevoke>) {
    if let Some(courtesy) = courtesy {
        let connections = connections.clone();
        tokio::spawn(async move { tell(&connections, &courtesy).await });
    }
}

async fn tell(connections: &Connections, courtesy: &CourtesyRevoke) {
    let mut outcome = RemoteRevoke::Unknown;
    for n in 0..TRIES {
        if n > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let answer = tokio::time::timeout(A_TRY, connections.revoke(courtesy)).await;
        outcome = answer.unwrap_or(RemoteRevoke::Unknown);
        if outcome != RemoteRevoke::Unknown {
            break;
        }
    }
    tracing::info!(connection = %courtesy.connection, outcome = outcome.as_str(), "the platform was told");
    if connections.record_revoke(courtesy, outcome).await.is_err() {
        tracing::warn!(connection = %courtesy.connection, "what the platform said could not be kept");
    }
}

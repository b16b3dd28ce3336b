//! Whoever starts the server again when it is gone.

use std::time::Duration;

use crate::{cluster::alone, error::ClusterError, postmaster::Postmaster, server::Server};

/// Between two looks. Programs see a lost connection at once and try again by themselves.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps a server running, also when somebody kills it or the machine runs out of memory. [`crate::Cluster::stop`] is for after the
/// keeper.
#[derive(Debug)]
pub struct Keeper(pub(crate) Server);

impl Keeper {
    /// Looks after the server for as long as it is polled.
    pub async fn keep(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.is_gone().await
                && let Err(error) = self.start_again().await
            {
                tracing::error!(%error, "the private PostgreSQL ended and does not start again");
            }
        }
    }

    async fn is_gone(&self) -> bool {
        Postmaster::look(&self.0.home.data()).await.pid().is_none()
    }

    async fn start_again(&self) -> Result<(), ClusterError> {
        let _alone = alone(&self.0.home.dir, &|_| {}).await?;
        // Somebody who was here first may have brought it up.
        if self.is_gone().await {
            tracing::warn!("the private PostgreSQL ended; starting it again");
            self.0.bring_up(&|line| tracing::info!("{line}")).await?;
        }
        Ok(())
    }
}

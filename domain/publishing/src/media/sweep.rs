//! The sweep: deleting bytes that nobody needs any more.

use chrono::TimeDelta;

use super::{Media, MediaError, store::MediaObject};

/// How long an announced object may take to be put. No upload lasts a day.
const PATIENCE: TimeDelta = TimeDelta::days(1);

impl Media {
    /// Deletes up to `limit` objects that a crash or a failed deletion left behind, and says how many it found. Any number of
    /// processes may do this at the same time.
    pub async fn sweep(&self, limit: u32) -> Result<usize, MediaError> {
        let abandoned = self.store.abandoned(self.clock.now() - PATIENCE, limit).await?;
        for object in &abandoned {
            self.discard_if_unneeded(object).await;
        }
        Ok(abandoned.len())
    }

    /// Deletes an object unless an asset needs it. What fails is left to the next sweep.
    pub(super) async fn discard_if_unneeded(&self, object: &MediaObject) {
        if self.store.doom(object.id).await == Ok(true) {
            self.discard(object).await;
        }
    }

    /// Deletes an object that is marked for deletion. What fails is left to the next sweep.
    pub(super) async fn discard(&self, object: &MediaObject) {
        if self.storage.delete(&object.name).await.is_ok() {
            let _ = self.store.forget(object.id).await;
        }
    }
}

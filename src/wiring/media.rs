//! Media: where their bytes are, and who looks at what comes in.

use std::{path::Path, sync::Arc};

use ::media::{EncryptedStorage, FileInspector, Limits, LocalDirectory, ObjectStore, S3, S3Settings};
use outbound::Outbound;
use postgres::media::PgMediaStore;
use publishing::media::Media;

use super::{Parts, WireError};
use crate::config::{Config, MediaStore};

fn objects(config: &Config, parts: &Parts) -> Result<Arc<dyn ObjectStore>, WireError> {
    match &config.media.store {
        MediaStore::Local(path) => {
            let directory = LocalDirectory::open(path);
            Ok(Arc::new(directory.map_err(|error| WireError::new("the media directory", error))?))
        }
        MediaStore::S3(bucket) => {
            let settings = S3Settings {
                endpoint: bucket.endpoint.clone(),
                bucket: bucket.name.clone(),
                region: bucket.region.clone(),
                access_key: bucket.access_key.clone(),
                secret_key: bucket.secret_key.clone(),
            };
            let client = S3::new(settings, parts.clock.clone());
            Ok(Arc::new(client.map_err(|error| WireError::new("the media bucket", error))?))
        }
    }
}

/// Uploads are judged in files of a directory that only this user can read.
fn inspector(state_dir: &Path, limits: Limits) -> Result<FileInspector, WireError> {
    std::fs::create_dir_all(state_dir)
        .and_then(|()| FileInspector::open(&state_dir.join("spool"), limits))
        .map_err(|error| WireError::new("the directory for uploads", error))
}

impl Parts {
    pub(super) fn media(&self, config: &Config) -> Result<Media, WireError> {
        let limits = Limits {
            image_bytes: config.media.max_image,
            video_bytes: config.media.max_video,
            ..Limits::default()
        };
        let remote = Outbound::new(outbound::Limits::default(), config.media.allow_private.clone());
        Ok(Media {
            store: Arc::new(PgMediaStore::new(self.pool.clone())),
            storage: Arc::new(EncryptedStorage::new(objects(config, self)?)),
            inspector: Arc::new(inspector(&config.state_dir, limits)?),
            remote: Arc::new(remote.map_err(|error| WireError::new("the outbound client", error))?),
            grants: self.links.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
        })
    }
}

//! Where ciphertext is kept: a port of this crate, with a directory and an S3 bucket behind it.

use std::ops::Range;

use async_trait::async_trait;
use publishing::media::storage::{MediaStream, ObjectName, StorageError};

/// Keeps bytes under names and knows nothing else about them.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Puts exactly `length` bytes; nobody sees the object before it is complete and durable.
    async fn put(&self, name: &ObjectName, body: MediaStream, length: u64) -> Result<(), StorageError>;
    /// Reads a range, which is not empty. What lies behind the end of the object is left out.
    async fn get(&self, name: &ObjectName, range: Range<u64>) -> Result<MediaStream, StorageError>;
    /// The size in bytes; `None` where there is no such object.
    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, StorageError>;
    /// Deletes. What is not there is deleted already.
    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError>;
}

//! Media: looking at files, keeping their bytes encrypted in a directory or an S3 bucket, and signing public addresses.
#![forbid(unsafe_code)]

mod chunks;
mod encrypted;
mod format;
mod inspector;
mod links;
mod local;
mod object_store;
mod reading;
mod s3;
mod sniff;

pub use encrypted::EncryptedStorage;
pub use inspector::{FileInspector, Limits};
pub use links::SignedLinks;
pub use local::LocalDirectory;
pub use object_store::ObjectStore;
pub use s3::{S3, S3Settings, S3SetupError};

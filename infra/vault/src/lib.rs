//! The vault: envelope encryption with XChaCha20-Poly1305 under a ring of versioned keys.
//!
//! The ring wraps the keys of organizations and persons, an organization's key wraps its data keys, and a data key seals
//! values. Rotation adds a version to the ring and wraps the first level again; nothing below it is touched.
#![forbid(unsafe_code)]

mod aead;
mod ring;
mod ring_file;
mod ring_vault;
mod secret;

pub use ring::{KeyRing, RingError};
pub use ring_vault::RingVault;
pub use secret::{LookupKey, SecretError};

//! Proof of identity: passwords with bcrypt, access tokens with Ed25519, and the system's clock and random generator.
#![forbid(unsafe_code)]

pub mod jwks;
pub mod mail;
pub mod password;
mod provider;
pub mod system;
pub mod token;

pub use jwks::{Jwk, Jwks};
pub use mail::LogMailer;
pub use password::{BcryptHasher, HasherError, Pepper};
pub use system::{OsRandom, SystemClock};
pub use token::{EdDsaSigner, KeyError, TokenSettings};

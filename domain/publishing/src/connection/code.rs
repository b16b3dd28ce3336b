//! One-time codes: the OAuth `state` and the completion code. Only their hashes are stored.

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tenancy::random::Random;

/// The hash of a one-time code, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeHash(pub [u8; 32]);

/// A code of 256 random bits in hexadecimal, good for one use. A plain hash is enough for what cannot be guessed.
#[derive(Clone)]
pub struct OneTimeCode(SecretString);

impl OneTimeCode {
    /// A new code.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bits = [0; 32];
        random.fill(&mut bits);
        Self(hex::encode(bits).into())
    }

    /// The code, to be handed to whoever may use it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored of it.
    pub fn hash(&self) -> CodeHash {
        hash(self.expose())
    }
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// The hash of what somebody presents as a code.
pub(super) fn hash(presented: &str) -> CodeHash {
    CodeHash(Sha256::digest(presented.as_bytes()).into())
}

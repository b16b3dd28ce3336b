//! Secrets of exactly 32 bytes, as operators write them: base64.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of every symmetric key here, as XChaCha20-Poly1305 wants them.
pub(crate) const KEY_BYTES: usize = 32;

/// A key in memory, wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; KEY_BYTES]>;

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not base64 of 32 bytes.
    #[error("a key is base64 of exactly 32 bytes, such as `openssl rand -base64 32` prints")]
    NotThirtyTwoBytes,
    /// Bytes that nobody's random generator gives.
    #[error("a key must be random: this one repeats a single byte")]
    Trivial,
}

/// Reads base64 of 32 bytes.
pub(crate) fn parse_key(text: &str) -> Result<Key, SecretError> {
    let mut decoded = Zeroizing::new([0_u8; KEY_BYTES + 2]);
    let length = STANDARD
        .decode_slice(text.trim(), decoded.as_mut_slice())
        .map_err(|_| SecretError::NotThirtyTwoBytes)?;
    if length != KEY_BYTES {
        return Err(SecretError::NotThirtyTwoBytes);
    }
    let mut key = Key::default();
    key.copy_from_slice(&decoded[..KEY_BYTES]);
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(SecretError::Trivial);
    }
    Ok(key)
}

/// Writes a key as base64.
pub(crate) fn print_key(key: &Key) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key.as_slice()))
}

/// The key of the blind indexes. It is apart from the ring and never rotates with it, since a new key would make every
/// sealed value unfindable.
pub struct LookupKey(pub(crate) Key);

impl LookupKey {
    /// Takes 32 bytes.
    pub fn new(mut bytes: [u8; KEY_BYTES]) -> Self {
        let key = Self(Key::new(bytes));
        bytes.zeroize();
        key
    }

    /// Reads base64 of 32 bytes.
    pub fn parse(text: &SecretString) -> Result<Self, SecretError> {
        parse_key(text.expose_secret()).map(Self)
    }
}

impl fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKey(…)")
    }
}

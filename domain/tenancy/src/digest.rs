//! Hashes of what we issue. The input carries 256 random bits, so one fast hash is enough; passwords are hashed elsewhere.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of an issued secret: what the store keeps of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// Hashes the whole text, prefix included.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// CRC-32 as in ISO 3309 and PNG, bit by bit: the texts are short.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        // The check value of the CRC catalogue, <https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat-bits.32>.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}

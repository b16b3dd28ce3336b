//! Keyed hashes: for cursors and for pseudonyms in the log.

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

/// HMAC-SHA-256 under a key of 32 bytes, which RFC 2104 pads with zeros to the block of 64.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use hmac::Mac;

    use super::*;

    #[test]
    fn the_padded_key_is_the_key() {
        let other: Hmac<Sha256> = Hmac::new_from_slice(&[7; 32]).unwrap();
        assert_eq!(keyed(&[7; 32]).finalize().into_bytes(), other.finalize().into_bytes());
    }
}

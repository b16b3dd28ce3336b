//! Authenticated encryption: XChaCha20-Poly1305 with random 192-bit nonces, which are large enough never to repeat
//! (draft-irtf-cfrg-xchacha), and associated data in which no two lists of parts look alike.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, AeadInOut, Generate, KeyInit, Payload},
};
use tenancy::sealing::SealError;
use zeroize::Zeroizing;

use crate::secret::{KEY_BYTES, Key};

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Joins the parts, each after its length, so that a boundary between two of them cannot be moved.
pub(crate) fn associated_data(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_be_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

/// A fresh random key.
pub(crate) fn random_key() -> Key {
    Key::new(<[u8; KEY_BYTES]>::generate())
}

/// Encrypts; the answer is the nonce, the ciphertext and its tag.
pub(crate) fn encrypt(key: &Key, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce = XNonce::generate();
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let sealed = cipher
        .encrypt(&nonce, Payload { msg: plain, aad: associated })
        .map_err(|_| SealError::DoesNotOpen)?;
    let mut bytes = Vec::with_capacity(NONCE_BYTES + sealed.len());
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(bytes)
}

/// Decrypts what [`encrypt`] made with the same key and associated data.
pub(crate) fn decrypt(key: &Key, associated: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError::DoesNotOpen)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| SealError::DoesNotOpen)?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    XChaCha20Poly1305::new((&**key).into())
        .decrypt_in_place(&nonce, associated, &mut *plain)
        .map_err(|_| SealError::DoesNotOpen)?;
    Ok(plain)
}

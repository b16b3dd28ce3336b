//! The vault on the key ring.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretSlice;
use sha2::Sha256;
use tenancy::sealing::{KeyChain, Place, SealError, Sealed, Vault, WrappedKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    aead::{associated_data, decrypt, encrypt, random_key},
    ring::KeyRing,
    secret::{KEY_BYTES, Key, LookupKey},
};

/// The first byte of every sealed value; another byte is another format.
const FORMAT: u8 = 1;

/// [`Vault`] with XChaCha20-Poly1305.
pub struct RingVault {
    ring: Arc<KeyRing>,
    lookup: LookupKey,
}

impl fmt::Debug for RingVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingVault").field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl RingVault {
    /// A vault on this ring, with the separate key for lookups.
    pub fn new(ring: Arc<KeyRing>, lookup: LookupKey) -> Self {
        Self { ring, lookup }
    }

    fn unwrap_root(&self, key: &WrappedKey) -> Result<Key, SealError> {
        let version = key.ring_version.ok_or(SealError::DoesNotOpen)?;
        let ring = self.ring.key(version).ok_or(SealError::UnknownRingVersion(version))?;
        as_key(&decrypt(&ring, &by_ring(key.id, version), &key.bytes)?)
    }

    fn unwrap_data(&self, organization: &WrappedKey, data: &WrappedKey) -> Result<Key, SealError> {
        if data.ring_version.is_some() {
            return Err(SealError::DoesNotOpen);
        }
        let parent = self.unwrap_root(organization)?;
        as_key(&decrypt(&parent, &by_organization(data.id, organization.id), &data.bytes)?)
    }

    fn wrap_root(&self, id: Uuid, key: &Key) -> Result<WrappedKey, SealError> {
        let (version, ring) = self.ring.newest();
        let bytes = encrypt(&ring, &by_ring(id, version), key.as_slice())?;
        Ok(WrappedKey { id, ring_version: Some(version), bytes })
    }

    /// The key that seals, and its id.
    fn sealing_key(&self, chain: &KeyChain) -> Result<(Uuid, Key), SealError> {
        match chain {
            KeyChain::Root(key) => Ok((key.id, self.unwrap_root(key)?)),
            KeyChain::Organization { organization, data } => {
                Ok((data.id, self.unwrap_data(organization, data)?))
            }
        }
    }
}

impl Vault for RingVault {
    fn new_root_key(&self) -> Result<WrappedKey, SealError> {
        self.wrap_root(Uuid::new_v4(), &random_key())
    }

    fn new_data_key(&self, organization: &WrappedKey) -> Result<WrappedKey, SealError> {
        let id = Uuid::new_v4();
        let parent = self.unwrap_root(organization)?;
        let bytes = encrypt(&parent, &by_organization(id, organization.id), random_key().as_slice())?;
        Ok(WrappedKey { id, ring_version: None, bytes })
    }

    fn seal(&self, chain: &KeyChain, place: Place, plain: &[u8]) -> Result<Sealed, SealError> {
        let (id, key) = self.sealing_key(chain)?;
        let mut bytes = encrypt(&key, &in_place(place, id), plain)?;
        bytes.insert(0, FORMAT);
        Ok(Sealed(bytes))
    }

    fn open(&self, chain: &KeyChain, place: Place, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        let Some((&FORMAT, bytes)) = sealed.0.split_first() else { return Err(SealError::DoesNotOpen) };
        let (id, key) = self.sealing_key(chain)?;
        let plain = decrypt(&key, &in_place(place, id), bytes)?;
        // The copy has exactly its length; shrinking the buffer itself could leave the text behind in freed memory.
        Ok(SecretSlice::from(plain.to_vec()))
    }

    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, SealError> {
        self.wrap_root(key.id, &self.unwrap_root(key)?)
    }

    fn newest_ring_version(&self) -> i32 {
        self.ring.newest().0
    }

    fn lookup(&self, purpose: &'static str, value: &[u8]) -> [u8; 32] {
        // A key shorter than the hash's block is filled with zeros (RFC 2104, section 2).
        let mut block = Zeroizing::new([0_u8; 64]);
        block[..KEY_BYTES].copy_from_slice(self.lookup.0.as_slice());
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(&associated_data(&[purpose.as_bytes(), value]));
        mac.finalize().into_bytes().into()
    }
}

fn as_key(plain: &[u8]) -> Result<Key, SealError> {
    plain.try_into().map(Key::new).map_err(|_| SealError::DoesNotOpen)
}

fn by_ring(id: Uuid, version: i32) -> Vec<u8> {
    associated_data(&[b"key wrapped by the ring", &[FORMAT], id.as_bytes(), &version.to_be_bytes()])
}

fn by_organization(id: Uuid, organization: Uuid) -> Vec<u8> {
    associated_data(&[b"key wrapped by a key", &[FORMAT], id.as_bytes(), organization.as_bytes()])
}

fn in_place(place: Place, key: Uuid) -> Vec<u8> {
    let Place { owner, row, column } = place;
    associated_data(&[
        b"value",
        &[FORMAT],
        owner.as_bytes(),
        row.as_bytes(),
        column.as_bytes(),
        key.as_bytes(),
    ])
}

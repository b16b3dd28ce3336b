//! A vault that hides nothing from an attacker but behaves like one: what is moved or changed does not open.

use secrecy::SecretSlice;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::sealing::{KeyChain, Place, SealError, Sealed, Vault, WrappedKey};

/// A vault without cryptography, at ring version 1.
#[derive(Debug, Default)]
pub struct FakeVault;

fn mask(chain: &KeyChain, place: Place) -> [u8; 32] {
    let data = match chain {
        KeyChain::Root(key) => key,
        KeyChain::Organization { data, .. } => data,
    };
    let mut hash = Sha256::new();
    for part in [&data.bytes[..], place.owner.as_bytes(), place.row.as_bytes(), place.column.as_bytes()] {
        hash.update(part);
    }
    hash.finalize().into()
}

fn masked(mask: &[u8; 32], bytes: &[u8]) -> Vec<u8> {
    bytes.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

impl Vault for FakeVault {
    fn new_root_key(&self) -> Result<WrappedKey, SealError> {
        let id = Uuid::now_v7();
        Ok(WrappedKey { id, ring_version: Some(1), bytes: Uuid::new_v4().as_bytes().to_vec() })
    }

    fn new_data_key(&self, _: &WrappedKey) -> Result<WrappedKey, SealError> {
        Ok(WrappedKey { ring_version: None, ..self.new_root_key()? })
    }

    fn seal(&self, chain: &KeyChain, place: Place, plain: &[u8]) -> Result<Sealed, SealError> {
        let mask = mask(chain, place);
        Ok(Sealed([&mask[..], &masked(&mask, plain)].concat()))
    }

    fn open(&self, chain: &KeyChain, place: Place, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        let mask = mask(chain, place);
        let body = sealed.0.strip_prefix(&mask[..]).ok_or(SealError::DoesNotOpen)?;
        Ok(masked(&mask, body).into())
    }

    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, SealError> {
        Ok(WrappedKey { ring_version: Some(1), ..key.clone() })
    }

    fn newest_ring_version(&self) -> i32 {
        1
    }

    fn lookup(&self, purpose: &'static str, value: &[u8]) -> [u8; 32] {
        Sha256::digest([purpose.as_bytes(), &[0], value].concat()).into()
    }
}

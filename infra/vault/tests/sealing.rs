//! What the vault promises: only the right key in the right place opens, and rotation disturbs nobody.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use tenancy::sealing::{KeyChain, Place, SealError, Vault, WrappedKey};
use uuid::Uuid;
use vault::{KeyRing, LookupKey, RingVault};

const RING: &str = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
const OTHER_RING: &str = "1:IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=";
const COLUMNS: [&str; 3] = ["persons.mail", "persons.name", "connections.token"];

fn on_text(text: &str) -> RingVault {
    let ring = KeyRing::from_text(&SecretString::from(text.to_owned())).unwrap();
    RingVault::new(Arc::new(ring), LookupKey::new([7; 32]))
}

fn on_file(path: &Path) -> RingVault {
    RingVault::new(Arc::new(KeyRing::from_file(path).unwrap()), LookupKey::new([7; 32]))
}

fn place() -> Place {
    Place { owner: Uuid::from_u128(1), row: Uuid::from_u128(2), column: COLUMNS[0] }
}

fn organization_chain(vault: &RingVault) -> KeyChain {
    let organization = vault.new_root_key().unwrap();
    let data = vault.new_data_key(&organization).unwrap();
    KeyChain::Organization { organization, data }
}

fn places() -> impl Strategy<Value = Place> {
    (0_u128..3, 0_u128..3, 0_usize..COLUMNS.len()).prop_map(|(owner, row, column)| Place {
        owner: Uuid::from_u128(owner),
        row: Uuid::from_u128(row),
        column: COLUMNS[column],
    })
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_place_and_nowhere_else(
        plain in proptest::collection::vec(any::<u8>(), 0..200), here in places(), there in places(),
    ) {
        let vault = on_text(RING);
        let chain = organization_chain(&vault);
        let sealed = vault.seal(&chain, here, &plain).unwrap();
        let back = vault.open(&chain, here, &sealed).unwrap();
        prop_assert_eq!(back.expose_secret(), plain.as_slice());
        let elsewhere = vault.open(&chain, there, &sealed);
        prop_assert_eq!(elsewhere.is_ok(), here == there);
    }

    #[test]
    fn a_value_swapped_between_two_chains_does_not_open(plain in proptest::collection::vec(any::<u8>(), 0..64)) {
        let vault = on_text(RING);
        let (mine, yours) = (organization_chain(&vault), organization_chain(&vault));
        let sealed = vault.seal(&mine, place(), &plain).unwrap();
        prop_assert_eq!(vault.open(&yours, place(), &sealed).err(), Some(SealError::DoesNotOpen));
    }

    #[test]
    fn a_flipped_bit_or_a_cut_makes_it_unreadable(
        plain in proptest::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0_u32..8,
    ) {
        let vault = on_text(RING);
        let chain = organization_chain(&vault);
        let sealed = vault.seal(&chain, place(), &plain).unwrap();
        let at = at.index(sealed.0.len());
        let mut flipped = sealed.clone();
        flipped.0[at] ^= 1_u8 << bit;
        prop_assert_eq!(vault.open(&chain, place(), &flipped).err(), Some(SealError::DoesNotOpen));
        let mut cut = sealed;
        cut.0.truncate(at);
        prop_assert_eq!(vault.open(&chain, place(), &cut).err(), Some(SealError::DoesNotOpen));
    }

    #[test]
    fn a_changed_wrapped_key_is_refused(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let vault = on_text(RING);
        let mut key = vault.new_root_key().unwrap();
        let at = at.index(key.bytes.len());
        key.bytes[at] ^= 1_u8 << bit;
        prop_assert_eq!(vault.rewrap(&key).err(), Some(SealError::DoesNotOpen));
    }
}

#[test]
fn a_wrapped_key_under_another_name_version_or_parent_is_refused() {
    let vault = on_text(RING);
    let organization = vault.new_root_key().unwrap();
    let other = vault.new_root_key().unwrap();
    let data = vault.new_data_key(&organization).unwrap();
    let seal = |organization: WrappedKey, data: WrappedKey| {
        vault.seal(&KeyChain::Organization { organization, data }, place(), b"x").err()
    };
    let refused = Some(SealError::DoesNotOpen);
    assert_eq!(seal(organization.clone(), data.clone()), None);
    assert_eq!(seal(other.clone(), data.clone()), refused);
    assert_eq!(seal(organization.clone(), WrappedKey { id: other.id, ..data.clone() }), refused);
    assert_eq!(seal(WrappedKey { id: other.id, ..organization.clone() }, data.clone()), refused);
    assert_eq!(seal(WrappedKey { ring_version: None, ..organization.clone() }, data.clone()), refused);
    assert_eq!(seal(organization.clone(), WrappedKey { ring_version: Some(1), ..data }), refused);
    let newer = WrappedKey { ring_version: Some(9), ..organization };
    assert_eq!(vault.rewrap(&newer).err(), Some(SealError::UnknownRingVersion(9)));
}

#[test]
fn another_deployments_ring_opens_nothing() {
    let (ours, theirs) = (on_text(RING), on_text(OTHER_RING));
    let chain = KeyChain::Root(ours.new_root_key().unwrap());
    let sealed = ours.seal(&chain, place(), b"secret").unwrap();
    assert_eq!(theirs.open(&chain, place(), &sealed).err(), Some(SealError::DoesNotOpen));
}

#[test]
fn lookups_depend_on_the_purpose_and_the_lookup_key_but_not_on_the_ring() {
    let vault = on_text(RING);
    let of = |vault: &RingVault, purpose, value: &str| vault.lookup(purpose, value.as_bytes());
    assert_eq!(of(&vault, "mail", "a@b.c"), of(&on_text(OTHER_RING), "mail", "a@b.c"));
    assert_ne!(of(&vault, "mail", "a@b.c"), of(&vault, "address", "a@b.c"));
    assert_ne!(of(&vault, "mail", "a@b.c"), of(&vault, "mail", "a@b.d"));
    assert_ne!(of(&vault, "mai", "la@b.c"), of(&vault, "mail", "a@b.c"));
    let ring = KeyRing::from_text(&SecretString::from(RING.to_owned())).unwrap();
    let other = RingVault::new(Arc::new(ring), LookupKey::new([8; 32]));
    assert_ne!(of(&vault, "mail", "a@b.c"), of(&other, "mail", "a@b.c"));
}

#[test]
fn a_key_wrapped_by_a_version_that_another_process_added_opens_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    KeyRing::add_new_version(&path).unwrap();
    let reader = on_file(&path);
    let key = reader.new_root_key().unwrap();
    let sealed = reader.seal(&KeyChain::Root(key.clone()), place(), b"kept").unwrap();
    let unknown = WrappedKey { ring_version: Some(2), ..key.clone() };
    assert_eq!(reader.rewrap(&unknown).err(), Some(SealError::UnknownRingVersion(2)));

    KeyRing::add_new_version(&path).unwrap();
    let rewrapped = on_file(&path).rewrap(&key).unwrap();
    assert_eq!(rewrapped.ring_version, Some(2));
    let opened = reader.open(&KeyChain::Root(rewrapped), place(), &sealed).unwrap();
    assert_eq!(opened.expose_secret(), b"kept");
    assert_eq!(reader.newest_ring_version(), 2);
}

#[test]
fn a_ring_file_that_vanishes_leaves_the_keys_in_force() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    KeyRing::add_new_version(&path).unwrap();
    let vault = on_file(&path);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(vault.newest_ring_version(), 1);
    assert!(vault.new_root_key().is_ok());
}

#[test]
fn no_read_fails_while_the_ring_rotates() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    KeyRing::add_new_version(&path).unwrap();
    let writer = on_file(&path);
    let first = writer.new_root_key().unwrap();
    let sealed = writer.seal(&KeyChain::Root(first.clone()), place(), b"kept").unwrap();
    let row = std::sync::Mutex::new(first);
    let (done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let reader = on_file(&path);
                while !done.load(Ordering::Relaxed) {
                    let key = row.lock().unwrap().clone();
                    let opened = reader.open(&KeyChain::Root(key), place(), &sealed).unwrap();
                    assert_eq!(opened.expose_secret(), b"kept");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for rotation in 2..=40 {
            assert_eq!(KeyRing::add_new_version(&path).unwrap(), rotation);
            let mut key = row.lock().unwrap();
            *key = writer.rewrap(&key).unwrap();
            assert_eq!(key.ring_version, Some(rotation));
        }
        while reads.load(Ordering::Relaxed) < 1000 {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
}

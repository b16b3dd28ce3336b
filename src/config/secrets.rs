//! Keys and peppers.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use vault::KeyRing;

use super::{
    reader::Reader,
    strength::{self, Weakness},
};

/// Everything that must stay secret about the deployment itself.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Ed25519 seeds of access tokens; the first signs. Never empty.
    pub(crate) signing_seeds: Vec<SecretBox<[u8; 32]>>,
    /// Peppers by version, 32 bytes or more; the highest is used for new hashes. Never empty.
    pub(crate) peppers: BTreeMap<i32, SecretSlice<u8>>,
    /// The keys that wrap all other keys.
    pub(crate) keyring: KeyringPlace,
    /// For blind indexes, and for the proofs in links to media.
    pub(crate) lookup_key: SecretBox<[u8; 32]>,
    /// For cursors; 32 bytes or more.
    pub(crate) cursor_key: SecretSlice<u8>,
}

/// Where the key ring is.
#[derive(Debug, Clone)]
pub(crate) enum KeyringPlace {
    /// In the environment; it cannot be rotated by `keys rotate`.
    Inline(SecretString),
    /// In a file of its own.
    File(PathBuf),
}

impl Secrets {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        refuse_reuse(reader);
        let signing_seeds = reader.secret("signing_keys", seeds);
        let peppers = reader.secret("password_peppers", peppers);
        let keyring = KeyringPlace::read(reader).filter(|place| place.check(reader));
        let lookup_key = reader.secret("lookup_key", boxed);
        let cursor_key = reader.secret("cursor_key", strength::key);
        Some(Self {
            signing_seeds: signing_seeds?,
            peppers: peppers?,
            keyring: keyring?,
            lookup_key: lookup_key?,
            cursor_key: cursor_key?,
        })
    }
}

impl KeyringPlace {
    /// In development the file was made before; see `development.rs`.
    pub(super) fn default_file(reader: &Reader<'_>) -> PathBuf {
        reader.state_dir.join("keyring.toml")
    }

    /// Where it is; whether it can be used is for [`Self::check`].
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let inline = reader.secret_text("keyring");
        let file: Option<PathBuf> = reader.value("keyring_file");
        match (inline, file) {
            (Some(_), Some(_)) => {
                reader.refuse(
                    "keyring",
                    "and POSTERN_KEYRING_FILE are both set; keep the one with the keys in use",
                );
                None
            }
            (Some(inline), None) => Some(Self::Inline(inline)),
            (None, Some(file)) => Some(Self::File(file)),
            (None, None) if reader.production() => {
                let message = "is missing; make one with `postern keys rotate`, keep a copy apart from the database, and set its path";
                reader.refuse("keyring_file", message);
                None
            }
            (None, None) => Some(Self::File(Self::default_file(reader))),
        }
    }

    fn check(&self, reader: &Reader<'_>) -> bool {
        match self {
            Self::Inline(text) => {
                let weak = reader.secret("keyring", versioned_32).is_none();
                // The vault has the last word on its own format.
                let refused =
                    KeyRing::from_text(text).map_err(|error| reader.refuse("keyring", error.to_string()));
                !weak && refused.is_ok()
            }
            Self::File(path) => {
                let refusal = |error| reader.refuse("keyring_file", format!("`{}`: {error}", path.display()));
                match KeyRing::from_file(path) {
                    Err(error) if reader.ring_may_be_missing && error.is_of_no_key() => true,
                    read => read.map_err(refusal).is_ok(),
                }
            }
        }
    }
}

fn boxed(text: &str) -> Result<SecretBox<[u8; 32]>, Weakness> {
    Ok(SecretBox::new(Box::new(strength::key_of_32(text)?)))
}

fn seeds(text: &str) -> Result<Vec<SecretBox<[u8; 32]>>, Weakness> {
    text.split(',').map(boxed).collect()
}

fn peppers(text: &str) -> Result<BTreeMap<i32, SecretSlice<u8>>, Weakness> {
    let mut peppers = BTreeMap::new();
    for entry in text.split(',') {
        let (version, key) = entry.split_once(':').ok_or(Weakness::NotVersioned)?;
        let version =
            version.trim().parse().ok().filter(|version| *version >= 1).ok_or(Weakness::NotVersioned)?;
        if peppers.insert(version, strength::key(key)?).is_some() {
            return Err(Weakness::NotVersioned);
        }
    }
    Ok(peppers)
}

fn versioned_32(text: &str) -> Result<(), Weakness> {
    for key in peppers(text)?.values() {
        let length = key.expose_secret().len();
        if length != 32 {
            return Err(Weakness::Long(length));
        }
    }
    Ok(())
}

/// Settings with one secret, or several that are separated by commas, each of which may have a version in front.
const SECRETS: [&str; 6] =
    ["signing_keys", "password_peppers", "keyring", "lookup_key", "cursor_key", "meta_app_secret"];

/// One secret in two places is half a secret. What counts is the key itself, however it is written.
fn refuse_reuse(reader: &Reader<'_>) {
    let mut seen: BTreeMap<[u8; 32], &str> = BTreeMap::new();
    for name in SECRETS {
        let Some(text) = reader.secret_text(name) else { continue };
        let keys: BTreeSet<[u8; 32]> = text.expose_secret().split(',').filter_map(fingerprint).collect();
        let entries = text.expose_secret().split(',').filter_map(fingerprint).count();
        if keys.len() < entries {
            reader.refuse(name, "has the same key twice; each needs a secret of its own");
        }
        let shared: BTreeSet<&str> =
            keys.iter().filter_map(|key| seen.get(key)).map(|first| first as &str).collect();
        for first in shared {
            let first = super::setting::variable(first);
            reader.refuse(name, format!("is the same as {first}; each needs a secret of its own"));
        }
        seen.extend(keys.into_iter().map(|key| (key, name)));
    }
}

/// Stands for the key of one entry; `None` where there is none.
fn fingerprint(entry: &str) -> Option<[u8; 32]> {
    let key = entry.split_once(':').map_or(entry, |(_, key)| key).trim();
    let bytes = SecretSlice::from(STANDARD.decode(key).unwrap_or_else(|_| key.as_bytes().to_vec()));
    (!key.is_empty()).then(|| Sha256::digest(bytes.expose_secret()).into())
}

//! The key ring: the deployment's own keys, several versions of them, the newest of which wraps.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    ring_file::{self, Stamp},
    secret::{Key, SecretError, parse_key},
};

/// Keys by version.
pub(crate) type Keys = BTreeMap<i32, Key>;

/// Why there is no ring. No message holds a key.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// No key at all.
    #[error("the key ring is empty; `keys rotate` makes its first key")]
    Empty,
    /// An entry that is not `version:key` with a version from 1 on.
    #[error("entry {0} of the key ring is not `version:base64`, with a version from 1 on")]
    NotAnEntry(usize),
    /// Two keys of one version.
    #[error("the key ring has version {0} twice")]
    Twice(i32),
    /// A key that is none.
    #[error("version {0} of the key ring: {1}")]
    BadKey(i32, SecretError),
    /// The file is not a list of keys.
    #[error("the key ring's file is not a list of `[[key]]` tables with `version` and `secret`")]
    NotARing,
    /// No version is left to count to.
    #[error("the key ring has used up its versions")]
    Full,
    /// The file cannot be read or written.
    #[error("the key ring's file: {0}")]
    File(#[from] std::io::Error),
}

impl RingError {
    /// Whether the ring has no key at all: its file does not exist, or holds none.
    pub fn is_of_no_key(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::File(error) => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// What was read last, and from which state of the file.
struct Loaded {
    keys: Keys,
    stamp: Option<Stamp>,
}

/// The ring, read from a text once or from a file that is read again whenever it changed.
pub struct KeyRing {
    file: Option<PathBuf>,
    loaded: RwLock<Arc<Loaded>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loaded = self.loaded();
        f.debug_struct("KeyRing").field("versions", &loaded.keys.keys()).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Reads `2:base64,1:base64`.
    pub fn from_text(text: &SecretString) -> Result<Self, RingError> {
        let mut keys = Keys::new();
        let entries = text.expose_secret().split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            let (version, key) = entry.split_once(':').ok_or(RingError::NotAnEntry(index + 1))?;
            let version = version.trim().parse().map_err(|_| RingError::NotAnEntry(index + 1))?;
            insert(&mut keys, version, key)?;
        }
        Self::with(None, Loaded { keys, stamp: None })
    }

    /// Reads a file that [`KeyRing::add_new_version`] writes. Another process may add versions to it at any time.
    pub fn from_file(path: &Path) -> Result<Self, RingError> {
        let (keys, stamp) = ring_file::read(path)?;
        Self::with(Some(path.to_owned()), Loaded { keys, stamp: Some(stamp) })
    }

    /// Adds a random key under the next version to the file, which is made if it is missing (mode 0600), and returns that
    /// version. Readers see the old file or the new one, never a part, also after a crash; of several writers each adds its own.
    pub fn add_new_version(path: &Path) -> Result<i32, RingError> {
        ring_file::add_new_version(path)
    }

    fn with(file: Option<PathBuf>, loaded: Loaded) -> Result<Self, RingError> {
        if loaded.keys.is_empty() {
            return Err(RingError::Empty);
        }
        Ok(Self { file, loaded: RwLock::new(Arc::new(loaded)) })
    }

    /// The newest version and its key.
    pub(crate) fn newest(&self) -> (i32, Key) {
        self.read_again_if_changed();
        // A ring is never empty: `with` and `read_again_if_changed` see to it.
        self.loaded().keys.last_key_value().map(|(version, key)| (*version, key.clone())).unwrap_or_default()
    }

    /// The key of a version. An unknown one may be newer than what was read, so the file is asked again.
    pub(crate) fn key(&self, version: i32) -> Option<Key> {
        if let Some(key) = self.loaded().keys.get(&version) {
            return Some(key.clone());
        }
        self.read_again_if_changed();
        self.loaded().keys.get(&version).cloned()
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Costs one `stat` when nothing changed, so that rows with made-up versions cannot make it read over and over. A file
    /// that has become unreadable or empty leaves what was read before in force.
    fn read_again_if_changed(&self) {
        let Some(path) = &self.file else { return };
        match Stamp::of(path) {
            Ok(stamp) if self.loaded().stamp.as_ref() == Some(&stamp) => return,
            Ok(_) => {}
            Err(error) => return tracing::warn!(%error, "the key ring's file cannot be asked for"),
        }
        match ring_file::read(path) {
            Ok((keys, stamp)) if !keys.is_empty() => {
                let fresh = Arc::new(Loaded { keys, stamp: Some(stamp) });
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            Ok(_) => tracing::warn!("the key ring's file has become empty and is ignored"),
            Err(error) => tracing::warn!(%error, "the key ring's file cannot be read again"),
        }
    }
}

/// Adds one key as the operator wrote it.
pub(crate) fn insert(keys: &mut Keys, version: i32, key: &str) -> Result<(), RingError> {
    if version < 1 {
        return Err(RingError::NotAnEntry(keys.len() + 1));
    }
    let key = parse_key(key).map_err(|error| RingError::BadKey(version, error))?;
    match keys.insert(version, key) {
        None => Ok(()),
        Some(_) => Err(RingError::Twice(version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    const TWO: &str = "2:IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=";

    fn ring(text: &str) -> Result<KeyRing, RingError> {
        KeyRing::from_text(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn the_highest_version_is_the_newest_wherever_it_stands() {
        assert_eq!(ring(&format!("{ONE},{TWO}")).unwrap().newest().0, 2);
        assert_eq!(ring(&format!(" {TWO} , {ONE} ,")).unwrap().newest().0, 2);
    }

    #[test]
    fn a_ring_with_a_mistake_is_refused_without_repeating_the_key() {
        let short = "1:AQIDBAUGBwg=";
        let zeros = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let long = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY=";
        let none = "0:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
        let twice = format!("{ONE},{ONE}");
        for text in ["", " , ", "AQIDBAUG", "x:AQIDBAUG", none, short, zeros, long, twice.as_str()] {
            let message = ring(text).unwrap_err().to_string();
            assert!(!message.contains("AQIDBAUG") && !message.contains("AAAA"), "{message}");
        }
    }

    #[test]
    fn the_debug_form_shows_versions_and_no_key() {
        let shown = format!("{:?}", ring(&format!("{ONE},{TWO}")).unwrap());
        assert!(shown.contains("[1, 2]") || shown.contains("{1, 2}"), "{shown}");
        assert!(!shown.contains("32, 31"), "{shown}");
    }
}

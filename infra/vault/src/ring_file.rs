//! The key ring's file: TOML, mode 0600, replaced as a whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::{
    aead::random_key,
    ring::{Keys, RingError, insert},
    secret::print_key,
};

/// What an operator who opens the file reads first.
const HEADING: &str =
    "# The key ring. The highest version wraps; keep the others until nothing is wrapped by them.\n";

/// Tells one state of a file from another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file at a path.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&fs::metadata(path)?))
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(meta: &fs::Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            length: meta.len(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RingDocument {
    #[serde(default)]
    key: Vec<KeyEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    version: i32,
    secret: String,
}

impl Drop for KeyEntry {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// Reads the keys, and the stamp of exactly the file they came from.
pub(crate) fn read(path: &Path) -> Result<(Keys, Stamp), RingError> {
    let mut file = File::open(path)?;
    let stamp = Stamp::from(&file.metadata()?);
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text)?;
    // The parser's message would quote the line with the key.
    let document: RingDocument = toml::from_str(&text).map_err(|_| RingError::NotARing)?;
    let mut keys = Keys::new();
    for entry in &document.key {
        insert(&mut keys, entry.version, &entry.secret)?;
    }
    Ok((keys, stamp))
}

/// See [`crate::KeyRing::add_new_version`].
pub(crate) fn add_new_version(path: &Path) -> Result<i32, RingError> {
    let lock = beside(path, "lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(lock)?;
    lock.lock()?;
    let mut keys = match read(path) {
        Ok((keys, _)) => keys,
        Err(RingError::File(error)) if error.kind() == io::ErrorKind::NotFound => Keys::new(),
        Err(error) => return Err(error),
    };
    let newest = keys.last_key_value().map_or(0, |(version, _)| *version);
    let version = newest.checked_add(1).ok_or(RingError::Full)?;
    keys.insert(version, random_key());
    replace(path, &keys)?;
    Ok(version)
}

fn replace(path: &Path, keys: &Keys) -> Result<(), RingError> {
    let mut text = Zeroizing::new(String::from(HEADING));
    for (version, key) in keys.iter().rev() {
        let secret = print_key(key);
        for part in ["\n[[key]]\nversion = ", &version.to_string(), "\nsecret = \"", &secret, "\"\n"] {
            text.push_str(part);
        }
    }
    let draft = beside(path, "draft");
    // A draft that a crash left behind may have another mode; `create_new` never inherits it.
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(parent(path))?.sync_all()?;
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn each_rotation_adds_one_version_and_keeps_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        assert_eq!(add_new_version(&path).unwrap(), 1);
        let first = read(&path).unwrap().0;
        assert_eq!(add_new_version(&path).unwrap(), 2);
        let both = read(&path).unwrap().0;
        assert_eq!(both.len(), 2);
        assert_eq!(both[&1], first[&1]);
        assert_ne!(both[&1], both[&2]);
    }

    #[test]
    fn only_the_owner_can_read_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        fs::write(beside(&path, "draft"), "left by a crash").unwrap();
        add_new_version(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn rotations_at_the_same_time_lose_no_version() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| add_new_version(&path).unwrap());
            }
        });
        assert_eq!(read(&path).unwrap().0.into_keys().collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_is_no_ring_is_refused_without_quoting_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        fs::write(&path, "[[key]]\nversion = 1\nsecrets = \"canary\"\n").unwrap();
        let error = read(&path).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

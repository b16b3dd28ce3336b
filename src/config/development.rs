//! Secrets for development: made once, kept in the state directory, never used in production.

use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use vault::{KeyRing, RingError};

use super::{
    problem::Problem,
    reader::Reader,
    secrets::KeyringPlace,
    setting::{Fallback, Kind},
    source::{Origin, Written},
    table::SETTINGS,
};

const HEADING: &str =
    "# Secrets of a development deployment, generated here. Production never reads this file.\n";

/// What happens to a key ring's file that is missing in development.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RingFile {
    /// It is made, with a first key.
    Made,
    /// It stays missing: the command that rotates makes it, if it may.
    Left,
}

/// Adds what is missing in development: from the file of an earlier start, or made now.
pub(crate) fn complete(written: &mut Written, ring: RingFile) {
    let reader = Reader::new(written);
    if reader.production() {
        return;
    }
    let dir = reader.state_dir.clone();
    let keyring = KeyringPlace::default_file(&reader);
    let wants_keyring = ring == RingFile::Made && !written_keyring(written);
    if let Err(error) = complete_in(&dir, wants_keyring.then_some(&*keyring), written) {
        let message = format!("secrets for development cannot be kept there: {error}");
        written.problems.push(Problem::at(dir.display().to_string(), message));
    }
}

fn written_keyring(written: &Written) -> bool {
    ["keyring", "keyring_file"].iter().any(|name| written.get(name).is_some())
}

fn complete_in(dir: &Path, keyring: Option<&Path>, written: &mut Written) -> io::Result<()> {
    // Others may pass through: the private database runs as a user of its own when root starts it.
    fs::DirBuilder::new().recursive(true).mode(0o711).create(dir)?;
    // Two processes that start for the first time must agree on their secrets.
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(dir.join("secrets.lock"))?;
    lock.lock()?;
    complete_secrets(dir, written)?;
    match keyring {
        Some(path) if !path.exists() => KeyRing::add_new_version(path).map(drop).map_err(in_the_ring),
        _ => Ok(()),
    }
}

fn in_the_ring(error: RingError) -> io::Error {
    match error {
        RingError::File(error) => error,
        other => io::Error::other(other),
    }
}

fn complete_secrets(dir: &Path, written: &mut Written) -> io::Result<()> {
    let path = dir.join("secrets.toml");
    let mut text = read_private(&path)?.unwrap_or_else(|| HEADING.to_owned());
    let kept: toml::Table =
        toml::from_str(&text).map_err(|_| io::Error::other("secrets.toml is not TOML"))?;
    let mut grew = false;
    for setting in SETTINGS.iter().filter(|setting| setting.fallback == Fallback::Generated) {
        let value = match kept.get(setting.name).and_then(toml::Value::as_str) {
            Some(value) => SecretString::from(value),
            None if written.get(setting.name).is_some() => continue,
            None => {
                let value = generate(setting.kind)?;
                writeln!(text, "{} = \"{}\"", setting.name, value.expose_secret())
                    .map_err(io::Error::other)?;
                grew = true;
                value
            }
        };
        written.add(setting.name, Origin::Generated, value.expose_secret().to_owned());
    }
    if grew { replace(dir, &path, &text) } else { Ok(()) }
}

fn read_private(path: &Path) -> io::Result<Option<String>> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if mode & 0o077 != 0 {
        return Err(io::Error::other("others can read secrets.toml; `chmod 600` it"));
    }
    fs::read_to_string(path).map(Some)
}

fn generate(kind: Kind) -> io::Result<SecretString> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    let key = STANDARD.encode(bytes);
    Ok(SecretString::from(if kind == Kind::VersionedKeys { format!("1:{key}") } else { key }))
}

/// Writes the file as a whole: readers see the old one or the new one.
fn replace(dir: &Path, path: &Path, text: &str) -> io::Result<()> {
    let draft = dir.join("secrets.draft");
    if draft.exists() {
        fs::remove_file(&draft)?;
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(dir)?.sync_all()
}

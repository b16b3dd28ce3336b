//! What development does by itself.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use super::{Start, random_key};
use crate::config::{DatabasePlace, KeyringPlace, MediaStore};

#[test]
fn development_starts_from_nothing() {
    let config = Start::development().load();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:8080/");
    assert!(matches!(config.database.place, DatabasePlace::Private { .. }));
    assert!(matches!(config.media.store, MediaStore::Local(_)));
    assert!(config.meta.app.is_none());
    assert_eq!(config.policy.min_age, 18);
}

#[test]
fn the_defaults_of_publishing_are_those_of_the_protocol() {
    assert_eq!(Start::development().load().publishing.timing, publishing::timing::Timing::default());
}

#[test]
fn development_keeps_its_secrets_for_the_next_start() {
    let start = Start::development();
    let first = start.load().secrets;
    let second = start.load().secrets;
    assert_eq!(first.cursor_key.expose_secret(), second.cursor_key.expose_secret());
    assert_eq!(first.signing_seeds[0].expose_secret(), second.signing_seeds[0].expose_secret());
    assert_eq!(first.peppers[&1].expose_secret(), second.peppers[&1].expose_secret());
    assert_ne!(first.cursor_key.expose_secret(), first.lookup_key.expose_secret().as_slice());
    let KeyringPlace::File(ring) = second.keyring else { panic!("no file") };
    assert!(fs::read_to_string(ring).unwrap().contains("version = 1"));
}

#[test]
fn generated_secrets_are_for_the_owners_eyes_only() {
    let start = Start::development();
    start.load();
    let state = start.dir.path().join("state");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o711);
    assert_eq!(mode(&state.join("secrets.toml")), 0o600);
    assert_eq!(mode(&state.join("keyring.toml")), 0o600);
    fs::set_permissions(state.join("secrets.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(start.refused()[0].contains("chmod 600"));
}

#[test]
fn two_first_starts_at_the_same_time_agree_on_their_secrets() {
    let start = Start::development();
    let keys: BTreeSet<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| start.load().secrets.cursor_key)).collect();
        starts.into_iter().map(|start| start.join().unwrap().expose_secret().to_vec()).collect()
    });
    assert_eq!(keys.len(), 1);
}

#[test]
fn a_secret_that_is_written_is_not_generated() {
    let key = random_key();
    let start = Start::development().with("cursor_key", &key);
    assert_eq!(STANDARD.encode(start.load().secrets.cursor_key.expose_secret()), key);
    let kept = fs::read_to_string(start.dir.path().join("state/secrets.toml")).unwrap();
    assert!(!kept.contains("cursor_key") && kept.contains("lookup_key"));
}

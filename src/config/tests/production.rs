//! What production refuses.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use super::{Start, assert_refused, random_key};
use crate::config::{KeyringPlace, for_rotation};

#[test]
fn a_complete_production_starts_and_generates_nothing() {
    let start = Start::production();
    start.load();
    assert!(!start.dir.path().join("state").exists());
}

#[test]
fn a_production_without_anything_says_everything_that_is_missing_at_once() {
    let start = Start::development().with("environment", "production");
    let mut places: Vec<_> =
        start.refused().iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    places.sort();
    let missing = [
        "POSTERN_CURSOR_KEY",
        "POSTERN_DATA_AT_REST_ENCRYPTED",
        "POSTERN_KEYRING_FILE",
        "POSTERN_LOOKUP_KEY",
        "POSTERN_META_APP_ID",
        "POSTERN_META_APP_SECRET",
        "POSTERN_PASSWORD_PEPPERS",
        "POSTERN_PUBLIC_URL",
        "POSTERN_SIGNING_KEYS",
    ];
    assert_eq!(places, missing);
}

#[test]
fn each_thing_that_production_lacks_is_refused_by_its_name() {
    for name in [
        "public_url",
        "signing_keys",
        "password_peppers",
        "keyring_file",
        "lookup_key",
        "cursor_key",
        "meta_app_id",
        "meta_app_secret",
    ] {
        assert_refused(&Start::production().without(name), name, "is missing");
    }
    assert_refused(
        &Start::production().without("data_at_rest_encrypted"),
        "data_at_rest_encrypted",
        "must be true",
    );
}

#[test]
fn short_weak_and_malformed_secrets_are_refused() {
    let short = STANDARD.encode([9, 200, 3, 77, 140, 6, 91, 8]);
    let long = STANDARD.encode(
        (0..64_u8).map(|i| i.wrapping_mul(i).wrapping_mul(37) ^ i.rotate_left(3)).collect::<Vec<_>>(),
    );
    let zeros = STANDARD.encode([0; 32]);
    let good = random_key();
    for (name, value, says) in [
        ("cursor_key", short.as_str(), "too short"),
        ("cursor_key", "changeme", "too short"),
        ("cursor_key", "not base64!", "not base64"),
        ("cursor_key", &zeros, "can be guessed"),
        ("lookup_key", &zeros, "can be guessed"),
        ("lookup_key", &long, "exactly 32 bytes"),
        ("signing_keys", &short, "too short"),
        ("signing_keys", &format!("{good},"), "too short"),
        ("password_peppers", &good, "not a list"),
        ("password_peppers", &format!("0:{good}"), "not a list"),
        ("password_peppers", &format!("1:{good},1:{}", random_key()), "not a list"),
        ("password_peppers", &format!("2:{good},1:{short}"), "too short"),
        ("meta_app_secret", "too-short", "too short or an example"),
        ("meta_app_secret", "your-app-secret-0123456789abcdef", "too short or an example"),
    ] {
        assert_refused(&Start::production().with(name, value), name, says);
    }
}

#[test]
fn one_secret_for_two_purposes_is_refused() {
    let key = random_key();
    let start = Start::production().with("lookup_key", &key).with("cursor_key", &key);
    assert_refused(&start, "cursor_key", "is the same as POSTERN_LOOKUP_KEY");
}

#[test]
fn the_same_key_is_recognized_in_lists_and_behind_versions() {
    let (key, other) = (random_key(), random_key());
    for (name, value, says) in [
        ("signing_keys", format!("{other}, {key} ,{key}"), "the same key twice"),
        ("password_peppers", format!("1:{key},2: {key}"), "the same key twice"),
        ("cursor_key", key.clone(), "is the same as POSTERN_SIGNING_KEYS"),
    ] {
        let start = Start::production().with("signing_keys", &format!("{other},{key}"));
        let start = if name == "cursor_key" { start } else { Start::production() };
        assert_refused(&start.with(name, &value), name, says);
    }
    for name in ["lookup_key", "cursor_key"] {
        let start = Start::production().with("password_peppers", &format!("2:{other},1:{key}"));
        assert_refused(&start.with(name, &key), name, "is the same as POSTERN_PASSWORD_PEPPERS");
    }
    let both = Start::production()
        .with("signing_keys", &key)
        .with("password_peppers", &format!("1:{other},7:{key}"));
    assert_refused(&both, "password_peppers", "is the same as POSTERN_SIGNING_KEYS");
}

#[test]
fn production_knows_no_sandbox() {
    assert_refused(&Start::production().with("sandbox_allow", "true"), "sandbox_allow", "remove it");
    let secret = "5a4d9b0c1e7f48236a9d0b5e3c7f1a28";
    assert_refused(
        &Start::production().with("meta_app_secret", secret),
        "meta_app_secret",
        "which everybody knows",
    );
    Start::development().with("meta_app_id", "820000000000001").with("meta_app_secret", secret).load();
    for name in ["meta_graph_url", "meta_dialog_url"] {
        let start = Start::production();
        assert_refused(&start.with(name, "http://graph.example.com"), name, "not encrypted");
        assert_refused(&Start::production().with(name, "https://example.com"), name, "not Meta's own");
        let open = Start::production().with("sandbox_allow", "true").with(name, "http://example.com");
        assert_eq!(open.refused().len(), 2);
    }
}

#[test]
fn old_versions_stay_beside_the_new_one() {
    let (old, new) = (random_key(), random_key());
    let peppers = format!("2:{new}, 1:{old}");
    let (earlier, new) = (random_key(), random_key());
    let signing = format!("{new}, {earlier}");
    let secrets =
        Start::production().with("password_peppers", &peppers).with("signing_keys", &signing).load().secrets;
    assert_eq!(secrets.peppers.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(STANDARD.encode(secrets.signing_seeds[0].expose_secret()), new);
    assert_eq!(secrets.signing_seeds.len(), 2);
}

#[test]
fn the_key_ring_is_in_one_place_and_can_be_read() {
    let inline = format!("1:{}", random_key());
    assert_refused(&Start::production().with("keyring", &inline), "keyring", "both set");
    let start = Start::production().without("keyring_file").with("keyring", &inline);
    assert!(matches!(start.load().secrets.keyring, KeyringPlace::Inline(_)));
    assert_refused(
        &Start::production().with("keyring_file", "/nowhere/ring.toml"),
        "keyring_file",
        "/nowhere/ring.toml",
    );
    let start = Start::production();
    fs::write(start.dir.path().join("ring.toml"), "").unwrap();
    assert_refused(&start, "keyring_file", "empty");
}

#[test]
fn the_key_rings_file_is_known_before_it_exists() {
    let ring = |start: &Start| for_rotation(start.environment()).map(|(file, _)| file);
    let start = Start::development();
    let own = start.dir.path().join("state/keyring.toml");
    assert_eq!(ring(&start).unwrap(), own);
    assert!(!own.exists(), "it was made before anybody knew whether it may be");
    let start = Start::production().without("keyring_file");
    assert!(ring(&start).unwrap_err().to_string().contains("POSTERN_KEYRING_FILE: is missing"));
    assert_eq!(ring(&start.with("keyring_file", "/a/ring.toml")).unwrap(), Path::new("/a/ring.toml"));
    let inline = format!("1:{}", random_key());
    assert!(ring(&Start::development().with("keyring", &inline)).is_err());
    let start = Start::production();
    fs::write(start.dir.path().join("ring.toml"), "no ring").unwrap();
    assert!(ring(&start).is_err());
}

#[test]
fn production_addresses_are_encrypted() {
    for name in ["public_url", "media_public_url"] {
        assert_refused(&Start::production().with(name, "http://api.example.com"), name, "not encrypted");
    }
}

#[test]
fn production_has_no_way_into_the_private_network() {
    assert_refused(
        &Start::production().with("fetch_allow_private", "127.0.0.1:8900"),
        "fetch_allow_private",
        "remove it",
    );
    Start::development().with("fetch_allow_private", "127.0.0.1:8900, [::1]:8900").load();
}

#[test]
fn a_mistyped_environment_is_treated_as_production() {
    let refused = Start::development().with("environment", "prod").refused();
    assert!(refused[0].contains("`development` or `production`"));
    assert!(refused.iter().any(|line| line.starts_with("POSTERN_CURSOR_KEY: is missing")));
}

#[test]
fn a_tutorials_database_password_is_refused_in_production() {
    let url = "postgresql://app:postgres@db.example.com/app";
    assert_refused(&Start::production().with("database_url", url), "database_url", "everybody tries first");
    Start::development().with("database_url", url).load();
}

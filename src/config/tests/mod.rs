//! The whole configuration, read as a start reads it.

mod development;
mod production;
mod sources;
mod values;

use std::{collections::BTreeMap, ffi::OsString, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::rand::{SecureRandom, SystemRandom};
use tempfile::TempDir;

use super::{Config, setting::variable};

/// Variables for one start, in a state directory of its own.
struct Start {
    dir: TempDir,
    variables: BTreeMap<String, String>,
}

fn random_key() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).unwrap();
    STANDARD.encode(bytes)
}

impl Start {
    fn development() -> Self {
        let dir = TempDir::new().unwrap();
        let state = dir.path().join("state").display().to_string();
        Self { dir, variables: BTreeMap::new() }.with("state_dir", &state)
    }

    /// A production start that lacks nothing.
    fn production() -> Self {
        let start = Self::development();
        let keyring = start.dir.path().join("ring.toml");
        vault::KeyRing::add_new_version(&keyring).unwrap();
        start
            .with("environment", "production")
            .with("public_url", "https://api.example.com")
            .with("signing_keys", &random_key())
            .with("password_peppers", &format!("1:{}", random_key()))
            .with("keyring_file", &keyring.display().to_string())
            .with("lookup_key", &random_key())
            .with("cursor_key", &random_key())
            .with("meta_app_id", "1234567890")
            .with("meta_app_secret", "0f0e1d2c3b4a59687786a5b4c3d2e1f0")
            .with("data_at_rest_encrypted", "true")
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(variable(name), value.to_owned());
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with_file(self, text: &str) -> Self {
        let path = self.dir.path().join("postern.toml");
        fs::write(&path, text).unwrap();
        self.with_variable("POSTERN_CONFIG", &path.display().to_string())
    }

    fn without(mut self, name: &str) -> Self {
        assert!(self.variables.remove(&variable(name)).is_some());
        self
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        self.variables.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn load(&self) -> Config {
        Config::load(self.environment()).unwrap()
    }

    /// What is wrong, one line each.
    fn refused(&self) -> Vec<String> {
        let refused = Config::load(self.environment()).unwrap_err();
        refused.0.iter().map(ToString::to_string).collect()
    }

    /// Where the one thing is that is wrong.
    fn refused_once(&self) -> String {
        let refused = self.refused();
        assert_eq!(refused.len(), 1, "{refused:#?}");
        refused[0].clone()
    }
}

fn assert_refused(start: &Start, name: &str, says: &str) {
    let problem = start.refused_once();
    let place = variable(name);
    assert!(
        problem.starts_with(&format!("{place}: ")) && problem.contains(says),
        "{place} / {says}: {problem}"
    );
}

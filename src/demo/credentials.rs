//! What the demo keeps of its organization: the next run signs in with it.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tenancy::Random;

use super::trouble::Trouble;

/// The file in the state directory.
pub(super) const NAME: &str = "demo.toml";

/// Who the demo is. The file is readable by its owner only.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Credentials {
    /// The mail address; the domain is reserved and gets no mail (RFC 2606).
    pub(super) mail: String,
    /// The password.
    pub(super) password: SecretString,
    /// The API key that the person is shown.
    pub(super) api_key: Option<SecretString>,
}

impl Credentials {
    /// Those of an earlier run, or new ones.
    pub(super) fn read_or_make(dir: &Path, random: &dyn Random) -> Result<Self, Trouble> {
        let path = dir.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => SecretString::from(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::make(random)),
            Err(error) => return Err(Trouble::file("read", &path, error)),
        };
        // The parser's own message would quote a line.
        let damaged = || io::Error::other("it is damaged; remove it to begin with another organization");
        toml::from_str(text.expose_secret()).map_err(|_| Trouble::file("use", &path, damaged()))
    }

    fn make(random: &dyn Random) -> Self {
        let mut bytes = [0; 24];
        random.fill(&mut bytes);
        let digits = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let (name, password) = digits.split_at(8);
        Self { mail: format!("dana-{name}@harbour-coffee.example"), password: password.into(), api_key: None }
    }

    /// Keeps them, as a whole or not at all.
    pub(super) fn keep(&self, dir: &Path) -> Result<(), Trouble> {
        let (path, draft) = (dir.join(NAME), dir.join("demo.draft"));
        let (mail, password) = (&self.mail, self.password.expose_secret());
        let key = self.api_key.as_ref().map(|key| {
            format!(
                "api_key = \"{}\"
",
                key.expose_secret()
            )
        });
        let text = format!(
            "# How `postern demo` signs in again.
mail = \"{mail}\"
password = \"{password}\"
{}",
            key.unwrap_or_default()
        );
        let write = || {
            // A draft of a run that was killed may have other permissions.
            let _ = fs::remove_file(&draft);
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|error| Trouble::file("write", &path, error))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use identity::OsRandom;

    use super::*;

    #[test]
    fn what_was_kept_is_found_again_by_its_owner_only() {
        let (dir, random) = (tempfile::tempdir().unwrap(), OsRandom::default());
        let mut made = Credentials::read_or_make(dir.path(), &random).unwrap();
        made.keep(dir.path()).unwrap();
        made.api_key = Some("pstn_x".into());
        made.keep(dir.path()).unwrap();
        let found = Credentials::read_or_make(dir.path(), &random).unwrap();
        assert_eq!(
            (&found.mail, found.password.expose_secret()),
            (&made.mail, made.password.expose_secret())
        );
        assert_eq!(found.api_key.unwrap().expose_secret(), "pstn_x");
        let permissions = fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(permissions & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_named_but_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "password = hunter2").unwrap();
        let refused = Credentials::read_or_make(dir.path(), &OsRandom::default()).unwrap_err().to_string();
        assert!(refused.contains(NAME) && !refused.contains("hunter2"), "{refused}");
    }
}

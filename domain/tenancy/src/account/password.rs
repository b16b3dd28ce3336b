//! Passwords: what is accepted, and the port that hashes them.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::refusal::Violation;

/// The fewest characters of a new password. NIST SP 800-63B asks for 8 and advises more; there are no rules about which.
const FEWEST_CHARACTERS: usize = 12;

/// The most bytes of a new password.
const MOST_BYTES: usize = 256;

/// A password that somebody wants to have.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Checks the length.
    pub fn parse(text: SecretString) -> Result<Self, Violation> {
        let exposed = text.expose_secret();
        if exposed.chars().count() < FEWEST_CHARACTERS {
            let detail = format!("must have at least {FEWEST_CHARACTERS} characters");
            Err(Violation::new("password", "too_short", detail))
        } else if exposed.len() > MOST_BYTES {
            Err(Violation::new("password", "too_long", format!("must have at most {MOST_BYTES} bytes")))
        } else {
            Ok(Self(text))
        }
    }

    /// The password, to be hashed.
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// The bcrypt string, salt and cost included.
    pub bcrypt: String,
    /// Which pepper went in.
    pub pepper_version: i32,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash(pepper {}, …)", self.pepper_version)
    }
}

/// Whether a password is the one that was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is another, or there is none.
    Wrong,
    /// It is.
    Right,
    /// It is, but the hash has an old cost or pepper and should be made again.
    RightButStale,
}

/// No hash was made.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum HashError {
    /// Too many others wait.
    #[error("too many passwords wait to be hashed")]
    Busy,
}

/// Hashes passwords: bcrypt over a keyed hash, so that no byte of a long password is cut.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes with the newest pepper and the present cost.
    async fn hash(&self, password: &SecretString) -> Result<PasswordHash, HashError>;

    /// Compares. Without a hash it does the same work and answers `Wrong`, so that the time tells nothing.
    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        NewPassword::parse(text.into()).err().map(|violation| violation.code)
    }

    #[test]
    fn a_password_has_12_characters_and_at_most_256_bytes() {
        assert_eq!(code(&"x".repeat(11)), Some("too_short"));
        assert_eq!(code(&"ü".repeat(11)), Some("too_short"));
        assert_eq!(code(&"ü".repeat(12)), None);
        assert_eq!(code(&"x".repeat(256)), None);
        assert_eq!(code(&"ü".repeat(129)), Some("too_long"));
    }

    #[test]
    fn a_password_is_not_shown() {
        let password = NewPassword::parse("correct horse battery".into()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}

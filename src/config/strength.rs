//! Whether a secret is one: long enough, random, and not from an example.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretSlice};

/// The shortest secret, in bytes: 256 bits (RFC 8725, section 3.5, asks for at least the size of the hash, which is SHA-256).
pub(crate) const SHORTEST: usize = 32;

/// Words that stand in examples. Eight letters turn up in random base64 once in 10^10 times, shorter ones too often.
const EXAMPLES: [&str; 5] = ["changeme", "password", "yoursecret", "replaceme", "insecure"];

/// Words that stand in examples and are no hexadecimal digits.
const EXAMPLES_OF_OTHERS: [&str; 4] = ["secret", "example", "your", "change"];

/// The secret of the sandbox's app, which its documentation prints.
pub(crate) const SANDBOX_APP_SECRET: &str = "5a4d9b0c1e7f48236a9d0b5e3c7f1a28";

/// Why a text cannot serve as a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Weakness {
    /// Not base64.
    #[error("is not base64; set what `openssl rand -base64 32` prints")]
    NotBase64,
    /// Fewer than [`SHORTEST`] bytes.
    #[error("is too short: {0} bytes, and 32 are needed; set what `openssl rand -base64 32` prints")]
    Short(usize),
    /// Another number of bytes than the key has.
    #[error("must be exactly 32 bytes, and is {0}; set what `openssl rand -base64 32` prints")]
    Long(usize),
    /// Not `version:key`, or a version twice.
    #[error(
        "is not a list such as `2:key,1:key`, with versions from 1 on, each once, and keys as `openssl rand -base64 32` prints them"
    )]
    NotVersioned,
    /// A phrase, a repetition, a sequence or an example.
    #[error(
        "can be guessed: it is a phrase, a pattern or an example; set what `openssl rand -base64 32` prints"
    )]
    Guessable,
}

/// Reads base64 of at least [`SHORTEST`] bytes that look random.
pub(crate) fn key(text: &str) -> Result<SecretSlice<u8>, Weakness> {
    let bytes = SecretSlice::from(STANDARD.decode(text.trim()).map_err(|_| Weakness::NotBase64)?);
    let length = bytes.expose_secret().len();
    if length < SHORTEST {
        Err(Weakness::Short(length))
    } else if looks_random(bytes.expose_secret()) && !is_example(text) {
        Ok(bytes)
    } else {
        Err(Weakness::Guessable)
    }
}

/// Reads base64 of exactly 32 bytes that look random.
pub(crate) fn key_of_32(text: &str) -> Result<[u8; 32], Weakness> {
    let bytes = key(text)?;
    bytes.expose_secret().try_into().map_err(|_| Weakness::Long(bytes.expose_secret().len()))
}

/// Whether a secret that a platform made up looks like one: 16 characters or more, and no example. Their form is theirs.
pub(crate) fn looks_issued(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.len() >= 16
        && distinct(text.as_bytes()) >= 6
        && !EXAMPLES_OF_OTHERS.iter().any(|word| lower.contains(word))
}

/// Random bytes pass but once in 10^12 times: 32 of them hold about 30 different ones, are not all printable, and neither repeat
/// nor count.
fn looks_random(bytes: &[u8]) -> bool {
    let steps: Vec<u8> = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let printable = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    !printable && distinct(bytes) >= 16 && distinct(&steps) >= 12
}

fn is_example(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    EXAMPLES.iter().any(|word| text.contains(word))
}

fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use ring::rand::{SecureRandom, SystemRandom};

    use super::*;

    fn weakness(bytes: &[u8]) -> Option<Weakness> {
        key(&STANDARD.encode(bytes)).err()
    }

    #[test]
    fn random_bytes_are_accepted() {
        for _ in 0..1_000 {
            let mut bytes = [0; 32];
            SystemRandom::new().fill(&mut bytes).unwrap();
            assert_eq!(weakness(&bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn short_secrets_are_refused() {
        assert_eq!(weakness(&[7; 31]), Some(Weakness::Short(31)));
        assert_eq!(key("").err(), Some(Weakness::Short(0)));
    }

    #[test]
    fn patterns_and_phrases_are_refused() {
        let counting: Vec<u8> = (0..32).collect();
        let backwards: Vec<u8> = (100..132).rev().collect();
        let repeated: Vec<u8> = [1, 200, 33, 90].repeat(8);
        let phrase = b"correct horse battery staple, and then some".to_vec();
        for bytes in [vec![0; 32], vec![255; 64], counting, backwards, repeated, phrase] {
            assert_eq!(weakness(&bytes), Some(Weakness::Guessable), "{bytes:?}");
        }
    }

    #[test]
    fn examples_are_refused_however_long() {
        assert_eq!(key("changeme+changeme+changeme+changeme+changeme").err(), Some(Weakness::Guessable));
    }

    #[test]
    fn an_app_secret_is_long_and_no_example() {
        assert!(looks_issued("0f0e1d2c3b4a59687786a5b4c3d2e1f0"));
        for text in [
            "",
            "0f0e1d2c3b4a596",
            "00000000000000000000000000000000",
            "your-app-secret-goes-here-0123456789",
        ] {
            assert!(!looks_issued(text), "{text}");
        }
    }

    #[test]
    fn the_sandboxs_secret_is_known() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = sandbox::Sandbox::new(sandbox::Settings::default()).unwrap();
        assert_eq!(sandbox.seed().app_secret, SANDBOX_APP_SECRET);
    }

    #[test]
    fn a_message_never_repeats_the_secret() {
        let text = "Y2FuYXJ5LWNhbmFyeQ==";
        assert!(!key(text).err().unwrap().to_string().contains(text));
    }
}

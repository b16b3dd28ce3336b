//! The text of a key: `pstn_<id>_<secret>_<checksum>`. Scanners recognise the prefix, and the checksum tells a mistyped or made-up
//! key without asking the store.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::{
    ApiKeyId,
    digest::{SecretHash, crc32},
    random::{Random, SECRET_LENGTH, new_secret},
};

/// What every key begins with.
pub const PREFIX: &str = "pstn_";

/// The length of the suffix of a `TypeID`.
const ID_LENGTH: usize = 26;

/// A key's text whose form and checksum are right. Whether it was ever granted, only the store knows.
#[derive(Clone)]
pub struct ApiKeyText {
    id: ApiKeyId,
    text: SecretString,
}

impl ApiKeyText {
    /// Makes the text of a new key.
    pub(crate) fn new(id: ApiKeyId, random: &dyn Random) -> Self {
        let body = new_secret(random, &format!("{}_", prefix_of(id)));
        let checksum = crc32(body.expose_secret().as_bytes());
        Self { id, text: format!("{}_{checksum:08x}", body.expose_secret()).into() }
    }

    /// Reads a text and checks its form and checksum.
    pub fn parse(text: &str) -> Option<Self> {
        let (body, checksum) = text.rsplit_once('_')?;
        let (id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
        let is_formed = id.len() == ID_LENGTH
            && secret.len() == SECRET_LENGTH
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum == format!("{:08x}", crc32(body.as_bytes()));
        let id: ApiKeyId = is_formed.then(|| format!("key_{id}").parse().ok())??;
        Some(Self { id, text: text.into() })
    }

    /// The key it names.
    pub const fn id(&self) -> ApiKeyId {
        self.id
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.text.expose_secret())
    }

    /// The text, to be shown once.
    pub fn into_secret(self) -> SecretString {
        self.text
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({}, …)", self.id)
    }
}

/// The beginning of a key's text.
pub(super) fn prefix_of(id: ApiKeyId) -> String {
    let id = id.to_string();
    format!("{PREFIX}{}", id.rsplit('_').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::SeededRandom;

    fn sample() -> String {
        let id = "key_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        ApiKeyText::new(id, &SeededRandom::default()).into_secret().expose_secret().to_owned()
    }

    #[test]
    fn a_key_reads_back_and_names_itself() {
        let text = sample();
        assert!(text.starts_with("pstn_01h455vb4pex5vsknk084sn02q_"));
        let read = ApiKeyText::parse(&text).unwrap();
        assert_eq!(read.id().to_string(), "key_01h455vb4pex5vsknk084sn02q");
        assert_eq!(read.hash(), SecretHash::of(&text));
        assert!(!format!("{read:?}").contains(&text[32..]));
    }

    proptest! {
        #[test]
        fn a_key_with_one_other_character_is_recognised_as_wrong(at in 0_usize..84, c in "[0-9A-Za-z_]") {
            let text = sample();
            let mut other = text.clone();
            other.replace_range(at..=at, &c);
            prop_assume!(other != text);
            prop_assert!(ApiKeyText::parse(&other).is_none());
        }

        #[test]
        fn parsing_any_text_never_panics(text in "\\PC*") {
            prop_assert!(ApiKeyText::parse(&text).is_none());
        }
    }
}

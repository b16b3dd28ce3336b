//! Where the bytes are, as a port. Whatever is behind it sees only ciphertext and random names.

use std::{fmt, ops::Range, str::FromStr};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use secrecy::{ExposeSecret, SecretBox};
use uuid::Uuid;

/// Bytes on their way in or out.
pub type MediaStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// Why the storage did not do its work. No text holds a name, a key or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Not reachable, full or too busy; trying again later makes sense.
    #[error("the media storage is unavailable: {0}")]
    Unavailable(String),
    /// The object is not there.
    #[error("an object is missing from the media storage")]
    Missing,
    /// What is there is not what was put.
    #[error("an object in the media storage is damaged")]
    Damaged,
}

/// The name of an object: a prefix that stands for the organization, and a random part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName(String);

/// The text is no object name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an object")]
pub struct NotAnObjectName;

impl ObjectName {
    /// A name within a prefix. `object` is random; `prefix` is a keyed hash, so that nobody learns the organization from it.
    pub fn new(prefix: [u8; 32], object: Uuid) -> Self {
        Self(format!("{}/{}", hex::encode(&prefix[..16]), object.simple()))
    }

    /// The name: 32 hexadecimal digits, a slash, 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectName {
    type Err = NotAnObjectName;

    fn from_str(text: &str) -> Result<Self, NotAnObjectName> {
        let hexadecimal = |part: &str| {
            part.len() == 32 && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        match text.split_once('/') {
            Some((prefix, object)) if hexadecimal(prefix) && hexadecimal(object) => Ok(Self(text.to_owned())),
            _ => Err(NotAnObjectName),
        }
    }
}

/// The key that one object is encrypted with. It is never used for another object.
pub struct ContentKey(SecretBox<[u8; 32]>);

impl ContentKey {
    /// Takes 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The bytes, for encryption and for sealing.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

/// Keeps bytes, encrypted.
#[async_trait]
pub trait MediaStorage: Send + Sync {
    /// Draws a key for a new object.
    fn new_key(&self) -> ContentKey;
    /// Puts exactly `length` bytes under a name that was never used. After an error the object may be there or not.
    async fn put(
        &self,
        name: &ObjectName,
        key: &ContentKey,
        plain: MediaStream,
        length: u64,
    ) -> Result<(), StorageError>;
    /// Reads a range of an object of `length` bytes; `range` lies within it. Only what is asked for is decrypted.
    async fn read(
        &self,
        name: &ObjectName,
        key: &ContentKey,
        length: u64,
        range: Range<u64>,
    ) -> Result<MediaStream, StorageError>;
    /// Deletes an object. One that is not there is deleted already.
    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_that_leaves_its_prefix_is_a_name() {
        let name = ObjectName::new([0xab; 32], Uuid::from_u128(7));
        assert_eq!(name.as_str().parse(), Ok(name.clone()));
        for text in [
            "",
            "/",
            "../../etc/passwd",
            "a/b",
            &name.as_str().to_uppercase(),
            &format!("{}/x", name.as_str()),
        ] {
            assert_eq!(text.parse::<ObjectName>(), Err(NotAnObjectName), "{text}");
        }
    }

    #[test]
    fn a_content_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", ContentKey::new([9; 32])), "ContentKey(…)");
    }
}

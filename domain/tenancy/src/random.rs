//! Randomness, as a port, and what is made of it.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Builder;

use crate::id::{StaticType, TypeSafeId};

/// Draws from the operating system's generator.
pub trait Random: Send + Sync {
    /// Fills the buffer with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// A new identifier: a `UUIDv7` of this instant.
pub fn new_id<T: StaticType>(random: &dyn Random, now: DateTime<Utc>) -> TypeSafeId<T> {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    TypeSafeId::from_uuid(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// Letters and digits in ASCII order.
pub(crate) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters of base 62 carry 256 bits: 43 · log2(62) = 256.03.
pub(crate) const SECRET_LENGTH: usize = 43;

/// A secret of 256 bits in letters and digits, behind a prefix that says what it is.
pub fn new_secret(random: &dyn Random, prefix: &str) -> SecretString {
    let mut text = String::with_capacity(prefix.len() + SECRET_LENGTH);
    text.push_str(prefix);
    let mut bytes = [0; 64];
    while text.len() < prefix.len() + SECRET_LENGTH {
        random.fill(&mut bytes);
        // 248 is the largest multiple of 62 in a byte: taking the others would favour the first letters.
        let drawn =
            bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(BASE62[usize::from(byte % 62)]));
        text.extend(drawn.take(prefix.len() + SECRET_LENGTH - text.len()));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn a_secret_has_its_prefix_and_256_bits_in_letters_and_digits() {
        let random = SeededRandom::default();
        let secret = new_secret(&random, "pstr_");
        let (prefix, rest) = secret.expose_secret().split_at(5);
        assert_eq!((prefix, rest.len()), ("pstr_", SECRET_LENGTH));
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(new_secret(&random, "pstr_").expose_secret(), secret.expose_secret());
    }

    #[test]
    fn every_letter_is_drawn() {
        let random = SeededRandom::default();
        let drawn: BTreeSet<char> = (0..100)
            .flat_map(|_| new_secret(&random, "").expose_secret().chars().collect::<Vec<_>>())
            .collect();
        assert_eq!(drawn.len(), 62);
    }

    #[test]
    fn an_id_carries_the_time_it_was_made() {
        let now = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let id = new_id::<crate::id::Person>(&SeededRandom::default(), now);
        assert_eq!(id.uuid().get_timestamp().unwrap().to_unix(), (1_700_000_000, 123_000_000));
        assert_eq!(id.uuid().get_version_num(), 7);
    }
}

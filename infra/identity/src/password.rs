//! Passwords: bcrypt over base64(HMAC-SHA-384(pepper, password)).
//!
//! bcrypt looks at 72 bytes; the keyed hash brings any password to 64 and makes a stolen table worthless without the pepper,
//! which is not in the database.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bcrypt::{non_truncating_hash, non_truncating_verify};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use tenancy::account::{HashError, PasswordHash, PasswordHasher, Verdict};
use tokio::sync::Semaphore;

/// bcrypt's cost below which no deployment may go: 2^12 rounds, about a quarter of a second.
const LEAST_COST: u32 = 12;

/// bcrypt's own limit.
const MOST_COST: u32 = 31;

/// The fewest bytes of a pepper.
const LEAST_PEPPER: usize = 32;

/// How many hashes are computed at once: more would take the processors from everything else.
const AT_ONCE: usize = 2;

/// How many may wait, the ones being computed included. Beyond, waiting would take longer than clients do.
const AT_MOST: usize = 34;

/// A secret that goes into every hash. Old versions stay until the last hash that used them was made again.
#[derive(Debug, Clone)]
pub struct Pepper {
    /// Its number, from 1; the greatest is used for new hashes.
    pub version: i32,
    /// At least 32 random bytes.
    pub key: SecretSlice<u8>,
}

/// The settings cannot be used.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum HasherError {
    /// There is no pepper.
    #[error("at least one pepper is needed")]
    NoPepper,
    /// A pepper is too short.
    #[error("pepper {0} must have at least {LEAST_PEPPER} bytes")]
    ShortPepper(i32),
    /// Two peppers have one number, or a number below 1.
    #[error("pepper version {0} is not unique or not positive")]
    BadVersion(i32),
    /// The cost is too low, or more than bcrypt can do.
    #[error("the cost must be between {LEAST_COST} and {MOST_COST}")]
    BadCost,
}

/// Hashes passwords on a few threads.
pub struct BcryptHasher {
    peppers: Vec<Pepper>,
    cost: u32,
    computing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl BcryptHasher {
    /// Checks the settings.
    pub fn new(peppers: Vec<Pepper>, cost: u32) -> Result<Self, HasherError> {
        if !(LEAST_COST..=MOST_COST).contains(&cost) {
            return Err(HasherError::BadCost);
        }
        Self::with_any_cost(peppers, cost)
    }

    fn with_any_cost(mut peppers: Vec<Pepper>, cost: u32) -> Result<Self, HasherError> {
        peppers.sort_by_key(|pepper| std::cmp::Reverse(pepper.version));
        if peppers.is_empty() {
            return Err(HasherError::NoPepper);
        }
        if let Some(short) = peppers.iter().find(|pepper| pepper.key.expose_secret().len() < LEAST_PEPPER) {
            return Err(HasherError::ShortPepper(short.version));
        }
        let is_bad = |pair: &[Pepper]| pair[0].version == pair[1].version;
        if let Some(pair) = peppers.windows(2).find(|pair| is_bad(pair)) {
            return Err(HasherError::BadVersion(pair[0].version));
        }
        if let Some(bad) = peppers.iter().find(|pepper| pepper.version < 1) {
            return Err(HasherError::BadVersion(bad.version));
        }
        let (computing, waiting) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(AT_MOST)));
        Ok(Self { peppers, cost, computing, waiting })
    }

    /// Runs on a thread for blocking work. A caller who goes away does not make room: the work goes on.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| HashError::Busy)?;
        let turn = self.computing.clone().acquire_owned().await.map_err(|_| HashError::Busy)?;
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        task.await.map_err(|_| HashError::Busy)
    }

    fn is_stale(&self, hash: &PasswordHash) -> bool {
        let cost = hash.bcrypt.split('$').nth(2).and_then(|cost| cost.parse::<u32>().ok());
        self.peppers.first().is_none_or(|newest| hash.pepper_version != newest.version)
            || cost.is_none_or(|cost| cost < self.cost)
    }

    /// A hash of nothing anybody can type, with the cost of a real one.
    fn nobody(&self) -> String {
        format!("$2b${:02}${}", self.cost, ".".repeat(53))
    }
}

/// The 64 characters that bcrypt gets to see.
fn season(pepper: &Pepper, password: &SecretString) -> SecretString {
    let key = hmac::Key::new(hmac::HMAC_SHA384, pepper.key.expose_secret());
    STANDARD.encode(hmac::sign(&key, password.expose_secret().as_bytes())).into()
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHash, HashError> {
        let newest = self.peppers.first().ok_or(HashError::Busy)?;
        let (seasoned, cost, pepper_version) = (season(newest, password), self.cost, newest.version);
        let hashed = self.compute(move || non_truncating_hash(seasoned.expose_secret(), cost)).await?;
        // bcrypt fails only for a cost out of range or without randomness.
        Ok(PasswordHash { bcrypt: hashed.map_err(|_| HashError::Busy)?, pepper_version })
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let own =
            hash.and_then(|hash| self.peppers.iter().find(|pepper| pepper.version == hash.pepper_version));
        if let (Some(hash), None) = (hash, own) {
            tracing::error!(
                version = hash.pepper_version,
                "a password hash needs a pepper that is not configured"
            );
        }
        let pepper = own.or(self.peppers.first()).ok_or(HashError::Busy)?;
        let expected =
            hash.filter(|_| own.is_some()).map_or_else(|| self.nobody(), |hash| hash.bcrypt.clone());
        let seasoned = season(pepper, password);
        let is_same =
            self.compute(move || non_truncating_verify(seasoned.expose_secret(), &expected)).await?;
        Ok(match (is_same, hash) {
            (Ok(true), Some(hash)) if self.is_stale(hash) => Verdict::RightButStale,
            (Ok(true), Some(_)) => Verdict::Right,
            _ => Verdict::Wrong,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(version: i32) -> Pepper {
        Pepper { version, key: vec![u8::try_from(version).unwrap(); 32].into() }
    }

    fn hasher(versions: &[i32], cost: u32) -> BcryptHasher {
        BcryptHasher::with_any_cost(versions.iter().map(|version| pepper(*version)).collect(), cost).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        text.into()
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_another_is_not() {
        let hasher = hasher(&[1], 4);
        let hash = hasher.hash(&secret("correct horse")).await.unwrap();
        assert_eq!(hasher.verify(&secret("correct horse"), Some(&hash)).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify(&secret("Correct horse"), Some(&hash)).await, Ok(Verdict::Wrong));
        assert_ne!(hasher.hash(&secret("correct horse")).await.unwrap(), hash, "the salt is new");
    }

    #[tokio::test]
    async fn passwords_that_differ_after_byte_72_are_different_and_256_bytes_work() {
        let hasher = hasher(&[1], 4);
        let long = "x".repeat(256);
        let other = format!("{}y", &long[..255]);
        let hash = hasher.hash(&secret(&long)).await.unwrap();
        assert_eq!(hasher.verify(&secret(&long), Some(&hash)).await, Ok(Verdict::Right));
        assert_eq!(hasher.verify(&secret(&other), Some(&hash)).await, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify(&secret(&long[..72]), Some(&hash)).await, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn an_old_pepper_or_cost_is_still_right_but_stale() {
        let old = hasher(&[1], 4).hash(&secret("correct horse")).await.unwrap();
        assert_eq!(
            hasher(&[1, 2], 4).verify(&secret("correct horse"), Some(&old)).await,
            Ok(Verdict::RightButStale)
        );
        assert_eq!(
            hasher(&[1], 5).verify(&secret("correct horse"), Some(&old)).await,
            Ok(Verdict::RightButStale)
        );
        assert_eq!(hasher(&[2], 4).verify(&secret("correct horse"), Some(&old)).await, Ok(Verdict::Wrong));
        let new = hasher(&[1, 2], 4).hash(&secret("correct horse")).await.unwrap();
        assert_eq!(new.pepper_version, 2);
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_finding_out_takes_as_long() {
        use std::time::Instant;
        let hasher = hasher(&[1], 10);
        let hash = hasher.hash(&secret("correct horse")).await.unwrap();
        let measure = async |hash: Option<&PasswordHash>| {
            let mut fastest = None;
            for _ in 0..5 {
                let start = Instant::now();
                assert_eq!(hasher.verify(&secret("wrong horse"), hash).await, Ok(Verdict::Wrong));
                fastest = fastest.into_iter().chain([start.elapsed()]).min();
            }
            fastest.unwrap()
        };
        let (known, unknown) = (measure(Some(&hash)).await, measure(None).await);
        assert!(known < unknown * 3 && unknown < known * 3, "{known:?} {unknown:?}");
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_told_so() {
        let hasher = hasher(&[1], 4);
        let others = u32::try_from(AT_MOST).unwrap();
        let places = hasher.waiting.clone().try_acquire_many_owned(others).unwrap();
        assert_eq!(hasher.hash(&secret("correct horse")).await, Err(HashError::Busy));
        assert_eq!(hasher.verify(&secret("correct horse"), None).await, Err(HashError::Busy));
        drop(places);
        assert!(hasher.hash(&secret("correct horse")).await.is_ok());
    }

    #[test]
    fn weak_settings_are_refused() {
        let refused = |peppers, cost| BcryptHasher::new(peppers, cost).err();
        assert_eq!(refused(vec![pepper(1)], 11), Some(HasherError::BadCost));
        assert_eq!(refused(vec![pepper(1)], 32), Some(HasherError::BadCost));
        assert_eq!(refused(vec![], 12), Some(HasherError::NoPepper));
        assert_eq!(refused(vec![pepper(1), pepper(1)], 12), Some(HasherError::BadVersion(1)));
        assert_eq!(refused(vec![pepper(0)], 12), Some(HasherError::BadVersion(0)));
        let short = Pepper { version: 1, key: vec![1; 31].into() };
        assert_eq!(refused(vec![short], 12), Some(HasherError::ShortPepper(1)));
        assert_eq!(refused(vec![pepper(1), pepper(2)], 12), None);
    }
}

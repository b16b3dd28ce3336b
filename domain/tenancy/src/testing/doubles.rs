//! The small stand-ins: time, randomness, hashing, signing, mail.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    Clock, Random,
    account::{HashError, PasswordHash, PasswordHasher, Verdict},
    mailer::{Mail, MailTemplate, Mailer, NotSent},
    session::{AccessClaims, InvalidToken, SignError, TokenSigner},
};

/// Locks, also after a test panicked elsewhere.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that stands still until it is advanced.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl Default for ManualClock {
    /// 2026-11-22 12:00 UTC.
    fn default() -> Self {
        Self(Mutex::new(DateTime::UNIX_EPOCH + TimeDelta::seconds(1_795_348_800)))
    }
}

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        *lock(&self.0) += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *lock(&self.0)
    }
}

/// A generator whose output only looks random; the same in every run.
#[derive(Debug, Default)]
pub struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let block = Sha256::digest(count.to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A hasher that is fast, and counts how often it worked.
#[derive(Debug)]
pub struct FakeHasher {
    work: AtomicUsize,
    pepper_version: AtomicI32,
}

impl Default for FakeHasher {
    fn default() -> Self {
        Self { work: AtomicUsize::new(0), pepper_version: AtomicI32::new(1) }
    }
}

impl FakeHasher {
    /// How often it hashed.
    pub fn work_done(&self) -> usize {
        self.work.load(Ordering::Relaxed)
    }

    /// Brings a new pepper into use: every hash so far becomes stale.
    pub fn age(&self) {
        self.pepper_version.fetch_add(1, Ordering::Relaxed);
    }

    fn digest(&self, password: &SecretString, pepper_version: i32) -> String {
        self.work.fetch_add(1, Ordering::Relaxed);
        let mut hash = Sha256::new();
        hash.update(pepper_version.to_be_bytes());
        hash.update(password.expose_secret());
        // The shape of a bcrypt string, which the database checks.
        let letters: String = hash.finalize().iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        format!("$2b$12${letters}{}", &letters[..21])
    }
}

#[async_trait]
impl PasswordHasher for FakeHasher {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHash, HashError> {
        let pepper_version = self.pepper_version.load(Ordering::Relaxed);
        Ok(PasswordHash { bcrypt: self.digest(password, pepper_version), pepper_version })
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let newest = self.pepper_version.load(Ordering::Relaxed);
        let pepper_version = hash.map_or(newest, |hash| hash.pepper_version);
        let digest = self.digest(password, pepper_version);
        Ok(match hash {
            Some(hash) if hash.bcrypt == digest && pepper_version == newest => Verdict::Right,
            Some(hash) if hash.bcrypt == digest => Verdict::RightButStale,
            _ => Verdict::Wrong,
        })
    }
}

/// A signer whose tokens anybody could make, but which checks their time.
#[derive(Debug, Default)]
pub struct FakeSigner;

impl TokenSigner for FakeSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<SecretString, SignError> {
        let AccessClaims { session, person, organization, issued_at, expires_at } = claims;
        let (from, to) = (issued_at.timestamp(), expires_at.timestamp());
        Ok(format!("fake.{session}.{person}.{organization}.{from}.{to}").into())
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, InvalidToken> {
        read(token).filter(|claims| now < claims.expires_at).ok_or(InvalidToken)
    }
}

fn read(token: &str) -> Option<AccessClaims> {
    let parts: Vec<&str> = token.split('.').collect();
    let ["fake", session, person, organization, from, to] = parts[..] else { return None };
    let at = |text: &str| DateTime::from_timestamp(text.parse().ok()?, 0);
    Some(AccessClaims {
        session: session.parse().ok()?,
        person: person.parse().ok()?,
        organization: organization.parse().ok()?,
        issued_at: at(from)?,
        expires_at: at(to)?,
    })
}

/// A mailer that keeps what it was given.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Vec<Mail>>);

impl Outbox {
    /// The templates so far.
    pub fn templates(&self) -> Vec<MailTemplate> {
        lock(&self.0).iter().map(|mail| mail.template).collect()
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, mail: Mail) -> Result<(), NotSent> {
        lock(&self.0).push(mail);
        Ok(())
    }
}

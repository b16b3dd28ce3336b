//! Stand-ins for the ports, for tests here and in other crates: they remember instead of expecting, and behave as the ports
//! document. A [`World`] wires them together.

mod doubles;
mod keys;
#[cfg(test)]
mod shortcuts;
mod store;
mod store_access;
mod vault;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use zone::Tz;

pub use doubles::{FakeHasher, FakeSigner, ManualClock, Outbox, SeededRandom};
pub use keys::{KeyStand, MemoryKeys, stories};
pub use store::MemoryStore;
pub use vault::FakeVault;

use crate::{
    Accounts, ApiKeys, Authenticator, Clock, Organizations, Scope, Sessions,
    account::{MinAge, Registration, RegistrationPolicy},
    api_key::Grant,
    mailer::MailTemplate,
    session::{SessionPolicy, SignIn},
};

/// The password of [`registration`] and [`sign_in`].
pub const PASSWORD: &str = "correct horse battery staple";

/// A registration in which nothing is wrong.
pub fn registration(mail: &str) -> Registration {
    Registration {
        mail: mail.into(),
        password: PASSWORD.into(),
        name: None,
        organization_name: "Analytical Engines".into(),
        time_zone: Tz::UTC,
        is_of_age: true,
        acknowledged_notice: "2026-01".into(),
    }
}

/// The sign-in that belongs to [`registration`].
pub fn sign_in(mail: &str) -> SignIn {
    SignIn { mail: mail.into(), password: PASSWORD.into(), organization: None }
}

/// A grant of a key that reaches everything and does not expire.
pub fn grant(scopes: impl IntoIterator<Item = Scope>) -> Grant {
    Grant {
        name: "a program".into(),
        scopes: scopes.into_iter().collect(),
        workspaces: None,
        expires_at: None,
        origins: Vec::new(),
        fence: None,
    }
}

/// The use cases around one store in memory, at a time that stands still until it is advanced.
#[derive(Clone, Default)]
pub struct World {
    /// All stores in one.
    pub store: Arc<MemoryStore>,
    /// The hasher, which counts its work.
    pub hasher: Arc<FakeHasher>,
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// The mails.
    pub outbox: Arc<Outbox>,
    /// The vault.
    pub vault: Arc<FakeVault>,
    /// The generator.
    pub random: Arc<SeededRandom>,
    /// The signer.
    pub signer: Arc<FakeSigner>,
}

impl World {
    /// An empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// The accounts.
    pub fn accounts(&self) -> Accounts {
        Accounts {
            store: self.store.clone(),
            throttles: self.store.clone(),
            hasher: self.hasher.clone(),
            vault: self.vault.clone(),
            mailer: self.outbox.clone(),
            random: self.random.clone(),
            clock: self.clock.clone(),
            policy: RegistrationPolicy { min_age: MinAge::DEFAULT, notice_version: "2026-01".into() },
        }
    }

    /// The sessions.
    pub fn sessions(&self) -> Sessions {
        Sessions {
            store: self.store.clone(),
            accounts: self.store.clone(),
            throttles: self.store.clone(),
            hasher: self.hasher.clone(),
            signer: self.signer.clone(),
            vault: self.vault.clone(),
            random: self.random.clone(),
            clock: self.clock.clone(),
            policy: SessionPolicy::default(),
        }
    }

    /// The API keys.
    pub fn api_keys(&self) -> ApiKeys {
        ApiKeys { store: self.store.clone(), random: self.random.clone(), clock: self.clock.clone() }
    }

    /// The organizations.
    pub fn organizations(&self) -> Organizations {
        Organizations { store: self.store.clone(), random: self.random.clone(), clock: self.clock.clone() }
    }

    /// The authenticator.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator {
            sessions: self.store.clone(),
            api_keys: self.store.clone(),
            signer: self.signer.clone(),
            clock: self.clock.clone(),
        }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// The templates of the mails so far.
    pub fn mails(&self) -> Vec<MailTemplate> {
        self.outbox.templates()
    }
}

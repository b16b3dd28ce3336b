//! Accounts: signing up, and what is known about a person.

mod acknowledgement;
mod mail;
mod password;
mod profile;
mod register;
mod store;

use std::sync::Arc;

pub use acknowledgement::{Acknowledgement, MinAge, RegistrationPolicy, TooYoung};
pub(crate) use mail::MAIL_LOOKUP;
pub use mail::MailAddress;
pub use password::{HashError, NewPassword, PasswordHash, PasswordHasher, Verdict};
pub use profile::{Membership, Profile};
pub use register::Registration;
pub use store::{
    AccountStore, Credentials, NewAccount, NewOrganization, NewPerson, Registered, StoredPerson,
};

use crate::{Clock, mailer::Mailer, random::Random, sealing::Vault, throttle::ThrottleStore};

/// The columns that hold what is sealed about a person; part of the associated data.
pub(crate) const MAIL_COLUMN: &str = "persons.mail_sealed";
pub(crate) const NAME_COLUMN: &str = "persons.name_sealed";

/// The use cases of accounts.
#[derive(Clone)]
pub struct Accounts {
    /// Where accounts are kept.
    pub store: Arc<dyn AccountStore>,
    /// Slows down whoever registers in bulk.
    pub throttles: Arc<dyn ThrottleStore>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Seals mail addresses and names.
    pub vault: Arc<dyn Vault>,
    /// Tells people what happened.
    pub mailer: Arc<dyn Mailer>,
    /// Draws keys and identifiers.
    pub random: Arc<dyn Random>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who may register.
    pub policy: RegistrationPolicy,
}

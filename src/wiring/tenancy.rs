//! Accounts, sessions, organizations and API keys.

use std::sync::Arc;

use identity::{BcryptHasher, EdDsaSigner, LogMailer, Pepper, TokenSettings};
use postgres::tenancy::{PgAccounts, PgApiKeys, PgOrganizations, PgSessions, PgThrottles};
use secrecy::ExposeSecret;
use tenancy::{
    Accounts, ApiKeys, Authenticator, Organizations, Sessions,
    account::{MinAge, PasswordHasher, RegistrationPolicy},
    session::SessionPolicy,
};

use super::{Parts, WireError};
use crate::config::Config;

/// The cost of a password hash: 2 to this power. Twelve is the least that is allowed.
const BCRYPT_COST: u32 = 12;

pub(super) struct Tenancy {
    pub(super) accounts: Accounts,
    pub(super) sessions: Sessions,
    pub(super) organizations: Organizations,
    pub(super) api_keys: ApiKeys,
    pub(super) authenticator: Authenticator,
    pub(super) signer: Arc<EdDsaSigner>,
}

fn hasher(config: &Config) -> Result<Arc<dyn PasswordHasher>, WireError> {
    let pepper =
        |(version, key): (&i32, &secrecy::SecretSlice<u8>)| Pepper { version: *version, key: key.clone() };
    let peppers = config.secrets.peppers.iter().map(pepper).collect();
    let hasher = BcryptHasher::new(peppers, BCRYPT_COST);
    Ok(Arc::new(hasher.map_err(|error| WireError::new("passwords cannot be hashed", error))?))
}

fn signer(config: &Config) -> Result<Arc<EdDsaSigner>, WireError> {
    let seeds =
        config.secrets.signing_seeds.iter().map(|seed| seed.expose_secret().to_vec().into()).collect();
    let settings =
        TokenSettings { issuer: config.server.public_url.to_string(), audience: "postern".to_owned(), seeds };
    let signer = EdDsaSigner::new(settings);
    Ok(Arc::new(signer.map_err(|error| WireError::new("access tokens cannot be signed", error))?))
}

fn registration(config: &Config) -> Result<RegistrationPolicy, WireError> {
    let min_age = MinAge::new(config.policy.min_age);
    let min_age = min_age.map_err(|error| WireError::new("the minimum age", error))?;
    Ok(RegistrationPolicy { min_age, notice_version: config.policy.version.clone() })
}

impl Parts {
    pub(super) fn tenancy(&self, config: &Config) -> Result<Tenancy, WireError> {
        let (hasher, signer) = (hasher(config)?, signer(config)?);
        let accounts = Arc::new(PgAccounts(self.pool.clone()));
        let sessions = Arc::new(PgSessions(self.pool.clone()));
        let api_keys = Arc::new(PgApiKeys(self.pool.clone()));
        let throttles = Arc::new(PgThrottles(self.pool.clone()));
        let (vault, clock, random) = (self.vault.clone(), self.clock.clone(), self.random.clone());
        Ok(Tenancy {
            accounts: Accounts {
                store: accounts.clone(),
                throttles: throttles.clone(),
                hasher: hasher.clone(),
                vault: vault.clone(),
                mailer: Arc::new(LogMailer),
                random: random.clone(),
                clock: clock.clone(),
                policy: registration(config)?,
            },
            sessions: Sessions {
                store: sessions.clone(),
                accounts,
                throttles,
                hasher,
                signer: signer.clone(),
                vault,
                random: random.clone(),
                clock: clock.clone(),
                policy: SessionPolicy::default(),
            },
            organizations: Organizations {
                store: Arc::new(PgOrganizations(self.pool.clone())),
                random: random.clone(),
                clock: clock.clone(),
            },
            api_keys: ApiKeys { store: api_keys.clone(), random, clock: clock.clone() },
            authenticator: Authenticator { sessions, api_keys, signer: signer.clone(), clock },
            signer,
        })
    }
}

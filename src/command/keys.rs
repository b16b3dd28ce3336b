//! `keys`.

use clap::Subcommand;
use postgres::tenancy::{PgOrganizationKeys, PgPersonKeys};
use tenancy::{rotation::rewrap_all, sealing::Vault};
use vault::KeyRing;

use super::Failure;
use crate::{
    config::{self, Config},
    runtime::RunningDatabase,
    wiring,
};

/// The key ring.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Adds a key to the key ring's file and wraps every organization's and person's key with it, while everything runs.
    Rotate,
}

impl Keys {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Rotate => rotate().await,
        }
    }
}

/// The new key is in the file before the first row needs it: a process that meets a version it does not know reads the file
/// again, so that no read fails.
async fn rotate() -> Result<(), Failure> {
    let file = config::keyring_file(std::env::vars_os())?;
    let version = KeyRing::add_new_version(&file)?;
    println!("key {version} was added to {}; keep a copy apart from the database", file.display());
    let config = Config::load(std::env::vars_os())?;
    let vault = wiring::vault(&config)?;
    let database = RunningDatabase::start(&config.database, |line| eprintln!("{line}")).await?;
    let pool = postgres::connect(&database.url, 2).await?;
    let organizations = rewrap_all(&vault, &PgOrganizationKeys(pool.clone())).await?;
    let persons = rewrap_all(&vault, &PgPersonKeys(pool.clone())).await?;
    drop(pool);
    database.stop().await;
    println!(
        "wrapped with key {}: {organizations} of organizations, {persons} of persons",
        vault.newest_ring_version()
    );
    Ok(())
}

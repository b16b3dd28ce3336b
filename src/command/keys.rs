//! `keys`.

use std::path::Path;

use clap::Subcommand;
use postgres::tenancy::{PgOrganizationKeys, PgPersonKeys};
use tenancy::{
    rotation::{RootKeyStore, rewrap_all},
    sealing::Vault,
};
use vault::KeyRing;

use super::Failure;
use crate::{
    config::{self, Config},
    runtime::{self, RunningDatabase},
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

/// The database is up to date before the file is touched, and is stopped however this ends.
async fn rotate() -> Result<(), Failure> {
    let (file, config) = config::for_rotation(std::env::vars_os())?;
    let database = RunningDatabase::start(&config.database, |line| eprintln!("{line}")).await?;
    let rotated = rotate_on(&database.url, &file, &config).await;
    database.stop().await;
    rotated
}

/// The new key is in the file before the first row needs it: a process that meets a version it does not know reads the file
/// again, so that no read fails.
async fn rotate_on(url: &str, file: &Path, config: &Config) -> Result<(), Failure> {
    runtime::migrate(url).await?;
    let pool = postgres::connect(url, 2).await?;
    let (organizations, persons) = (PgOrganizationKeys(pool.clone()), PgPersonKeys(pool));
    match KeyRing::from_file(file) {
        Err(error) if error.is_of_no_key() => refuse_second_ring(file, [&organizations, &persons]).await?,
        ring => drop(ring?),
    }
    let version = KeyRing::add_new_version(file)?;
    println!("key {version} was added to {}; keep a copy apart from the database", file.display());
    let vault = wiring::vault(config)?;
    let organizations = rewrap_all(&vault, &organizations).await?;
    let persons = rewrap_all(&vault, &persons).await?;
    println!(
        "wrapped with key {}: {organizations} of organizations, {persons} of persons",
        vault.newest_ring_version()
    );
    Ok(())
}

/// A ring begins only where nothing is wrapped yet: whoever mistyped its path must not get another one that opens nothing.
async fn refuse_second_ring(file: &Path, stores: [&dyn RootKeyStore; 2]) -> Result<(), Failure> {
    for store in stores {
        if let Some(version) = store.older_than(i32::MAX, 1).await?.first().and_then(|key| key.ring_version) {
            let file = file.display();
            return Err(format!(
                "POSTERN_KEYRING_FILE: `{file}` has no key, but keys in the database are wrapped by version {version} of a ring \
                 already; set the path of that ring's file or restore it from its copy (no file was made)"
            )
            .into());
        }
    }
    Ok(())
}

//! `migrate`.

use super::Failure;
use crate::{
    config::Config,
    runtime::{self, RunningDatabase},
};

/// Brings the database up to date.
pub(super) async fn run() -> Result<(), Failure> {
    let config = Config::load(std::env::vars_os())?;
    let database = RunningDatabase::start(&config.database, |line| eprintln!("{line}")).await?;
    let migrated = runtime::migrate(&database.url).await;
    database.stop().await;
    match migrated? {
        done if done.is_empty() => println!("the database was up to date"),
        done => println!("migrated: {}", done.join(", ")),
    }
    Ok(())
}

//! A migrated database for each test.

mod database;
mod server;

pub(crate) use database::{migrated_pool, migrated_url};
pub(crate) use server::url as server_url;

//! A private `PostgreSQL` that needs no set-up step.
//!
//! [`Cluster::start`] finds server binaries (or downloads a release build of them), creates a data directory on
//! the first start, and leaves a real `PostgreSQL` server running that only this machine's user can reach, over a
//! unix socket. Every further process that starts the same directory attaches to the running server; the last
//! one that calls [`Cluster::stop`] stops it. The data outlives both, and a server or a program that was killed
//! is picked up by the next start.
//!
//! The server must not run as root, so a root process hands it to `postgres` or, without such a user, `nobody`.

mod account;
mod archive;
mod binaries;
mod cluster;
mod download;
mod error;
mod home;
mod initdb;
mod install;
mod keeper;
mod lock;
mod postmaster;
mod progress;
mod release;
mod server;
mod settings;
mod socket;

pub use binaries::Search;
pub use cluster::Cluster;
pub use download::DownloadError;
pub use error::ClusterError;
pub use keeper::Keeper;
pub use settings::Settings;

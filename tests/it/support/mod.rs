//! What the stories stand on: a database of their own, a sandbox, the whole product, and people who use it over HTTP.

pub(crate) mod caller;
pub(crate) mod cluster;
pub(crate) mod database;
pub(crate) mod hexadecimal;
pub(crate) mod person;
pub(crate) mod pictures;
pub(crate) mod process;
pub(crate) mod reply;
pub(crate) mod sandbox;
pub(crate) mod until;
pub(crate) mod world;

pub(crate) use caller::Caller;
pub(crate) use person::{Channels, Person};
pub(crate) use reply::Reply;
pub(crate) use world::World;

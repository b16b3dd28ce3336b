//! The stores against a real server, which `TEST_DATABASE_URL` names: each test makes a database of its own.

mod connections;
mod foundation;
mod media;
mod support;
mod tenancy;

//! The stores against a real server, which `TEST_DATABASE_URL` names: each test makes a database of its own.

#[cfg(test)]
mod connections;
#[cfg(test)]
mod foundation;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod media;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenancy;

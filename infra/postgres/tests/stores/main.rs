//! The stores against a real server, the one that `TEST_DATABASE_URL` names or else a private one: each test has a database of its own.

#[cfg(test)]
mod calendar;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod events;
#[cfg(test)]
mod foundation;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod media;
#[cfg(test)]
mod posting;
#[cfg(test)]
mod posts;
#[cfg(test)]
mod publications;
#[cfg(test)]
mod series;
#[cfg(test)]
mod server_log;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenancy;

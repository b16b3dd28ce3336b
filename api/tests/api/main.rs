//! The API over in-memory use cases: through the framework's test client, and through real sockets where bytes and time matter.

mod access;
mod bodies;
mod documented;
mod idempotency;
mod logged;
mod sockets;
mod support;
mod tenants;

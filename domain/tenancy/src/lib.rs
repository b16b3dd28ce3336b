//! Who: organizations, workspaces, members, callers, sessions and API keys.
//!
//! Rules and ports only: nothing here performs I/O, reads a clock or draws a random number by itself.
#![forbid(unsafe_code)]

pub mod account;
pub mod api_key;
pub mod authenticate;
pub mod caller;
pub mod client;
pub mod clock;
pub mod digest;
pub mod id;
pub mod idempotency;
pub mod mailer;
pub mod organization;
pub mod page;
mod personal;
pub mod random;
pub mod refusal;
pub mod rotation;
pub mod scope;
pub mod sealing;
pub mod session;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod throttle;

pub use account::Accounts;
pub use api_key::ApiKeys;
pub use authenticate::{Authenticated, Authenticator};
pub use caller::{Actor, Caller, Denied, Reach, Role};
pub use client::Client;
pub use clock::Clock;
pub use id::{ApiKeyId, OrganizationId, PersonId, SessionId, WorkspaceId};
pub use organization::Organizations;
pub use page::Page;
pub use random::Random;
pub use refusal::{Refusal, Violation};
pub use scope::{Scope, Scopes};
pub use session::Sessions;
pub use store::StoreError;

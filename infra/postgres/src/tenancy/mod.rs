//! The stores of who may do what.

mod account;
mod api_key;
mod column;
mod organization;
mod refresh;
mod root_key;
mod session;
mod throttle;

pub(crate) use column::role;

pub use account::PgAccounts;
pub use api_key::PgApiKeys;
pub use organization::PgOrganizations;
pub(crate) use organization::role_of;
pub use root_key::{PgOrganizationKeys, PgPersonKeys};
pub use session::PgSessions;
pub use throttle::PgThrottles;

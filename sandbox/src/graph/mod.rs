//! The Graph API: reading calls, checking callers, executing endpoints, writing answers.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod batch;
pub(crate) mod call;
pub(crate) mod endpoint;
pub(crate) mod error;
pub(crate) mod execute;
pub(crate) mod fetch;
pub(crate) mod fields;
pub(crate) mod instagram;
pub(crate) mod oauth;
pub(crate) mod page;
pub(crate) mod paging;
pub(crate) mod params;
pub(crate) mod picture_rules;
pub(crate) mod scene;
pub(crate) mod scopes;
pub(crate) mod shape;

//! The origins of the caller's API key as an argument.

use poem::{FromRequest, Request, RequestBody, Result};

use super::Context;

/// The origins that the caller's API key lists; none for a session, which has the deployment's.
pub struct Origins(pub Vec<String>);

impl<'a> FromRequest<'a> for Origins {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(Context::of(request)?.origins().to_vec()))
    }
}

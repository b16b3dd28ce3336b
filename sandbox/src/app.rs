//! The whole application: admin and pages under `/_sandbox/`, the index at `/`, and Graph everywhere else.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{Endpoint, EndpointExt, Request, Response, Result};

use crate::shared::Shared;
use crate::{admin, inbound, timeline};

/// The application.
pub(crate) struct App {
    shared: Arc<Shared>,
    own: BoxEndpoint<'static, Response>,
}

impl App {
    /// The application over a state.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let own = timeline::routes(&shared, admin::routes(&shared)).map_to_response().boxed();
        Self { shared, own }
    }
}

impl Endpoint for App {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        let index = path == "/" && request.method() == Method::GET && request.uri().query().is_none();
        if index || path.starts_with("/_sandbox") {
            return Ok(match admin::refuse(&self.shared, &request) {
                Some(refusal) => refusal,
                None => self.own.get_response(request).await,
            });
        }
        Ok(inbound::answer(&self.shared, request).await)
    }
}

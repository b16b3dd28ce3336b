//! Cross-origin requests (the Fetch standard, "CORS protocol"). Origins are listed, never `*`, and there are no cookies, so no
//! credentials are allowed either.

use std::{collections::BTreeSet, sync::Arc};

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};

use crate::{
    problem::{Code, Problem},
    request::Authenticate,
};

const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Range";
const ANSWER_HEADERS: &str =
    "ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";

/// The origins that the deployment allows for every caller.
#[derive(Debug, Clone, Default)]
pub struct Origins(Arc<BTreeSet<String>>);

impl Origins {
    /// From the deployment's settings, each as a browser writes it: `https://app.example`.
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(origins.into_iter().collect()))
    }

    /// Whether the deployment allows the origin.
    pub fn has(&self, origin: &str) -> bool {
        self.0.contains(origin)
    }

    /// The origin of a request that a browser may show the answer to: one of the deployment's or of any API key.
    pub(super) async fn of(&self, request: &Request, keys: &dyn Authenticate) -> Option<HeaderValue> {
        let value = request.headers().get(header::ORIGIN)?;
        let origin = value.to_str().ok().filter(|origin| *origin != "null" && origin.len() <= 255)?;
        let known = self.has(origin) || keys.knows_origin(origin).await;
        known.then(|| value.clone())
    }
}

/// The answer to a preflight request, if it is one.
pub(super) fn preflight(request: &Request, origin: Option<&HeaderValue>) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key("access-control-request-method");
    if !asks {
        return None;
    }
    if origin.is_none() {
        return Some(Problem::of(Code::OriginNotAllowed).into_response());
    }
    let answer = Response::builder().status(StatusCode::NO_CONTENT);
    let answer = answer.header("access-control-allow-methods", METHODS);
    let answer = answer.header("access-control-allow-headers", REQUEST_HEADERS);
    Some(answer.header("access-control-max-age", "600").finish())
}

/// Lets the browser show the answer.
pub(super) fn allow(response: &mut Response, origin: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert("access-control-allow-origin", origin);
        headers.insert("access-control-expose-headers", HeaderValue::from_static(ANSWER_HEADERS));
    }
}

//! The outermost layer: gives each request its id and context, limits its body, and makes every answer complete, whoever made
//! it: problems where there are errors, the headers, the log line, the counters.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use futures::FutureExt;
use poem::{
    Endpoint, IntoEndpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, Method, StatusCode, header},
};
use tracing::Instrument;

pub use super::log::Pseudonyms;
use super::{Intake, Origins, counters, headers, log, origins};
use crate::{
    problem::{self, Code, Problem},
    request::{Authenticate, ClientAddress, Context},
};

/// The settings of the outermost layer.
#[derive(Clone)]
pub struct Frame {
    /// What a body may take.
    pub intake: Intake,
    /// The origins browsers may call from.
    pub origins: Origins,
    /// Knows the origins of API keys.
    pub authenticate: Arc<dyn Authenticate>,
    /// How the address of a client is found.
    pub client: ClientAddress,
    /// Turns callers into pseudonyms for the log.
    pub pseudonyms: Pseudonyms,
}

/// Puts the frame around an endpoint.
pub fn frame(settings: Frame, inner: impl IntoEndpoint) -> impl Endpoint<Output = Response> {
    Framed { settings, inner: inner.into_endpoint() }
}

struct Framed<E> {
    settings: Frame,
    inner: E,
}

impl<E: Endpoint> Endpoint for Framed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let began = Instant::now();
        let settings = &self.settings;
        let context = Arc::new(Context::new(settings.client.client(&request)));
        request.extensions_mut().insert(Arc::clone(&context));
        let method = request.method().clone();
        let span = tracing::info_span!("request", id = context.id);
        let origin = settings.origins.of(&request, settings.authenticate.as_ref()).await;
        let mut response = match origins::preflight(&request, origin.as_ref()) {
            Some(answer) => answer,
            None => self.answer(request, &context).instrument(span).await,
        };
        response = complete(response, &context);
        origins::allow(&mut response, origin);
        headers::protect(&mut response, settings.client == ClientAddress::TrustedProxy);
        let (status, took) = (response.status(), began.elapsed());
        let sent = response
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        log::write(&context, &settings.pseudonyms, &method, status, took, sent);
        counters::record(log::known(&method), context.template(), status.as_u16(), took);
        Ok(response)
    }
}

impl<E: Endpoint> Framed<E> {
    /// The inner answer, whatever happens in there.
    async fn answer(&self, mut request: Request, context: &Arc<Context>) -> Response {
        if let Some(refusal) = self.refuse(&mut request, context) {
            return refusal.into_response();
        }
        match AssertUnwindSafe(self.inner.call(request)).catch_unwind().await {
            Ok(Ok(response)) => response.into_response(),
            Ok(Err(error)) => Problem::from(error).into_response(),
            Err(_) => Problem::internal("a handler panicked").into_response(),
        }
    }

    fn refuse(&self, request: &mut Request, context: &Arc<Context>) -> Option<Problem> {
        if is_plain(request, self.settings.client) {
            return Some(Problem::of(Code::TlsRequired));
        }
        // HTTP/1.1 without a path: `CONNECT` and `OPTIONS *` are for proxies.
        if request.method() == Method::CONNECT || !request.uri().path().starts_with('/') {
            return Some(Problem::of(Code::MalformedRequest));
        }
        self.settings.intake.limit(request, context).err()
    }
}

/// Whether the request came over the open network without TLS. Connections from this machine are exempt; behind a trusted
/// proxy the proxy says which scheme it spoke.
fn is_plain(request: &Request, client: ClientAddress) -> bool {
    match client {
        ClientAddress::TrustedProxy => {
            request.header("x-forwarded-proto").is_some_and(|scheme| scheme != "https")
        }
        ClientAddress::Peer => {
            ClientAddress::Peer.find(request).is_some_and(|peer: IpAddr| !peer.to_canonical().is_loopback())
        }
    }
}

/// Gives the answer its request id and its quota, and makes every error a problem.
fn complete(response: Response, context: &Context) -> Response {
    let status = response.status();
    let own = response.extensions().get::<Problem>().cloned();
    let is_error = status.is_client_error() || status.is_server_error();
    // What the framework answers by itself is plain text; a page was written on purpose, for people.
    let described = response
        .content_type()
        .is_some_and(|kind| kind == problem::CONTENT_TYPE || kind.starts_with("text/html"));
    let problem =
        own.or_else(|| (is_error && !described).then(|| Problem::of(Code::of_status(status.as_u16()))));
    let mut response = problem.map_or(response, |problem| problem::render(&problem, &context.id));
    if response.status() == StatusCode::NO_CONTENT {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        response.headers_mut().insert("x-request-id", id);
    }
    if let Some(rate) = context.rate() {
        rate.write(response.headers_mut());
    }
    response
}

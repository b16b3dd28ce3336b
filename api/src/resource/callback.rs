//! The callback: where a platform sends the browser back to. It is for browsers, not for programs, so it is not part of the
//! document; why it looks as it does is told in `docs/decisions/0004-connection-callback.md`.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{StatusCode, header},
};
use publishing::connection::{Back, CameBack, ConnectionError, Connections, Failure};
use tracing::Instrument;

use super::courtesy;
use crate::{
    problem::{Code, Problem},
    request::Context,
    traffic::Quotas,
};

/// Where it is mounted.
pub const PATH: &str = "/v1/connections/callback";

/// The callback of every provider.
pub struct Callback {
    /// The use cases.
    pub connections: Connections,
    /// Counts requests by address.
    pub quotas: Arc<Quotas>,
}

impl Endpoint for Callback {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let context = Context::of(&request)?;
        context.route(&PATH.into());
        if request.method() != poem::http::Method::GET {
            return Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, "GET").into());
        }
        context.count(self.quotas.count(context)?);
        let (state, back) = read(request.uri().query().unwrap_or_default()).ok_or_else(unknown)?;
        let connections = self.connections.clone();
        // A browser that hangs up does not stop the exchange half way: the code can be used once only.
        let work = async move { connections.came_back(&state, back).await };
        let done = tokio::spawn(work.in_current_span()).await;
        let came_back = match done.map_err(|_| Problem::internal("a handler panicked"))? {
            Err(ConnectionError::NotFound) => return Err(unknown().into()),
            done => done.map_err(Problem::from)?,
        };
        Ok(self.answer(came_back))
    }
}

impl Callback {
    fn answer(&self, came_back: CameBack) -> Response {
        courtesy::tell_in_background(&self.connections, came_back.revoke);
        match (came_back.return_url, came_back.outcome) {
            (Some(url), _) => Response::builder()
                .status(StatusCode::SEE_OTHER)
                .header(header::LOCATION, url.as_str())
                .finish(),
            (None, Ok(code)) => page(
                "One step left",
                &format!(
                    "<p>Copy this code to the program you came from. It works once, within 15 minutes, and there only.</p>\
                     <p><code>{}</code></p>",
                    code.expose()
                ),
            ),
            (None, Err(failure)) => page("Nothing was connected", &sentences(failure)),
        }
    }
}

fn unknown() -> Problem {
    Problem::new(
        Code::InvalidParameters,
        "This login is unknown, was finished before, or ran out of time. Begin again.",
    )
}

/// The `state` and what the platform says. Platforms add parameters of their own; they are ignored.
fn read(query: &str) -> Option<(String, Back)> {
    let find = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let state = find("state")?;
    match (find("error"), find("code")) {
        (None, Some(code)) => Some((state, Back::Code(code.into()))),
        (Some(_), _) => Some((state, Back::Denied)),
        (None, None) => None,
    }
}

fn sentences(failure: Failure) -> String {
    format!("<p>{}</p><p>{}</p>", failure.detail(), failure.fix())
}

/// A page without scripts, styles or links. Nothing in it comes from a request or a platform.
fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><h1>{title}</h1>{body}</body></html>\n"
    );
    Response::builder().content_type("text/html; charset=utf-8").body(html).into_response()
}

#[cfg(test)]
mod tests {
    use publishing::refusal::Reason;

    use super::*;

    #[test]
    fn a_code_and_a_refusal_are_told_apart_and_strange_parameters_ignored() {
        assert!(matches!(read("code=c&state=s&granted_scopes=x"), Some((s, Back::Code(_))) if s == "s"));
        let denied =
            "error_reason=user_denied&error=access_denied&error_description=Permissions+error.&state=s";
        assert!(matches!(read(denied), Some((s, Back::Denied)) if s == "s"));
        assert!(
            matches!(read("error=x&code=c&state=s"), Some((_, Back::Denied))),
            "an error counts, whatever is beside it"
        );
        assert!(read("code=c").is_none());
        assert!(read("state=s").is_none());
    }

    #[test]
    fn the_sentences_of_every_failure_are_plain_text() {
        let platform = Reason::ALL.iter().map(|reason| Failure::Platform(*reason));
        for failure in platform.chain([Failure::AccessDenied, Failure::NothingToConnect, Failure::Replaced]) {
            assert!(![failure.detail(), failure.fix()].concat().contains(['<', '>', '&']), "{failure}");
        }
    }
}

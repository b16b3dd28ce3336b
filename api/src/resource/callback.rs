//! The callback: where a platform sends the browser back to, and where the page that it gets then sends the person's word.
//! It is for browsers, not for programs, so it is not part of the document; why it looks as it does is told in
//! `docs/decisions/0004-connection-callback.md`.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response, Result,
    http::{Method, StatusCode, header},
};
use publishing::connection::{Back, CameBack, ConnectionError, Connections, Onward, Stale};
use tracing::Instrument;

use super::{callback_page as page, courtesy};
use crate::{
    problem::{Code, Problem},
    request::Context,
    traffic::Quotas,
};

/// Where it is mounted.
pub const PATH: &str = "/v1/connections/callback";

/// The most bytes of a form: a nonce and a word are about a hundred.
const LARGEST_FORM: usize = 4_096;

/// The callback of every provider.
pub struct Callback {
    /// The use cases.
    pub connections: Connections,
    /// Counts requests by address.
    pub quotas: Arc<Quotas>,
}

/// What the browser brings.
enum Brought {
    /// From the platform: the `state`, and what the person said there.
    Back(String, Back),
    /// From the page that asks: its nonce, and whether the person said yes.
    Word { nonce: String, is_yes: bool },
}

impl Endpoint for Callback {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let context = Arc::clone(Context::of(&request)?);
        context.route(&PATH.into());
        let reads_pages = request.header(header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"));
        match self.answer(&mut request, &context).await {
            Ok(response) => Ok(response),
            Err(problem) if reads_pages => Ok(page::problem(&problem, &context.id)),
            Err(problem) => Err(problem.into()),
        }
    }
}

impl Callback {
    async fn answer(&self, request: &mut Request, context: &Context) -> Result<Response, Problem> {
        let is_form = match *request.method() {
            Method::GET => false,
            Method::POST => true,
            _ => return Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, "GET, POST")),
        };
        context.count(self.quotas.count(context)?);
        let brought = if is_form { word(request, context).await? } else { back(request)? };
        let connections = self.connections.clone();
        // A browser that hangs up does not stop the exchange half way: the code can be used once only.
        let work = async move {
            match brought {
                Brought::Back(state, back) => connections.came_back(&state, back).await,
                Brought::Word { nonce, is_yes: true } => connections.confirm(&nonce).await,
                Brought::Word { nonce, is_yes: false } => connections.decline(&nonce).await,
            }
        };
        let done = tokio::spawn(work.in_current_span()).await;
        let came_back = done.map_err(|_| Problem::internal("a handler panicked"))?.map_err(explain)?;
        Ok(self.lead(came_back))
    }

    fn lead(&self, came_back: CameBack) -> Response {
        courtesy::tell_in_background(&self.connections, came_back.revoke);
        match came_back.onward {
            Onward::Ask(question) => page::question(&question),
            Onward::Go(url) => Response::builder()
                .status(StatusCode::SEE_OTHER)
                .header(header::LOCATION, url.as_str())
                .finish(),
            Onward::Show(code) => page::code(&code),
            Onward::Ended { failure, client } => page::ended(failure, client.as_ref()),
        }
    }
}

fn explain(error: ConnectionError) -> Problem {
    error.into()
}

/// What the platform says. Platforms add parameters of their own; they are ignored.
fn back(request: &Request) -> Result<Brought, Problem> {
    let find = finder(request.uri().query().unwrap_or_default().as_bytes());
    let said = match (find("error"), find("code")) {
        (None, Some(code)) => Some(Back::Code(code.into())),
        (Some(_), _) => Some(Back::Denied),
        (None, None) => None,
    };
    let brought = find("state").zip(said).map(|(state, said)| Brought::Back(state, said));
    brought.ok_or_else(|| ConnectionError::from(Stale::Unknown).into())
}

/// What the person says on the page. The nonce alone proves where the form comes from; browsers that tell whether it was sent
/// by the page's own origin are believed, too (Fetch Metadata Request Headers, `Sec-Fetch-Site`).
async fn word(request: &mut Request, context: &Context) -> Result<Brought, Problem> {
    if request.header("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        let detail = "This form is sent by its own page only.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    if !request.content_type().is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(Problem::of(Code::UnsupportedMediaType));
    }
    let form = request.take_body().into_bytes_limit(LARGEST_FORM).await;
    let form = form.map_err(|_| context.spoilt().unwrap_or_else(|| Problem::of(Code::BodyTooLarge)))?;
    let find = finder(&form);
    let is_yes = match find("decision").as_deref() {
        Some("continue") => true,
        Some("decline") => false,
        _ => return Err(Problem::new(Code::InvalidParameters, "The decision is `continue` or `decline`.")),
    };
    let nonce = find("nonce").unwrap_or_default();
    Ok(Brought::Word { nonce, is_yes })
}

fn finder(pairs: &[u8]) -> impl Fn(&str) -> Option<String> {
    move |wanted| {
        let mut pairs = url::form_urlencoded::parse(pairs);
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<(String, Back)> {
        let uri = format!("{PATH}?{query}").parse().unwrap();
        match back(&Request::builder().uri(uri).finish()) {
            Ok(Brought::Back(state, said)) => Some((state, said)),
            _ => None,
        }
    }

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
}

//! Errors as RFC 9457 problem details, on every path.
//!
//! Handlers return [`Problem`]; what the framework refuses by itself is turned into one by [`crate::traffic::frame`], which
//! also adds the id of the request. The document derives the statuses of each operation from its signature
//! (see [`crate::document::lift`]), so that no handler lists them.

mod calendar;
mod code;
mod connecting;
mod explain;
mod imports;
mod media;
mod page;
mod posts;
mod refused;
mod view;
mod violation;
mod violation_code;

use std::time::Duration;

use poem::{
    IntoResponse, Response,
    error::ResponseError,
    http::{HeaderValue, StatusCode, header},
};
use publishing::refusal::Fixer;

pub use self::{
    code::Code,
    explain::explanations,
    page::page,
    view::{CONTENT_TYPE, ItemProblem, json, render},
    violation::{Part, Pointer, Violation},
    violation_code::VIOLATION_CODES,
};

/// The result of every handler.
pub type Answer<T> = Result<T, Problem>;

/// What to do about an error that came from a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Who can fix it.
    pub actor: Fixer,
    /// How, in one sentence.
    pub fix: String,
}

/// One error answer. It never carries a secret, a caption or what a platform wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", .code.as_str())]
pub struct Problem {
    /// The reason.
    pub code: Code,
    /// This occurrence, in words for people.
    pub detail: String,
    /// What is wrong where, for [`Code::ValidationFailed`] and [`Code::InvalidParameters`].
    pub violations: Vec<Violation>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// What to do, for errors of platforms.
    pub advice: Option<Box<Advice>>,
    /// Further headers: `Allow`, `Location`, `ETag`.
    pub headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem whose detail is `detail`.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { code, detail, violations: Vec::new(), retry_after: None, advice: None, headers: Vec::new() }
    }

    /// A problem with nothing to add to the meaning of its code.
    pub fn of(code: Code) -> Self {
        Self::new(code, code.meaning())
    }

    /// There is no such thing, or it is another tenant's: nobody can tell which.
    pub fn not_found() -> Self {
        Self::of(Code::NotFound)
    }

    /// The body does not satisfy the document or a rule.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let detail = match violations.as_slice() {
            [one] => one.detail.clone(),
            many => format!("{} things are wrong, see `violations`.", many.len()),
        };
        Self { violations, ..Self::new(Code::ValidationFailed, detail) }
    }

    /// The server failed in a way that is nobody's business but the operator's, who finds `reason` in the log.
    pub fn internal(reason: &'static str) -> Self {
        tracing::error!(reason, "a request failed");
        Self::of(Code::Internal)
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Says what to do about an error of a platform.
    #[must_use]
    pub fn advise(mut self, advice: Advice) -> Self {
        self.advice = Some(Box::new(advice));
        self
    }

    /// Adds a header; a value that is not a header value is left out.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

/// The answer before its last step: [`crate::traffic::frame`] finds the problem in the extensions and renders it with the id
/// of the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status()).finish();
        response.extensions_mut().insert(self);
        response
    }
}

/// A poem error made by this crate keeps its problem; any other is known by its status alone, because the text of a parser
/// may repeat what the caller sent.
impl From<poem::Error> for Problem {
    fn from(error: poem::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(problem) => problem,
            Err(error) if error.is::<poem_openapi::error::ParseParamError>() => {
                Self::of(Code::InvalidParameters)
            }
            // Operations say by themselves what they allow (see [`crate::request::Guarded`]); what is left are pages to be read.
            Err(error) if error.is::<poem::error::MethodNotAllowedError>() => {
                Self::of(Code::MethodNotAllowed).header(header::ALLOW, "GET, HEAD")
            }
            Err(error) => {
                let response = error.into_response();
                let kept = response.extensions().get::<Self>().cloned();
                kept.unwrap_or_else(|| Self::of(Code::of_status(response.status().as_u16())))
            }
        }
    }
}

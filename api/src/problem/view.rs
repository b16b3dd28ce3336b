//! The wire form of a problem, and its schema.

use std::{borrow::Cow, sync::LazyLock};

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use super::{Code, Problem, VIOLATION_CODES, Violation};

/// The media type of RFC 9457.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457).
#[derive(Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
struct ProblemView {
    /// Where the code is explained, relative to this API.
    #[oai(rename = "type")]
    kind: String,
    /// A short sentence, the same for every occurrence of the code.
    title: String,
    /// The HTTP status.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    status: u16,
    /// The reason, from a closed list: branch on this.
    code: ProblemCode,
    /// This occurrence, in words for people.
    detail: String,
    /// The id of the request, also in the header `X-Request-Id`. Quote it when you ask for help.
    request_id: String,
    /// What is wrong where; absent when no single part of the request is.
    violations: Option<Vec<ViolationView>>,
    /// For errors of a platform: whether the same request may succeed later.
    retryable: Option<bool>,
    /// For errors of a platform: who can fix it: `caller`, `member`, `operator` or `platform`.
    actor: Option<String>,
    /// For errors of a platform: how to fix it.
    fix: Option<String>,
}

/// Why one of many things was not done, in the terms of problem details.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ItemProblem {
    /// Where the code is explained, relative to this API.
    #[oai(rename = "type")]
    kind: String,
    /// A short sentence, the same for every occurrence of the code.
    title: String,
    /// The reason, from a closed list: branch on this.
    code: ProblemCode,
    /// This occurrence, in words for people.
    detail: String,
    /// What is wrong where in the item; absent when no single part of it is.
    violations: Option<Vec<ViolationView>>,
}

impl From<&Problem> for ItemProblem {
    fn from(problem: &Problem) -> Self {
        let violations: Vec<_> = problem.violations.iter().map(Into::into).collect();
        Self {
            kind: format!("/problems/{}", problem.code.as_str()),
            title: problem.code.title().to_owned(),
            code: ProblemCode(problem.code.as_str()),
            detail: problem.detail.clone(),
            violations: (!violations.is_empty()).then_some(violations),
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Object)]
#[oai(rename = "Violation")]
struct ViolationView {
    /// The part of the request: `body`, `query`, `path` or `header`.
    #[oai(rename = "in")]
    part: String,
    /// JSON pointer (RFC 6901) into the body, or to the name of the parameter.
    pointer: String,
    /// The reason, from a closed list: branch on this.
    code: ViolationCode,
    /// The reason, for people.
    detail: String,
}

impl From<&Violation> for ViolationView {
    fn from(violation: &Violation) -> Self {
        Self {
            part: violation.part.as_str().to_owned(),
            pointer: violation.pointer.to_string(),
            code: ViolationCode(violation.code),
            detail: violation.detail.clone(),
        }
    }
}

/// Declares the codes of a closed list as a schema of their own: its name, what it says, and the list of codes and their
/// meanings.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:literal, $codes:expr;)+) => {$(
        $(#[doc = $doc])+
        struct $name(&'static str);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $schema.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference(Self::name().into_owned())
            }

            fn register(registry: &mut Registry) {
                static DESCRIPTION: LazyLock<String> =
                    LazyLock::new(|| explained(concat!($($doc),+).trim_ascii(), $codes));
                registry.create_schema::<Self, _>(Self::name().into_owned(), |_| {
                    let mut schema = MetaSchema::new("string");
                    schema.description = Some(&DESCRIPTION);
                    schema.enum_items = $codes.map(|(code, _)| code.into()).collect();
                    schema
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(self.0.into())
            }
        }

        /// Needed by the derive; problems are only written.
        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                let value = value.unwrap_or_default();
                let found = $codes.find(|(code, _)| value == *code);
                found.map(|(code, _)| Self(code)).ok_or_else(|| ParseError::custom("unknown code"))
            }
        }
    )+};
}

codes! {
    /// Why the request was not answered as asked. The list is closed; it grows with the API.
    ProblemCode = "ProblemCode", Code::ALL.iter().map(|code| (code.as_str(), code.meaning()));
    /// What is wrong with one part of the request. The list is closed; it grows with the API.
    ViolationCode = "ViolationCode", VIOLATION_CODES.iter().copied();
}

/// A description with what each code means, in Markdown.
fn explained(words: &str, codes: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let lines: Vec<_> = codes.map(|(code, meaning)| format!("- `{code}`: {meaning}")).collect();
    format!("{words}\n\n{}", lines.join("\n"))
}

/// The body of the answer.
pub fn json(problem: &Problem, request_id: &str) -> String {
    let code = problem.code;
    let violations: Vec<_> = problem.violations.iter().map(Into::into).collect();
    let view = ProblemView {
        kind: format!("/problems/{}", code.as_str()),
        title: code.title().to_owned(),
        status: code.status(),
        code: ProblemCode(code.as_str()),
        detail: problem.detail.clone(),
        request_id: request_id.to_owned(),
        violations: (!violations.is_empty()).then_some(violations),
        retryable: problem.advice.as_ref().map(|advice| advice.retryable),
        actor: problem.advice.as_ref().map(|advice| advice.actor.as_str().to_owned()),
        fix: problem.advice.as_ref().map(|advice| advice.fix.clone()),
    };
    view.to_json_string()
}

/// The answer.
pub fn render(problem: &Problem, request_id: &str) -> Response {
    let code = problem.code;
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status).body(json(problem, request_id));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Some(wait) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    if code.status() == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    headers.extend(problem.headers.iter().cloned());
    response
}

/// Every operation may answer any of these; [`crate::document::lift`] keeps those that its signature makes possible.
impl ApiResponse for Problem {
    fn meta() -> MetaResponses {
        let mut statuses: Vec<u16> = Code::ALL.iter().map(|code| code.status()).collect();
        statuses.dedup();
        let answer = |status| MetaResponse {
            description: Code::of_status(status).meaning(),
            status: Some(status),
            status_range: None,
            content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: ProblemView::schema_ref() }],
            headers: Vec::new(),
        };
        MetaResponses { responses: statuses.into_iter().map(answer).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemView::register(registry);
    }
}

//! Answers, and how they are put on the wire.

use poem::Response;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::call::Call;
use super::error::GraphError;
use crate::faults::effect::MalformedBody;
use crate::world::Id;

/// A successful answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// JSON, status 200.
    Json(Value),
    /// A page for a browser.
    Html(StatusCode, String),
    /// On to another address.
    Redirect(String),
}

/// The answer of an endpoint.
pub(crate) type Outcome = Result<Answer, GraphError>;

/// `{"success":true}`.
pub(crate) fn success() -> Answer {
    Answer::Json(json!({ "success": true }))
}

/// Names one call in answers and logs.
pub(crate) fn trace_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("A{}", &id[..18])
}

/// Puts an outcome on the wire.
pub(crate) fn respond(version: &str, outcome: &Outcome) -> Response {
    match outcome {
        Ok(Answer::Json(body)) => json_response(version, StatusCode::OK, body.to_string(), None),
        Ok(Answer::Html(status, page)) => {
            Response::builder().status(*status).content_type("text/html; charset=utf-8").body(page.clone())
        }
        Ok(Answer::Redirect(to)) => {
            Response::builder().status(StatusCode::FOUND).header(header::LOCATION, to).finish()
        }
        Err(error) => {
            let trace = trace_id();
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut response = json_response(version, status, error.body(&trace).to_string(), Some(&trace));
            if let Some(challenge) = error.challenge().and_then(|text| HeaderValue::from_str(&text).ok()) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        }
    }
}

fn json_response(version: &str, status: StatusCode, body: String, trace: Option<&str>) -> Response {
    let mut response = Response::builder().status(status).body(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-store, must-revalidate"),
    );
    if let Ok(version) = HeaderValue::from_str(version) {
        headers.insert(HeaderName::from_static("facebook-api-version"), version);
    }
    if let Some(trace) = trace.and_then(|trace| HeaderValue::from_str(trace).ok()) {
        headers.insert(HeaderName::from_static("x-fb-trace-id"), trace);
    }
    response
}

/// Something that is no answer.
pub(crate) fn malformed(body: MalformedBody) -> Response {
    match body {
        MalformedBody::Html502 => Response::builder()
            .status(StatusCode::BAD_GATEWAY)
            .content_type("text/html; charset=utf-8")
            .body("<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"),
        MalformedBody::TruncatedJson => {
            Response::builder().content_type("application/json; charset=UTF-8").body("{\"id\":\"1789")
        }
        MalformedBody::Empty => Response::builder().content_type("application/json; charset=UTF-8").body(()),
    }
}

/// Adds usage headers (<https://developers.facebook.com/docs/graph-api/overview/rate-limiting>).
pub(crate) fn add_usage(
    response: &mut Response,
    call: &Call,
    account: Option<Id>,
    usage: (u32, u32),
    page_header: bool,
) {
    let (percent, regain) = usage;
    let app = json!({ "call_count": percent, "total_time": percent, "total_cputime": percent });
    let kind = if call.path.iter().any(|part| part.starts_with("media")) { "instagram" } else { "pages" };
    let business = json!({ account.unwrap_or(0).to_string(): [{
        "type": kind, "call_count": percent, "total_cputime": percent, "total_time": percent,
        "estimated_time_to_regain_access": regain,
    }] });
    let mut add = |name: &'static str, value: &Value| {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    add("x-app-usage", &app);
    add("x-business-use-case-usage", &business);
    if page_header {
        add("x-page-usage", &app);
    }
}

//! Keeps web pages out: the admin API has no authentication, and a browser sends what any page asks it to send here, in simple
//! requests without asking first. What it always adds is the page's origin (the Fetch standard, "`Origin` header").

use poem::http::{StatusCode, header};
use poem::{Request, Response};
use serde_json::json;
use url::Url;

use crate::shared::Shared;

/// The refusal of a request that a page of another origin made.
pub(crate) fn refuse(shared: &Shared, request: &Request) -> Option<Response> {
    if request.headers().get_all(header::ORIGIN).iter().all(|origin| {
        let text = origin.to_str().unwrap_or_default();
        is_own(text, request.header(header::HOST), shared.public_url.as_deref())
    }) {
        return None;
    }
    let message = "the request carries an `Origin` that is not the sandbox's own";
    let body = json!({ "message": message }).to_string();
    Some(Response::builder().status(StatusCode::FORBIDDEN).content_type("application/json").body(body))
}

/// Whether an origin is the one under which the sandbox was called, or its public one.
fn is_own(origin: &str, host: Option<&str>, public_url: Option<&str>) -> bool {
    let called = host.map(|host| format!("http://{host}"));
    let public = public_url.and_then(|url| Some(Url::parse(url).ok()?.origin().ascii_serialization()));
    called.is_some_and(|called| called.eq_ignore_ascii_case(origin)) || public.as_deref() == Some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_compared_whole() {
        let own = |origin, public| is_own(origin, Some("127.0.0.1:7070"), public);
        assert!(own("http://127.0.0.1:7070", None));
        assert!(own("https://sandbox.example", Some("https://sandbox.example/below")));
        for foreign in [
            "",
            "null",
            "http://127.0.0.1",
            "http://127.0.0.1:70",
            "http://127.0.0.1:7070.evil.example",
            "https://127.0.0.1:7070",
            "http://localhost:7070",
        ] {
            assert!(!own(foreign, Some("https://sandbox.example")), "{foreign}");
        }
        assert!(!is_own("http://127.0.0.1:7070", None, None));
    }
}

//! The headers of every answer.

use poem::{
    Response,
    http::{HeaderName, HeaderValue, header},
};

/// Whether browsers are told to come back over TLS only (RFC 6797): two years, as preload lists ask.
const STRICT_TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// An API answers data: nothing in it may be run, framed, guessed at or kept by a cache that others share.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];

/// Adds them; what the answer sets by itself stays.
pub(super) fn protect(response: &mut Response, tls: bool) {
    let transport = tls.then_some((header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT));
    for (name, value) in ALWAYS.into_iter().chain(transport) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}

//! Where the browser may be sent after a login.

use url::Url;

use super::{code::OneTimeCode, error::Violation, failure::Failure};
use crate::id::ConnectionId;

/// Accepts `wanted` if its origin is one of `allowed`; otherwise the callback would send people and their completion
/// codes to anybody.
pub(super) fn accept(wanted: &Url, allowed: &[&[String]]) -> Result<(), Violation> {
    let origin = wanted.origin().ascii_serialization();
    let known = allowed.iter().copied().flatten().any(|a| a.trim_end_matches('/') == origin);
    let plain = wanted.username().is_empty() && wanted.password().is_none();
    if known && plain && wanted.origin().is_tuple() {
        return Ok(());
    }
    let detail = "The origin of this address is not among those allowed for this deployment or API key.";
    Err(Violation::new("/return_url", "return_url_not_allowed", detail))
}

/// The address with what came of the login.
pub(super) fn with_outcome(
    url: &Url,
    connection: ConnectionId,
    outcome: &Result<OneTimeCode, Failure>,
) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    let mut query = url.query_pairs_mut();
    query.append_pair("connection", &connection.to_string());
    match outcome {
        Ok(code) => query.append_pair("completion", code.expose()),
        Err(failure) => query.append_pair("error", failure.as_str()),
    };
    drop(query);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(url: &str) -> bool {
        let allowed = ["https://app.example".to_owned(), "http://localhost:5173/".to_owned()];
        accept(&url.parse().unwrap(), &[&[], &allowed]).is_ok()
    }

    #[test]
    fn only_allowed_origins_get_the_browser_back() {
        assert!(accepted("https://app.example/done?x=1"));
        assert!(accepted("https://APP.example:443/"));
        assert!(accepted("http://localhost:5173/"));
        assert!(!accepted("http://app.example/"));
        assert!(!accepted("https://app.example.evil.example/"));
        assert!(!accepted("https://app.example@evil.example/"));
        assert!(!accepted("https://me:secret@app.example/"));
        assert!(!accepted("javascript:alert(1)"));
        assert!(!accepted("data:text/html,null"));
    }

    #[test]
    fn the_outcome_joins_the_query_that_is_already_there() {
        let id = ConnectionId::new();
        let url = with_outcome(
            &"https://app.example/done?x=1#top".parse().unwrap(),
            id,
            &Err(Failure::AccessDenied),
        );
        assert_eq!(url.as_str(), format!("https://app.example/done?x=1&connection={id}&error=access_denied"));
    }
}

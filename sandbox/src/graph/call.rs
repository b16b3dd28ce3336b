//! A call as it arrived, read in every encoding that real clients use.

use base64::Engine;
use bytes::Bytes;
use poem::http::{Method, header};
use poem::web::Multipart;
use poem::{Body, FromRequest, Request, RequestBody};
use serde_json::Value;

use super::error::GraphError;
use super::params::Params;

/// The version that serves calls without one, and calls of versions that are gone.
pub(crate) const NEWEST: &str = "v26.0";
const OLDEST: u32 = 21;
/// Largest body: a photo may have 10 MB, the rest is for the other parts.
const BODY_LIMIT: usize = 12 * 1024 * 1024;

/// A call to the Graph API.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Version that serves it.
    pub(crate) version: String,
    /// Version and segments as they were sent, for links to the next page and for the log.
    pub(crate) raw_path: String,
    /// Segments of the path without the version.
    pub(crate) path: Vec<String>,
    pub(crate) params: Params,
    /// The token's text, wherever it was.
    pub(crate) token: Option<String>,
    /// Whether the token came as a parameter: then links to the next page repeat it.
    pub(crate) token_in_params: bool,
    /// Client id and secret of HTTP Basic authentication.
    pub(crate) basic: Option<(String, String)>,
    /// Files of a multipart body by field name.
    pub(crate) files: Vec<(String, Bytes)>,
    /// `http://host:port` under which the caller reached the sandbox.
    pub(crate) base: String,
}

impl Call {
    /// Reads a request.
    pub(crate) async fn read(request: Request) -> Result<Self, GraphError> {
        let mut call = Self::head(&request);
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        if parts.method != Method::GET || parts.headers.contains_key(header::CONTENT_LENGTH) {
            let too_large = |_| {
                GraphError::new(
                    1,
                    "Please reduce the amount of data you're asking for, then retry your request",
                )
            };
            let bytes = body.into_bytes_limit(BODY_LIMIT).await.map_err(too_large)?;
            if content_type.starts_with("multipart/form-data") {
                call.add_parts(&Request::from_parts(parts, Body::empty()), bytes).await?;
            } else {
                call.add_body(&content_type, &bytes)?;
            }
        }
        if let Some(token) = call.params.take("access_token") {
            call.token_in_params = true;
            call.token = Some(token);
        }
        if let Some(method) = call
            .params
            .take("method")
            .and_then(|name| Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok())
        {
            call.method = method;
        }
        Ok(call)
    }

    fn head(request: &Request) -> Self {
        let raw_path = request.uri().path().to_owned();
        let (version, path) = split_path(&raw_path);
        let mut params = Params::default();
        params.add_form(request.uri().query().unwrap_or_default().as_bytes());
        let authorization = request.header(header::AUTHORIZATION).unwrap_or_default();
        let host = request.header(header::HOST).unwrap_or("127.0.0.1");
        Self {
            method: request.method().clone(),
            version,
            path,
            params,
            token: token_of(authorization),
            token_in_params: false,
            basic: basic_of(authorization),
            files: Vec::new(),
            base: format!("http://{host}"),
            raw_path,
        }
    }

    /// A call inside a batch: it has the method and path of its own and the token of the whole.
    pub(crate) fn inside(batch: &Self, method: Method, relative_url: &str, body: &str) -> Self {
        let (path_text, query) = relative_url.split_once('?').unwrap_or((relative_url, ""));
        let raw_path = format!("/{}", path_text.trim_start_matches('/'));
        let (version, path) = split_path(&raw_path);
        let mut params = Params::default();
        params.add_form(query.as_bytes());
        params.add_form(body.as_bytes());
        if let Some(proof) = batch.params.get("appsecret_proof") {
            params.add("appsecret_proof".to_owned(), proof.to_owned());
        }
        let own = params.take("access_token");
        Self {
            method,
            version,
            raw_path,
            path,
            token_in_params: own.is_some(),
            token: own.or_else(|| batch.token.clone()),
            params,
            basic: None,
            files: Vec::new(),
            base: batch.base.clone(),
        }
    }

    fn add_body(&mut self, content_type: &str, bytes: &[u8]) -> Result<(), GraphError> {
        if content_type.starts_with("application/json") && !bytes.is_empty() {
            match serde_json::from_slice(bytes) {
                Ok(Value::Object(object)) => self.params.add_json(object),
                _ => return Err(GraphError::new(100, "(#100) The request body is not a valid JSON object")),
            }
        } else {
            self.params.add_form(bytes);
        }
        Ok(())
    }

    async fn add_parts(&mut self, request: &Request, bytes: Bytes) -> Result<(), GraphError> {
        let broken = || GraphError::new(100, "(#100) The multipart body could not be read");
        let mut body = RequestBody::new(Body::from_bytes(bytes));
        let mut parts = Multipart::from_request(request, &mut body).await.map_err(|_| broken())?;
        while let Some(field) = parts.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() {
                let bytes = field.bytes().await.map_err(|_| broken())?;
                self.files.push((name, Bytes::from(bytes)));
            } else {
                let value = field.text().await.map_err(|_| broken())?;
                self.params.add(name, value);
            }
        }
        Ok(())
    }
}

/// Takes the version off a path; trailing slashes do not count. Versions that are gone, and calls without one, are
/// served by one that exists (<https://developers.facebook.com/docs/graph-api/changelog>).
fn split_path(path: &str) -> (String, Vec<String>) {
    let mut segments: Vec<String> =
        path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let major =
        segments.first().and_then(|first| first.strip_prefix('v')).and_then(|rest| rest.split_once('.'));
    let Some(major) = major
        .filter(|(_, minor)| minor.parse::<u32>().is_ok())
        .and_then(|(major, _)| major.parse::<u32>().ok())
    else {
        return (NEWEST.to_owned(), segments);
    };
    let asked = segments.remove(0);
    (if major < OLDEST { format!("v{OLDEST}.0") } else { asked }, segments)
}

fn token_of(authorization: &str) -> Option<String> {
    let (scheme, token) = authorization.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim().to_owned())
}

fn basic_of(authorization: &str) -> Option<(String, String)> {
    let (scheme, text) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_slashes_do_not_change_what_a_path_means() {
        for path in ["/me/accounts", "/v25.0/me/accounts", "/v25.0/me/accounts/", "/v2.10/me/accounts"] {
            assert_eq!(split_path(path).1, ["me", "accounts"], "{path}");
        }
        assert_eq!(split_path("/v25.0/me").0, "v25.0");
        assert_eq!(split_path("/v2.10/me").0, "v21.0");
        assert_eq!(split_path("/me").0, NEWEST);
        assert_eq!(split_path("/video/x").1, ["video", "x"]);
    }

    #[test]
    fn a_token_is_found_behind_bearer_and_oauth() {
        assert_eq!(token_of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token_of("OAuth abc").as_deref(), Some("abc"));
        assert_eq!(token_of("Basic abc"), None);
        assert_eq!(basic_of("Basic aWQ6c2VjcmV0"), Some(("id".into(), "secret".into())));
    }
}

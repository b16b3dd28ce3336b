//! A small client of the API, as any front end has one.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, redirect::Policy};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::trouble::Trouble;

/// Nothing here takes longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The API at an address, with or without credentials.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    api: Url,
    token: Option<SecretString>,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    /// The entries.
    pub(super) data: Vec<T>,
}

/// An error as the API describes it (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
    violations: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    detail: String,
}

/// A client that goes straight to this machine and follows no redirect.
pub(super) fn http() -> Result<reqwest::Client, Trouble> {
    let built = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build();
    built.map_err(|error| Trouble::unanswered("a client for this machine", error))
}

impl Client {
    /// Without credentials.
    pub(super) fn new(api: Url) -> Result<Self, Trouble> {
        Ok(Self { http: http()?, api, token: None })
    }

    /// With an access token or an API key.
    pub(super) fn with(&self, token: SecretString) -> Self {
        Self { token: Some(token), ..self.clone() }
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.send(Method::GET, path, |request| request).await
    }

    /// Writes.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Trouble> {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    /// Uploads.
    pub(super) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        form: reqwest::multipart::Form,
    ) -> Result<T, Trouble> {
        self.send(Method::POST, path, |request| request.multipart(form)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, Trouble> {
        let operation = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let mut url = self.api.clone();
        let (plain, query) = path.split_once('?').map_or((path, None), |(plain, query)| (plain, Some(query)));
        url.set_path(plain);
        url.set_query(query);
        let mut request = fill(self.http.request(method, url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answered = request.send().await.map_err(|error| Trouble::unanswered(&operation, error))?;
        if answered.status().is_success() {
            return answered.json().await.map_err(|error| Trouble::unanswered(&operation, error));
        }
        let status = answered.status().as_u16();
        let problem: Problem = answered.json().await.unwrap_or_default();
        let details = std::iter::once(problem.detail).chain(problem.violations.into_iter().map(|v| v.detail));
        let detail = details.collect::<Vec<_>>().join(" ");
        Err(Trouble::Refused { operation, status, code: problem.code, detail })
    }
}

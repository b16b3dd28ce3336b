//! One request to the Graph API, as a value.

use reqwest::Method;
use secrecy::SecretString;

/// On whose behalf a call is made.
#[derive(Clone, Copy)]
pub(crate) enum Bearer<'a> {
    /// Nobody's: the form proves who asks.
    Nobody,
    /// The app's own.
    App,
    /// A person's or a Page's, proven with the app secret.
    Token(&'a SecretString),
}

/// One request. Values are borrowed: a call lives as long as the step that makes it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Its name in spans; never its path, which carries ids.
    pub(crate) endpoint: &'static str,
    /// How.
    pub(crate) method: &'static Method,
    /// The path below the version, by segment.
    pub(crate) path: &'a [&'a str],
    /// The Page or account it counts against.
    pub(crate) asset: Option<&'a str>,
    /// On whose behalf.
    pub(crate) bearer: Bearer<'a>,
    /// Parameters in the address. Nothing secret or written by people goes here.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// Parameters in the body.
    pub(crate) form: &'a [(&'a str, &'a str)],
    /// Whether it makes something public and is bound to the shorter patience.
    pub(crate) irreversible: bool,
}

impl<'a> Call<'a> {
    const fn new(endpoint: &'static str, method: &'static Method, path: &'a [&'a str]) -> Self {
        let bearer = Bearer::Nobody;
        Self { endpoint, method, path, asset: None, bearer, query: &[], form: &[], irreversible: false }
    }

    /// A reading call.
    pub(crate) const fn get(endpoint: &'static str, path: &'a [&'a str]) -> Self {
        Self::new(endpoint, &Method::GET, path)
    }

    /// A writing call.
    pub(crate) const fn post(
        endpoint: &'static str,
        path: &'a [&'a str],
        form: &'a [(&'a str, &'a str)],
    ) -> Self {
        Self { form, ..Self::new(endpoint, &Method::POST, path) }
    }

    /// A removing call.
    pub(crate) const fn delete(endpoint: &'static str, path: &'a [&'a str]) -> Self {
        Self::new(endpoint, &Method::DELETE, path)
    }

    /// With parameters in the address.
    pub(crate) const fn query(self, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { query, ..self }
    }

    /// On behalf of a person or a Page.
    pub(crate) const fn token(self, token: &'a SecretString) -> Self {
        Self { bearer: Bearer::Token(token), ..self }
    }

    /// On behalf of the app.
    pub(crate) const fn as_app(self) -> Self {
        Self { bearer: Bearer::App, ..self }
    }

    /// Counting against a Page or account.
    pub(crate) const fn on(self, asset: &'a str) -> Self {
        Self { asset: Some(asset), ..self }
    }

    /// The one call that cannot be undone.
    pub(crate) const fn irreversible(self) -> Self {
        Self { irreversible: true, ..self }
    }
}

//! What the operator decides: the registered app, hosts, version and patience.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The version of HTTP that the Graph API is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1: a connection for each call that is under way. For proxies that know nothing else.
    Http1,
    /// HTTP/2 from the first byte, without asking: a hundred calls on each connection.
    Http2,
}

impl HttpVersion {
    /// Its name when TLS is negotiated (RFC 7301, section 6, and RFC 9113, section 3.2).
    pub(crate) const fn alpn(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// How to reach Meta, and as which app.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where calls go, `https://graph.facebook.com` in production.
    pub graph: Url,
    /// Where the person's browser goes to sign in, `https://www.facebook.com` in production.
    pub dialog: Url,
    /// The Graph version, `v25.0` for instance (available until 2028-07-29 by Meta's version table).
    pub version: String,
    /// The app's id.
    pub app_id: String,
    /// The app's secret: proves each token and signs in.
    pub app_secret: SecretString,
    /// A configuration of Facebook Login for Business; it replaces the list of scopes in the dialog.
    pub login_configuration: Option<String>,
    /// The version of HTTP.
    pub http: HttpVersion,
    /// Patience with the irreversible call. Must be shorter than the pause before looking.
    pub publish_timeout: Duration,
    /// Patience with every other call.
    pub timeout: Duration,
}

impl Settings {
    /// Meta's own hosts, the version this adapter is written for, HTTP/2, 20 s for publishing and 30 s for the rest.
    #[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "constants, read by every test")]
    pub fn new(app_id: impl Into<String>, app_secret: SecretString) -> Self {
        Self {
            graph: Url::parse("https://graph.facebook.com").expect("a URL"),
            dialog: Url::parse("https://www.facebook.com").expect("a URL"),
            version: "v25.0".to_owned(),
            app_id: app_id.into(),
            app_secret,
            login_configuration: None,
            http: HttpVersion::Http2,
            publish_timeout: Duration::from_secs(20),
            timeout: Duration::from_secs(30),
        }
    }

    /// The token of the app itself, made of its id and secret as Meta's access token guide describes.
    pub(crate) fn app_token(&self) -> SecretString {
        SecretString::from(format!("{}|{}", self.app_id, self.app_secret.expose_secret()))
    }

    /// The address every call's path is appended to.
    pub(crate) fn versioned(&self, host: &Url) -> Result<Url, SettingsError> {
        let mut url = host.clone();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(SettingsError::Host);
        }
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut().map_err(|()| SettingsError::Host)?.pop_if_empty().push(&self.version);
        Ok(url)
    }
}

/// Why the settings do not make a client.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A host is not an http or https address.
    #[error("Meta's hosts must be http or https addresses")]
    Host,
    /// The app secret cannot be used as a key.
    #[error("the app secret cannot be used as a key")]
    Secret,
    /// The certificates that this machine trusts could not be read.
    #[error("the trusted certificates could not be read; install ca-certificates")]
    Tls(#[source] rustls::Error),
    /// The HTTP client could not be built.
    #[error("the HTTP client could not be built")]
    Client(#[source] reqwest::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_host_whether_or_not_it_ends_in_a_slash() {
        let settings = Settings::new("1", SecretString::from("s"));
        for host in ["http://127.0.0.1:1/meta", "http://127.0.0.1:1/meta/"] {
            let url = settings.versioned(&Url::parse(host).unwrap()).unwrap();
            assert_eq!(url.as_str(), "http://127.0.0.1:1/meta/v25.0");
        }
    }

    #[test]
    fn a_host_that_is_no_web_address_is_refused() {
        let settings = Settings::new("1", SecretString::from("s"));
        assert!(settings.versioned(&Url::parse("mailto:a@b").unwrap()).is_err());
    }

    #[test]
    fn the_secret_does_not_show_in_debug_output() {
        let settings = Settings::new("1", SecretString::from("canary"));
        assert!(!format!("{settings:?}").contains("canary"));
    }
}

//! The app at Meta, and the stand-ins that may take Meta's place.

use std::time::Duration;

use meta::HttpVersion;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{reader::Reader, server::https, strength};

/// The registered app and its hosts.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    /// The app; `None` in a development deployment without one.
    pub(crate) app: Option<MetaApp>,
    /// The Graph API.
    pub(crate) graph: Url,
    /// The login dialog.
    pub(crate) dialog: Url,
    /// The version of the Graph API.
    pub(crate) version: String,
    /// A configuration of Facebook Login for Business.
    pub(crate) login_configuration: Option<String>,
    /// The version of HTTP that the Graph API is spoken to in.
    pub(crate) http: HttpVersion,
    /// Patience with every call but the one that publishes.
    pub(crate) timeout: Duration,
}

/// An app that is registered at Meta.
#[derive(Debug, Clone)]
pub(crate) struct MetaApp {
    /// Its id.
    pub(crate) id: String,
    /// Its secret.
    pub(crate) secret: SecretString,
}

impl Meta {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let sandbox = reader.value("sandbox_allow") == Some(true);
        if sandbox && reader.production() {
            let message =
                "is for development; remove it, or nothing that is published leaves this deployment";
            reader.refuse("sandbox_allow", message);
        }
        let strict = !sandbox;
        let graph = host(reader, "meta_graph_url", strict, "https://graph.facebook.com/");
        let dialog = host(reader, "meta_dialog_url", strict, "https://www.facebook.com/");
        let version: Option<String> = reader.value("meta_version");
        if version.as_deref().is_some_and(|version| !is_version(version)) {
            reader.refuse("meta_version", "is not a version, such as v25.0");
        }
        let http = reader.choice("meta_http", &[("2", HttpVersion::Http2), ("1.1", HttpVersion::Http1)]);
        let timeout = reader.within("meta_timeout", Duration::from_secs(1)..=Duration::from_mins(5));
        let app = MetaApp::read(reader);
        Some(Self {
            app,
            graph: graph?,
            dialog: dialog?,
            version: version?,
            login_configuration: reader.value("meta_login_configuration"),
            http: http?,
            timeout: timeout?,
        })
    }
}

impl MetaApp {
    fn read(reader: &Reader<'_>) -> Option<Self> {
        let id: Option<String> = reader.value("meta_app_id");
        let secret = reader.secret_text("meta_app_secret");
        let wanted = reader.production() || id.is_some() || secret.is_some();
        if wanted && id.is_none() {
            reader.refuse("meta_app_id", "is missing; set the id from the app's basic settings at Meta");
        }
        if wanted && secret.is_none() {
            reader.refuse(
                "meta_app_secret",
                "is missing; set the secret from the app's basic settings at Meta",
            );
        }
        if secret.as_ref().is_some_and(|secret| !strength::looks_issued(secret.expose_secret())) {
            reader.refuse(
                "meta_app_secret",
                "is too short or an example; set the secret from the app's basic settings at Meta",
            );
        }
        if reader.production()
            && secret.as_ref().is_some_and(|it| it.expose_secret() == strength::SANDBOX_APP_SECRET)
        {
            let message = "is the sandbox's, which everybody knows; set the secret from the app's basic settings at Meta";
            reader.refuse("meta_app_secret", message);
        }
        Some(Self { id: id?, secret: secret? })
    }
}

fn host(reader: &Reader<'_>, name: &'static str, strict: bool, own: &str) -> Option<Url> {
    let url = https(reader, name, reader.value(name)?)?;
    if strict && url.as_str() != own && reader.production() {
        reader.refuse(name, format!("`{url}` is not Meta's own; remove it"));
        return None;
    }
    if strict && url.as_str() != own {
        reader.refuse(
            name,
            format!("`{url}` is not Meta's own; set POSTERN_SANDBOX_ALLOW=true if it is a sandbox"),
        );
        return None;
    }
    Some(url)
}

fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let parts = text.strip_prefix('v').and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(major, minor)| number(major) && number(minor))
}

//! What Meta says about a token (`debug_token`).

use chrono::{DateTime, Utc};
use publishing::authorizer::Liveness;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{Meta, call::Call, decode, failure::Failure};

#[derive(Deserialize)]
struct Envelope {
    data: Inspection,
}

/// A token, described.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Inspection {
    #[serde(default, deserialize_with = "decode::flag")]
    is_valid: Option<bool>,
    #[serde(default, deserialize_with = "decode::text")]
    app_id: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    user_id: Option<String>,
    #[serde(default, deserialize_with = "decode::number")]
    expires_at: Option<i64>,
    #[serde(default, deserialize_with = "decode::number")]
    data_access_expires_at: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
}

impl Inspection {
    /// Asks, on behalf of the app. The token asked about is a parameter of the address: Meta documents no other way.
    pub(crate) async fn of(meta: &Meta, token: &SecretString) -> Result<Self, Failure> {
        let query = [("input_token", token.expose_secret())];
        let call = Call::get("debug_token", &["debug_token"]).query(&query).as_app();
        let envelope: Envelope = meta.graph.send(call).await?;
        Ok(envelope.data)
    }

    /// Whether the token works, and for this app.
    pub(crate) fn is_valid(&self, app: &str) -> bool {
        self.is_valid == Some(true) && self.app_id.as_deref().is_none_or(|id| id == app)
    }

    /// The person's app-scoped id.
    pub(crate) fn person(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// When the token ends; `None` where it does not.
    pub(crate) fn expires_at(&self) -> Option<DateTime<Utc>> {
        instant(self.expires_at)
    }

    /// When data access ends.
    pub(crate) fn data_access_expires_at(&self) -> Option<DateTime<Utc>> {
        instant(self.data_access_expires_at)
    }

    /// What the port asks for.
    pub(crate) fn liveness(self, app: &str) -> Liveness {
        Liveness {
            valid: self.is_valid(app),
            expires_at: self.expires_at(),
            data_access_expires_at: self.data_access_expires_at(),
            scopes: self.scopes,
        }
    }

    /// Scopes the token carries.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Meta writes 0 for "never".
fn instant(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.filter(|seconds| *seconds > 0).and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

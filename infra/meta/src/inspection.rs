//! What Meta says about a token (`debug_token`).

use chrono::{DateTime, Utc};
use publishing::{
    authorizer::Liveness,
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};
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
    #[serde(default, deserialize_with = "decode::id")]
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
    pub(crate) async fn of(meta: &Meta, token: &SecretString) -> Result<Self, Refusal> {
        let query = [("input_token", token.expose_secret())];
        let call = Call::get("debug_token", &["debug_token"]).query(&query).as_app();
        let envelope: Envelope = meta.graph.send(call).await.map_err(|failure| not_asked(&failure))?;
        Ok(envelope.data)
    }

    /// Whether the token works. Only a plain no is one: an answer that does not say leaves the question open, and a token
    /// that works for another app says that this deployment is set up with the wrong one.
    pub(crate) fn is_valid(&self, app: &str) -> Result<bool, Refusal> {
        let is_ours = self.app_id.as_deref().is_none_or(|id| id == app);
        match self.is_valid {
            Some(true) if !is_ours => Err(Refusal::of(Reason::AppMisconfigured, Remedy::GiveUp)),
            Some(valid) => Ok(valid),
            None => {
                let code = PlatformCode { status: Some(200), ..PlatformCode::default() };
                Err(Refusal { code, ..Refusal::of(Reason::PlatformUnavailable, Remedy::Retry) })
            }
        }
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
    pub(crate) fn liveness(self, app: &str) -> Result<Liveness, Refusal> {
        Ok(Liveness {
            valid: self.is_valid(app)?,
            expires_at: self.expires_at(),
            data_access_expires_at: self.data_access_expires_at(),
            scopes: self.scopes,
        })
    }

    /// Scopes the token carries.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Why there is no description. The call carries the app's token, so "this token is not accepted" and "this is not
/// permitted" speak of the app here, never of the person's grant.
fn not_asked(failure: &Failure) -> Refusal {
    let refusal = failure.refusal();
    if refusal.remedy == Remedy::Reconnect {
        return Refusal { reason: Reason::AppMisconfigured, remedy: Remedy::GiveUp, ..refusal };
    }
    refusal
}

/// Meta writes 0 for "never".
fn instant(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.filter(|seconds| *seconds > 0).and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

//! The port to a platform's login: how a person grants access, and what the grant reaches.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::{platform::Platform, refusal::Refusal};

/// A page or account that the person's grant reaches, before anybody chose it. Only these fields are ever kept.
#[derive(Clone)]
pub struct Candidate {
    /// Which kind of channel it would be.
    pub platform: Platform,
    /// Its id on the platform.
    pub remote_id: String,
    /// Its name there.
    pub name: String,
    /// Its handle, where it has one.
    pub username: Option<String>,
    /// Its picture.
    pub picture_url: Option<Url>,
    /// The token to publish with.
    pub token: SecretString,
    /// When that token ends; `None` where it does not.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the person may publish there.
    pub can_publish: bool,
}

/// What a person granted.
#[derive(Clone)]
pub struct Grant {
    /// The person's app-scoped id on the platform.
    pub remote_person: String,
    /// The long-lived token of the person.
    pub token: SecretString,
    /// When the token ends; `None` where it does not or where nobody knows.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the platform stops serving data unless the person signs in again.
    pub data_access_expires_at: Option<DateTime<Utc>>,
    /// Scopes granted.
    pub granted: Vec<String>,
    /// Scopes declined.
    pub declined: Vec<String>,
}

/// Whether a token still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liveness {
    /// Whether the platform accepts it.
    pub valid: bool,
    /// Scopes it carries now.
    pub scopes: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When data access ends.
    pub data_access_expires_at: Option<DateTime<Utc>>,
}

/// A platform's login.
#[async_trait]
pub trait Authorizer: Send + Sync {
    /// The scopes asked for.
    fn scopes(&self) -> Vec<String>;
    /// Where the person's browser is sent. `redirect` is this deployment's callback.
    fn authorize_url(&self, state: &str, redirect: &Url) -> Url;
    /// Exchanges the code and makes the token long-lived.
    async fn exchange(&self, code: &SecretString, redirect: &Url) -> Result<Grant, Refusal>;
    /// Everything the grant reaches. Accounts that cannot publish are listed with `can_publish = false`.
    async fn candidates(&self, grant: &Grant) -> Result<Vec<Candidate>, Refusal>;
    /// Asks the platform about a token.
    async fn liveness(&self, token: &SecretString) -> Result<Liveness, Refusal>;
    /// Extends a token that has not ended yet.
    async fn refresh(&self, token: &SecretString) -> Result<Grant, Refusal>;
    /// Takes the grant back on the platform.
    async fn revoke(&self, remote_person: &str, token: &SecretString) -> Result<(), Refusal>;
}

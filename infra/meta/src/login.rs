//! Facebook Login: the dialog, the code, the long-lived token, and taking the grant back.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use publishing::{
    authorizer::{Authorizer, Candidate, Grant, Liveness},
    platform::Platform,
    refusal::{Reason, Refusal, Remedy},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::{
    Meta, accounts,
    call::Call,
    decode::{self, Acknowledgement, List, Node},
    failure::Failure,
    inspection::Inspection,
};

#[async_trait]
impl Authorizer for Meta {
    fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        for scope in Platform::ALL.iter().flat_map(|platform| platform.capabilities().required_scopes) {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push((*scope).to_owned());
            }
        }
        scopes
    }

    /// `auth_type=rerequest` shows permissions again that were declined before; without it the dialog skips them.
    fn authorize_url(&self, state: &str, redirect: &Url) -> Url {
        let mut url = self.settings.dialog.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend([self.settings.version.as_str(), "dialog", "oauth"]);
        }
        let mut query = url.query_pairs_mut();
        query
            .clear()
            .append_pair("client_id", &self.settings.app_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("state", state)
            .append_pair("response_type", "code")
            .append_pair("auth_type", "rerequest");
        match &self.settings.login_configuration {
            Some(configuration) => query.append_pair("config_id", configuration),
            None => query.append_pair("scope", &self.scopes().join(",")),
        };
        drop(query);
        url
    }

    async fn exchange(&self, code: &SecretString, redirect: &Url) -> Result<Grant, Refusal> {
        let parameters = [("redirect_uri", redirect.as_str()), ("code", code.expose_secret())];
        let short = self.obtain("exchange", &parameters).await?;
        self.refresh(&short.token).await
    }

    async fn candidates(&self, grant: &Grant) -> Result<Vec<Candidate>, Refusal> {
        accounts::candidates(self, grant).await
    }

    async fn liveness(&self, token: &SecretString) -> Result<Liveness, Refusal> {
        Inspection::of(self, token).await?.liveness(&self.settings.app_id)
    }

    async fn refresh(&self, token: &SecretString) -> Result<Grant, Refusal> {
        let parameters = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", token.expose_secret())];
        let long = self.obtain("extend", &parameters).await?;
        self.describe(long).await
    }

    /// A grant that the person took back before is gone already (code 190, subcode 458).
    async fn revoke(&self, remote_person: &str, token: &SecretString) -> Result<(), Refusal> {
        let path = [remote_person, "permissions"];
        let outcome = self.graph.send::<Acknowledgement>(Call::delete("revoke", &path).token(token)).await;
        match outcome {
            Ok(done) if done.is_yes() => Ok(()),
            Ok(_) => Err(Refusal::of(Reason::PlatformUnavailable, Remedy::Retry)),
            Err(failure)
                if matches!((failure.code().code, failure.code().subcode), (Some(190), Some(458))) =>
            {
                Ok(())
            }
            Err(failure) => Err(failure.refusal()),
        }
    }
}

/// A token as it was just handed out.
struct Obtained {
    token: SecretString,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default, deserialize_with = "decode::number")]
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Permission {
    #[serde(default, deserialize_with = "decode::text")]
    permission: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    status: Option<String>,
}

impl Meta {
    /// Codes, tokens and the secret go in the body, where no log of addresses sees them.
    async fn obtain(&self, endpoint: &'static str, parameters: &[(&str, &str)]) -> Result<Obtained, Refusal> {
        let secret = self.settings.app_secret.expose_secret();
        let mut form = vec![("client_id", self.settings.app_id.as_str()), ("client_secret", secret)];
        form.extend_from_slice(parameters);
        let call = Call::post(endpoint, &["oauth", "access_token"], &form);
        let answer: TokenAnswer = self.graph.send(call).await.map_err(|failure| not_obtained(&failure))?;
        let lifetime = answer.expires_in.and_then(|seconds| u64::try_from(seconds).ok()).filter(|s| *s > 0);
        let expires_at = lifetime.and_then(|seconds| {
            self.clock
                .now()
                .checked_add_signed(chrono::TimeDelta::from_std(Duration::from_secs(seconds)).ok()?)
        });
        Ok(Obtained { token: answer.access_token, expires_at })
    }

    /// Completes a token by what Meta says about it: whose it is, until when, and what was granted.
    async fn describe(&self, obtained: Obtained) -> Result<Grant, Refusal> {
        let Obtained { token, expires_at } = obtained;
        let inspection = Inspection::of(self, &token).await?;
        if !inspection.is_valid(&self.settings.app_id)? {
            return Err(Refusal::of(Reason::Unauthorized, Remedy::Reconnect));
        }
        let remote_person = match inspection.person() {
            Some(person) => person.to_owned(),
            None => self.person(&token).await?,
        };
        let (granted, declined) = self.permissions(&token, inspection.scopes()).await?;
        Ok(Grant {
            remote_person,
            expires_at: inspection.expires_at().or(expires_at),
            data_access_expires_at: inspection.data_access_expires_at(),
            token,
            granted,
            declined,
        })
    }

    async fn person(&self, token: &SecretString) -> Result<String, Refusal> {
        let call = Call::get("me", &["me"]).query(&[("fields", "id")]).token(token);
        let me: Node = self.graph.send(call).await.map_err(|failure| failure.refusal())?;
        me.id.ok_or(Refusal::of(Reason::PlatformUnavailable, Remedy::Retry))
    }

    /// Granted and declined scopes. Where the list is empty, as with tokens of system users, the token's own scopes count.
    async fn permissions(
        &self,
        token: &SecretString,
        scopes: &[String],
    ) -> Result<(Vec<String>, Vec<String>), Refusal> {
        let call = Call::get("permissions", &["me", "permissions"]).token(token);
        let list: List<Permission> = self.graph.send(call).await.map_err(|failure| failure.refusal())?;
        let (mut granted, mut declined) = (Vec::new(), Vec::new());
        for Permission { permission, status } in list.data {
            let side = if status.as_deref() == Some("granted") { &mut granted } else { &mut declined };
            side.extend(permission);
        }
        if granted.is_empty() && declined.is_empty() {
            granted = scopes.to_vec();
        }
        Ok((granted, declined))
    }
}

/// Here code 1 below status 500 says that the app's secret is wrong; elsewhere it means an unknown error.
fn not_obtained(failure: &Failure) -> Refusal {
    let (refusal, code) = (failure.refusal(), failure.code());
    if code.code == Some(1) && code.status.is_some_and(|status| status < 500) {
        return Refusal { reason: Reason::AppMisconfigured, remedy: Remedy::GiveUp, ..refusal };
    }
    refusal
}

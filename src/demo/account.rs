//! Signing up, or in again, and the API key that programs use.

use identity::OsRandom;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tenancy::Scope;

use super::{
    client::{Client, Page},
    credentials::Credentials,
    stage::Stage,
    trouble::Trouble,
    voice::Voice,
};

const ORGANIZATION: &str = "Harbour Coffee";

/// The organization's workspace, and the API with the organization's key.
pub(super) struct Member {
    /// The API.
    pub(super) client: Client,
    /// The workspace everything belongs to.
    pub(super) workspace: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: SecretString,
}

#[derive(Deserialize)]
struct Policy {
    notice_version: String,
}

#[derive(Deserialize)]
struct Workspace {
    id: String,
}

#[derive(Deserialize)]
struct Granted {
    secret: SecretString,
}

/// Signs in, after signing up where nobody did, and takes the key of an earlier run or a new one.
pub(super) async fn sign_in(stage: &Stage, voice: Voice) -> Result<(Member, SecretString), Trouble> {
    let anonymous = Client::new(stage.api.clone())?;
    let mut credentials = Credentials::read_or_make(&stage.state_dir, &OsRandom::default())?;
    let token = enter(&anonymous, &credentials, stage, voice).await?;
    let session = anonymous.with(token);
    if !accepted(&anonymous, credentials.api_key.as_ref()).await? {
        voice.say("granting an API key");
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let key = json!({"name": "Demo", "scopes": scopes});
        let granted: Granted = session.post("/v1/api_keys", &key).await?;
        credentials.api_key = Some(granted.secret);
        credentials.keep(&stage.state_dir)?;
    }
    let key = credentials.api_key.unwrap_or_default();
    let client = anonymous.with(key.clone());
    let workspaces: Page<Workspace> = client.get("/v1/workspaces").await?;
    let workspace = workspaces.data.into_iter().next().map(|workspace| workspace.id).unwrap_or_default();
    Ok((Member { client, workspace }, key))
}

/// A session of the demo's person, who is registered first if the database does not know them.
async fn enter(
    anonymous: &Client,
    credentials: &Credentials,
    stage: &Stage,
    voice: Voice,
) -> Result<SecretString, Trouble> {
    let (mail, password) = (&credentials.mail, credentials.password.expose_secret());
    let known = json!({"mail": mail, "password": password});
    let again = async || anonymous.post::<Tokens>("/v1/sessions", &known).await.map(|it| it.access_token);
    if stage.state_dir.join(super::credentials::NAME).exists() {
        match voice.during(&format!("signing in to {ORGANIZATION} as {mail}"), again()).await {
            Err(refused) if refused.is_unauthorized() => voice.say("this database does not know it"),
            other => return other,
        }
    }
    // Kept before they are used: whoever is killed in between can still sign in.
    credentials.keep(&stage.state_dir)?;
    let sign_up = async {
        let policy: Policy = anonymous.get("/v1/registrations/policy").await?;
        let registration = json!({
            "mail": mail, "password": password, "name": stage.seed.person_name, "organization_name": ORGANIZATION,
            "time_zone": "Europe/Berlin", "is_of_age": true, "acknowledged_notice": policy.notice_version,
        });
        anonymous.post::<Value>("/v1/registrations", &registration).await?;
        again().await
    };
    voice.during(&format!("signing up the organization {ORGANIZATION} as {mail}"), sign_up).await
}

/// Whether a key of an earlier run still opens the door.
async fn accepted(anonymous: &Client, key: Option<&SecretString>) -> Result<bool, Trouble> {
    let Some(key) = key else { return Ok(false) };
    match anonymous.with(key.clone()).get::<Value>("/v1/organization").await {
        Ok(_) => Ok(true),
        Err(refused) if refused.is_unauthorized() => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

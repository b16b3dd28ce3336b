//! A front end: signs somebody up, connects Pages through the login dialog, and calls the API.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, header::LOCATION, redirect::Policy};
use serde_json::{Value, json};

use super::Result;

/// The app that every sandbox begins with; neither is a secret.
pub(crate) const APP_ID: &str = "820000000000001";
/// Its secret.
pub(crate) const APP_SECRET: &str = "5a4d9b0c1e7f48236a9d0b5e3c7f1a28";

/// Most Pages chosen after one login: what the API takes in one request.
const PAGES_PER_LOGIN: usize = 1_000;

/// A client of the API and of the sandbox's admin API.
#[derive(Clone)]
pub(crate) struct FrontEnd {
    http: Client,
    api: String,
    sandbox: String,
}

/// An organization that signed up.
pub(crate) struct Tenant {
    /// An access token of its owner.
    pub(crate) session: String,
    /// Its workspace.
    pub(crate) workspace: String,
}

impl FrontEnd {
    /// A client of the API and the sandbox at these addresses.
    pub(crate) fn new(api: &str, sandbox: &str) -> Result<Self> {
        // An error means that there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().http1_only().redirect(Policy::none()).pool_max_idle_per_host(128);
        let http = http.timeout(Duration::from_mins(2)).build()?;
        Ok(Self { http, api: api.to_owned(), sandbox: sandbox.to_owned() })
    }

    /// A request to the API.
    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).bearer_auth(token)
    }

    /// Reads from the API.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Result<Value> {
        read(self.request(Method::GET, path, token).send().await?).await
    }

    /// Posts to the API.
    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Result<Value> {
        read(self.request(Method::POST, path, token).json(&body).send().await?).await
    }

    /// Calls the sandbox's admin API; without a body it reads.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}/_sandbox/{path}", self.sandbox));
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await?).await
    }

    /// Signs an organization up and its owner in.
    pub(crate) async fn sign_up(&self) -> Result<Tenant> {
        let policy = self.get("/v1/registrations/policy", "").await?;
        let (mail, password) = ("owner@example.com", "a password for a measurement");
        let registration = json!({
            "mail": mail, "password": password, "organization_name": "Burst", "is_of_age": true,
            "acknowledged_notice": policy["notice_version"],
        });
        self.post("/v1/registrations", "", registration).await?;
        let session = self.post("/v1/sessions", "", json!({"mail": mail, "password": password})).await?;
        let session = text(&session["access_token"])?;
        let workspaces = self.get("/v1/workspaces", &session).await?;
        Ok(Tenant { workspace: text(&workspaces["data"][0]["id"])?, session })
    }

    /// Grants API keys: quotas are counted for each.
    pub(crate) async fn keys(&self, tenant: &Tenant, count: usize) -> Result<Vec<String>> {
        let scopes = ["channels:read", "channels:write", "posts:read", "posts:write", "posts:publish"];
        let mut keys = Vec::with_capacity(count);
        for number in 0..count {
            let wanted = json!({"name": format!("key {number}"), "scopes": scopes});
            keys.push(text(&self.post("/v1/api_keys", &tenant.session, wanted).await?["secret"])?);
        }
        Ok(keys)
    }

    /// Connects so many Pages, by one login for each thousand, and returns their channels.
    pub(crate) async fn connect(&self, tenant: &Tenant, key: &str, pages: usize) -> Result<Vec<String>> {
        let mut channels = Vec::with_capacity(pages);
        while channels.len() < pages {
            let count = PAGES_PER_LOGIN.min(pages - channels.len());
            let name = format!("Page {}", channels.len());
            let person = self.admin(Method::POST, "people", Some(json!({"name": name}))).await?;
            let order = json!({"count": count, "instagram": false, "prefix": name, "app_id": APP_ID,
                               "person_id": person["id"]});
            self.admin(Method::POST, "bulk", Some(order)).await?;
            channels.extend(self.log_in(tenant, key, &text(&person["id"])?).await?);
        }
        Ok(channels)
    }

    /// One login: the dialog, the way back, the choice of everything it offers.
    async fn log_in(&self, tenant: &Tenant, key: &str, person: &str) -> Result<Vec<String>> {
        let wanted = json!({"workspace_id": tenant.workspace, "provider": "meta"});
        let begun = self.post("/v1/connections", key, wanted).await?;
        let consent = [("person", person), ("decision", "continue")];
        let dialog = self.http.post(text(&begun["authorize_url"])?).form(&consent).send().await?;
        let back = dialog.headers().get(LOCATION).ok_or("the dialog does not lead back")?.to_str()?;
        let asks = self.http.get(back).send().await?.text().await?;
        let nonce = asks.split_once("name=\"nonce\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let word = [("nonce", nonce.ok_or("nobody is asked")?.0), ("decision", "continue")];
        let form = back.split_once('?').map_or(back, |(address, _)| address);
        let page = self.http.post(form).form(&word).send().await?.text().await?;
        let code = page.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>"));
        let code = code.ok_or("the callback shows no code")?.0;
        let place = format!("/v1/connections/{}", text(&begun["id"])?);
        let completion = json!({"completion_code": code});
        let offered = self.post(&format!("{place}/complete"), key, completion).await?;
        let choose = |one: &Value| json!({"platform": one["platform"], "remote_id": one["remote_id"]});
        let chosen: Vec<_> = list(&offered["candidates"])?.iter().map(choose).collect();
        let chosen = json!({"candidates": chosen});
        let connected = self.post(&format!("{place}/channels"), key, chosen).await?;
        list(&connected["channels"])?.iter().map(|channel| text(&channel["id"])).collect()
    }

    /// Writes a post for one channel and returns its id.
    pub(crate) async fn write(
        &self,
        tenant: &Tenant,
        key: &str,
        channel: &str,
        caption: &str,
    ) -> Result<String> {
        let post = json!({"workspace_id": tenant.workspace, "caption": caption,
                          "targets": [{"channel_id": channel}]});
        text(&self.post("/v1/posts", key, post).await?["id"])
    }
}

async fn read(response: Response) -> Result<Value> {
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await?;
    if !status.is_success() {
        return Err(format!("{} answers {status}: {body}", url.path()).into());
    }
    Ok(serde_json::from_str(&body).unwrap_or_default())
}

/// The text of a value that must be one.
pub(crate) fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is not a text").into())
}

/// The items of a value that must be a list.
pub(crate) fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().ok_or_else(|| format!("{value} is not a list").into())
}

//! A person with an account, an organization and a workspace.

use std::ops::Deref;

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{
    Caller, Reply,
    sandbox::{ACCOUNT, PAGE, PERSON},
};

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Somebody who signed up and in.
#[derive(Clone)]
pub(crate) struct Person {
    caller: Caller,
    pub(crate) mail: String,
    pub(crate) workspace: String,
    pub(crate) organization: String,
    pub(crate) refresh_token: String,
}

impl Deref for Person {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The channels of the Page and the account that stories publish on.
#[derive(Debug, Clone)]
pub(crate) struct Channels {
    pub(crate) connection: String,
    pub(crate) facebook: String,
    pub(crate) instagram: String,
}

/// What a person who registers sends.
pub(crate) fn registration(mail: &str, password: &str, organization: &str) -> Value {
    json!({
        "mail": mail, "password": password, "organization_name": organization, "is_of_age": true,
        "acknowledged_notice": "1"
    })
}

impl Person {
    /// Signs up and in.
    pub(crate) async fn sign_up(base: &str, organization: &str) -> Self {
        Self::sign_up_with(base, organization, PASSWORD).await
    }

    pub(crate) async fn sign_up_with(base: &str, organization: &str, password: &str) -> Self {
        let nobody = Caller::new(base, None);
        let mail = format!("{}@example.org", Uuid::new_v4().simple());
        nobody.post("/v1/registrations", registration(&mail, password, organization)).await.is(202);
        let tokens = nobody.post("/v1/sessions", json!({ "mail": mail, "password": password })).await.is(201);
        let caller = nobody.with(&tokens.text("/access_token"));
        let workspace = caller.get("/v1/workspaces").await.is(200).text("/data/0/id");
        Self {
            caller,
            mail,
            workspace,
            organization: tokens.text("/organization"),
            refresh_token: tokens.text("/refresh_token"),
        }
    }

    /// Begins to connect.
    pub(crate) async fn begin(&self) -> Login {
        let body = json!({ "workspace_id": self.workspace, "provider": "meta" });
        Login::of(&self.post("/v1/connections", body).await.is(201))
    }

    /// Connects the Page and the account of the stories.
    pub(crate) async fn connect(&self) -> Channels {
        let login = self.begin().await;
        let chosen = self.finish(&login, &[("facebook", PAGE), ("instagram", ACCOUNT)]).await;
        Channels {
            facebook: channel(&chosen, "facebook"),
            instagram: channel(&chosen, "instagram"),
            connection: login.connection,
        }
    }

    /// Connects Pages and returns the ids of their channels in the same order.
    pub(crate) async fn connect_pages(&self, pages: &[String]) -> Vec<String> {
        let login = self.begin().await;
        let picks: Vec<_> = pages.iter().map(|page| ("facebook", page.as_str())).collect();
        self.finish(&login, &picks).await;
        let all = self.get("/v1/channels?limit=100").await.is(200);
        let of = |page: &String| {
            let found = all.body["data"].as_array().unwrap().iter().find(|one| one["remote_id"] == *page);
            found.unwrap()["id"].as_str().unwrap().to_owned()
        };
        pages.iter().map(of).collect()
    }

    /// Completes a login and chooses; returns the channels.
    pub(crate) async fn finish(&self, login: &Login, picks: &[(&str, &str)]) -> Value {
        let offered = self.complete(login, &[]).await;
        assert!(offered.len() >= picks.len(), "{offered:?}");
        let picks =
            picks.iter().map(|(platform, id)| json!({ "platform": platform, "remote_id": id })).collect();
        self.choose(&login.connection, picks).await.is(200).body["channels"].clone()
    }

    /// Goes through the dialog in the browser and completes; returns what can be chosen.
    pub(crate) async fn complete(&self, login: &Login, answers: &[(&str, &str)]) -> Vec<Value> {
        let code = self.consent(login, answers).await;
        let path = format!("/v1/connections/{}/complete", login.connection);
        let completed = self.post(&path, json!({ "completion_code": code })).await.is(200);
        completed.body["candidates"].as_array().unwrap().clone()
    }

    /// Agrees in the dialog and on the page after it, and returns the code that the last page shows.
    pub(crate) async fn consent(&self, login: &Login, answers: &[(&str, &str)]) -> String {
        let nonce = self.agree(login, answers).await;
        let page = self.press(&nonce, "continue").await.is(200);
        between(page.body.as_str().unwrap(), "<code>", "</code>").to_owned()
    }

    /// Agrees in the dialog and returns the nonce of the page that asks then.
    pub(crate) async fn agree(&self, login: &Login, answers: &[(&str, &str)]) -> String {
        let page = self.come_back(&login.answer("continue", answers).await).await.is(200);
        between(page.body.as_str().unwrap(), "name=\"nonce\" value=\"", "\"").to_owned()
    }

    /// Presses a button of that page, as a browser does: without credentials.
    pub(crate) async fn press(&self, nonce: &str, decision: &str) -> Reply {
        let nobody = Caller::new(&self.base, None);
        let form = [("nonce", nonce), ("decision", decision)];
        nobody.send(nobody.request("POST", "/v1/connections/callback").form(&form)).await
    }

    /// Follows the platform's redirect, as a browser does: without credentials.
    pub(crate) async fn come_back(&self, location: &str) -> Reply {
        Caller::new("", None).get(location).await
    }

    pub(crate) async fn choose(&self, connection: &str, picks: Value) -> Reply {
        self.post(&format!("/v1/connections/{connection}/channels"), json!({ "candidates": picks })).await
    }

    /// Uploads a picture and returns its id.
    pub(crate) async fn upload(&self, bytes: Vec<u8>) -> String {
        self.upload_as(&self.workspace, "picture.jpg", bytes).await.is(201).text("/id")
    }

    /// Writes a draft for some channels; `more` adds members to it.
    pub(crate) async fn write(&self, caption: &str, channels: &[&str], more: Value) -> String {
        let targets: Vec<_> = channels.iter().map(|id| json!({ "channel_id": id })).collect();
        let mut post = json!({ "workspace_id": self.workspace, "caption": caption, "targets": targets });
        let members = post.as_object_mut().unwrap();
        members.extend(more.as_object().cloned().unwrap_or_default());
        self.draft(post).await.text("/id")
    }

    /// An API key and its text.
    pub(crate) async fn grant(&self, body: Value) -> (String, Caller) {
        let granted = self.post("/v1/api_keys", body).await.is(201);
        (granted.text("/api_key/id"), self.with(&granted.text("/secret")))
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("nothing between {before} and {after} in {text}")).0
}

/// The id of the first channel of a platform in a list.
pub(crate) fn channel(channels: &Value, platform: &str) -> String {
    let channels = channels.as_array().unwrap();
    let found = channels.iter().find(|channel| channel["platform"] == platform);
    found.unwrap_or_else(|| panic!("no {platform} in {channels:?}"))["id"].as_str().unwrap().to_owned()
}

/// A login that was begun: where the person's browser goes.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) connection: String,
    pub(crate) authorize_url: Url,
}

impl Login {
    pub(crate) fn of(begun: &Reply) -> Self {
        let authorize_url = begun.text("/authorize_url").parse().unwrap();
        Self { connection: begun.text("/id"), authorize_url }
    }

    /// Answers the dialog and returns where the platform sends the browser.
    pub(crate) async fn answer(&self, decision: &str, more: &[(&str, &str)]) -> String {
        let mut form: Vec<(String, String)> = self.authorize_url.query_pairs().into_owned().collect();
        let own = [("person", PERSON), ("decision", decision)];
        form.extend(own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut dialog = self.authorize_url.clone();
        dialog.set_query(None);
        let answer = super::caller::client().post(dialog).form(&form).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{}", answer.status());
        answer.headers()["location"].to_str().unwrap().to_owned()
    }
}

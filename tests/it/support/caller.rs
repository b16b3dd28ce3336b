//! Whoever calls the API with one bearer token, or with none.

use std::sync::Once;

use reqwest::{
    Client, Method, RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Reply, until::until};

/// A client with a token.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) base: String,
    pub(crate) token: Option<String>,
    http: Client,
}

/// A client that follows no redirect and uses no proxy.
pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Before the product does it, so that a failing test is told as usual.
        let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).try_init();
    });
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Caller {
    pub(crate) fn new(base: &str, token: Option<String>) -> Self {
        Self { base: base.to_owned(), token, http: client() }
    }

    /// The same client with another token.
    pub(crate) fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request that is yet to be completed and sent.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    /// A POST without a body.
    pub(crate) async fn ask(&self, path: &str) -> Reply {
        self.send(self.request("POST", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).json(&body)).await
    }

    /// A change of what has not changed since that entity tag was read.
    pub(crate) async fn patch(&self, path: &str, tag: &str, body: Value) -> Reply {
        self.send(self.request("PATCH", path).header("If-Match", tag).json(&body)).await
    }

    /// Puts something in the place of what has not changed since that entity tag was read.
    pub(crate) async fn put(&self, path: &str, tag: &str, body: Value) -> Reply {
        self.send(self.request("PUT", path).header("If-Match", tag).json(&body)).await
    }

    /// Uploads a picture.
    pub(crate) async fn upload_as(&self, workspace: &str, name: &str, bytes: Vec<u8>) -> Reply {
        let file = Part::bytes(bytes).file_name(name.to_owned());
        let form = Form::new().text("workspace_id", workspace.to_owned()).part("file", file);
        self.send(self.request("POST", "/v1/media").multipart(form)).await
    }

    /// Imports a file of posts into a workspace.
    pub(crate) async fn import(&self, workspace: &str, query: &str, file: impl Into<String>) -> Reply {
        let request = self.request("POST", &format!("/v1/workspaces/{workspace}/imports{query}"));
        self.send(request.header("Content-Type", "text/csv").body(file.into())).await
    }

    /// Waits until an import is over.
    pub(crate) async fn until_imported(&self, import: &str) -> Value {
        let ask = async || self.get(&format!("/v1/imports/{import}")).await.is(200).body;
        until("imported", ask, |import| import["ended_at"].is_string()).await
    }

    /// The rows of an import in a state, as `row key codes`; what is wrong with a row as a whole has the column `*`.
    pub(crate) async fn import_rows(&self, import: &str, state: &str) -> Vec<String> {
        let rows = self.get(&format!("/v1/imports/{import}/rows?state={state}&limit=100")).await.is(200);
        let line = |row: &Value| {
            let wrong = row["violations"].as_array().unwrap().iter();
            let wrong = wrong.map(|one| {
                format!(" {}:{}", one["column"].as_str().unwrap_or("*"), one["code"].as_str().unwrap())
            });
            format!("{} {}{}", row["row"], row["key"].as_str().unwrap(), wrong.collect::<String>())
        };
        rows.body["data"].as_array().unwrap().iter().map(line).collect()
    }

    /// Writes a draft and returns it.
    pub(crate) async fn draft(&self, body: Value) -> Reply {
        let request = self.request("POST", "/v1/posts").header("Idempotency-Key", Uuid::new_v4().to_string());
        self.send(request.json(&body)).await.is(201)
    }

    pub(crate) async fn view(&self, post: &str) -> Reply {
        self.get(&format!("/v1/posts/{post}")).await.is(200)
    }

    /// Schedules a post at an instant.
    pub(crate) async fn schedule(&self, post: &str, at: chrono::DateTime<chrono::Utc>) -> Reply {
        self.post(&format!("/v1/posts/{post}/schedule"), json!({ "at": at.to_rfc3339() })).await
    }

    pub(crate) async fn publish_now(&self, post: &str) -> Reply {
        self.ask(&format!("/v1/posts/{post}/publish")).await.is(200)
    }

    /// Waits until the post shows a status.
    pub(crate) async fn until_status(&self, post: &str, status: &str) -> Value {
        let ask = async || self.view(post).await.body;
        until(status, ask, |view| view["status"] == status).await
    }

    /// Waits until the only publication of a post is in a state.
    pub(crate) async fn until_state(&self, post: &str, state: &str) -> Value {
        let ask = async || self.view(post).await.body["publications"][0].clone();
        until(state, ask, |publication| publication["state"] == state).await
    }

    /// The history of a publication as `step verdict`, oldest first.
    pub(crate) async fn history(&self, publication: &Value) -> Vec<String> {
        let id = publication["id"].as_str().unwrap();
        let attempts = self.get(&format!("/v1/publications/{id}/attempts")).await.is(200);
        let line = |a: &Value| format!("{} {}", a["step"].as_str().unwrap(), a["verdict"].as_str().unwrap());
        attempts.body["data"].as_array().unwrap().iter().map(line).collect()
    }
}

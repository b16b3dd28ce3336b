//! What the examples share: a client of the API in a few lines. It reads `POSTERN_URL` and `POSTERN_API_KEY`, which `postern
//! demo` prints.

use std::{
    env,
    error::Error,
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Anything that can go wrong, with a sentence.
pub(crate) type Trouble = Box<dyn Error + Send + Sync>;

/// The API, with a key.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// The API of a running demo.
    pub(crate) fn from_env() -> Result<Self, Trouble> {
        // The program decides which cryptography its TLS uses; an error means that it has decided before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = env::var("POSTERN_API_KEY")
            .map_err(|_| "start `cargo run -- demo` and set POSTERN_API_KEY to the API key that it prints")?;
        let url = env::var("POSTERN_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
        Ok(Self { http: reqwest::Client::builder().no_proxy().build()?, url, key })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.send(Method::GET, path, |request| request).await
    }

    /// Writes.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Trouble> {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    /// The id and the workspace of the channel on a platform, `facebook` or `instagram`.
    pub(crate) async fn channel(&self, platform: &str) -> Result<(String, String), Trouble> {
        let channels = self.get("/v1/channels").await?;
        let found = channels["data"].as_array().into_iter().flatten().find(|one| one["platform"] == platform);
        let found = found.ok_or_else(|| format!("no channel on {platform} is connected"))?;
        Ok((text(found, "id")?, text(found, "workspace_id")?))
    }

    /// Writes a post and publishes it now; gives its id.
    pub(crate) async fn publish(&self, post: &Value) -> Result<String, Trouble> {
        let id = text(&self.post("/v1/posts", post).await?, "id")?;
        self.post(&format!("/v1/posts/{id}/publish"), &json!({})).await?;
        Ok(id)
    }

    /// Follows the post's only publication, saying each new state, until it is as wanted.
    pub(crate) async fn until(&self, post: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value, Trouble> {
        let (began, mut state) = (Instant::now(), Value::Null);
        while began.elapsed() < Duration::from_mins(2) {
            let post = self.get(&format!("/v1/posts/{post}")).await?;
            let publication = &post["publications"][0];
            if publication["state"] != state {
                state = publication["state"].clone();
                println!("{}", state.as_str().unwrap_or_default());
            }
            if wanted(publication) {
                return Ok(publication.clone());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err("this takes longer than expected".into())
    }

    /// Sends any request; `fill` gives it a body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Value, Trouble> {
        let request = self.http.request(method, format!("{}{path}", self.url.trim_end_matches('/')));
        let answer = fill(request.bearer_auth(&self.key)).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if status.is_success() { Ok(body) } else { Err(format!("{status}: {body}").into()) }
    }
}

/// A text member of an answer.
pub(crate) fn text(answer: &Value, name: &str) -> Result<String, Trouble> {
    Ok(answer[name].as_str().ok_or_else(|| format!("the answer has no `{name}`: {answer}"))?.to_owned())
}

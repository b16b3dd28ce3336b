//! A sandbox on a port of its own, a server of pictures, and a client.

use std::io::Cursor;
use std::sync::Once;

use poem::endpoint::make_sync;
use poem::listener::TcpAcceptor;
use poem::{Response, Server};
use reqwest::{Client, RequestBuilder, redirect};
use sandbox::{Sandbox, Seed, Settings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running sandbox.
pub(crate) struct Running {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) seed: Seed,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer: status and JSON.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    /// Code and subcode of a Graph error; zeros where there is none.
    pub(crate) fn error(&self) -> (i64, u64) {
        let error = &self.body["error"];
        (error["code"].as_i64().unwrap_or(0), error["error_subcode"].as_u64().unwrap_or(0))
    }

    /// A member that is text.
    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {:?}", self.body));
        value.as_str().unwrap_or_else(|| panic!("{pointer} in {:?} is no text", self.body)).to_owned()
    }

    /// The id of what was made.
    pub(crate) fn id(&self) -> String {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.text("/id")
    }
}

pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap()
}

/// Starts a seeded sandbox.
pub(crate) async fn start() -> Running {
    start_with(Settings::default()).await
}

pub(crate) async fn start_with(settings: Settings) -> Running {
    let client = client();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::new(settings).unwrap();
    let seed = sandbox.seed();
    let task = tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await.unwrap() });
    Running { base, client, seed, task }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, headers, body }
    }

    /// A GET with a token and parameters.
    pub(crate) async fn get(&self, path: &str, token: &str, params: &[(&str, &str)]) -> Reply {
        self.send(self.client.get(self.url(path)).bearer_auth(token).query(params)).await
    }

    /// A POST of a form with a token.
    pub(crate) async fn post(&self, path: &str, token: &str, params: &[(&str, &str)]) -> Reply {
        self.send(self.client.post(self.url(path)).bearer_auth(token).form(params)).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        self.send(self.client.delete(self.url(path)).bearer_auth(token)).await
    }

    /// A call of the admin API that must succeed.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, self.url(&format!("/_sandbox{path}")));
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply = self.send(request).await;
        assert_eq!(reply.status, 200, "{path}: {:?}", reply.body);
        reply.body
    }

    /// Scripts a fault that meets one call.
    pub(crate) async fn fault(&self, endpoint: &str, effect: Value) {
        self.admin("POST", "/faults", json!({ "endpoint": endpoint, "effect": effect })).await;
    }

    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.admin("GET", "/ledger", Value::Null).await["entries"].as_array().unwrap().clone()
    }

    /// Id and token of the first Page of the seed.
    pub(crate) fn page(&self) -> (String, String) {
        (self.seed.pages[0].id.clone(), self.seed.pages[0].token.clone())
    }

    /// Id and token of the Instagram account of the first Page.
    pub(crate) fn account(&self) -> (String, String) {
        (self.seed.pages[0].instagram.as_ref().unwrap().id.clone(), self.seed.pages[0].token.clone())
    }

    /// Makes a container of a picture.
    pub(crate) async fn container(&self, url: &str, caption: &str) -> String {
        let (account, token) = self.account();
        let params = [("image_url", url), ("caption", caption)];
        self.post(&format!("/v25.0/{account}/media"), &token, &params).await.id()
    }
}

/// A server of one file under every path.
pub(crate) struct Pictures {
    pub(crate) base: String,
    task: JoinHandle<()>,
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves bytes with a status.
pub(crate) async fn serve_file(status: u16, bytes: Vec<u8>) -> Pictures {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/picture.jpg", listener.local_addr().unwrap());
    let status = poem::http::StatusCode::from_u16(status).unwrap();
    let endpoint = make_sync(move |_| Response::builder().status(status).body(bytes.clone()));
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    let task = tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(endpoint).await.unwrap() });
    Pictures { base, task }
}

pub(crate) async fn serve_picture(bytes: &[u8]) -> Pictures {
    serve_file(200, bytes.to_vec()).await
}

/// A picture of one colour.
pub(crate) fn picture(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let image = image::RgbImage::from_pixel(width, height, image::Rgb([200, 120, 40]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    picture(width, height, image::ImageFormat::Jpeg)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

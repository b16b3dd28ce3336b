//! A sandbox in this process, a server of pictures for it to fetch, and the adapter pointed at it.

use std::{io::Cursor, net::SocketAddr, sync::Arc};

use chrono::Utc;
use image::{ImageFormat, RgbImage};
use meta::{HttpVersion, Meta, Settings};
use publishing::{
    platform::Platform,
    publisher::{Live, Picture, Publisher, Readiness, Work},
};
use sandbox::{Sandbox, Seed};
use secrecy::SecretString;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::stage::{self, Fixed, Pages};

/// Every format on every surface, by name.
pub(crate) const SURFACES: [&str; 6] = ["text", "link", "photo", "photos", "image", "carousel"];

pub(crate) struct Rig {
    pub(crate) meta: Meta,
    pub(crate) seed: Seed,
    pub(crate) address: SocketAddr,
    pictures: SocketAddr,
    http: reqwest::Client,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    /// With other settings than those that fit.
    pub(crate) async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        stage::set_up_process();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sandbox = Sandbox::new(sandbox::Settings::default()).unwrap();
        let seed = sandbox.seed();
        tokio::spawn(sandbox.serve(listener, std::future::pending()));
        let settings = settings(&seed, address);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let meta = Meta::new(change(settings), Arc::new(Fixed(Utc::now()))).unwrap();
        Self { meta, seed, address, pictures: serve_pictures().await, http }
    }

    /// The adapter as another process has it, which remembers nothing.
    pub(crate) fn restart(&mut self) {
        self.reach_over(self.address, |settings| settings);
    }

    /// The adapter on another way to the sandbox, with other settings.
    pub(crate) fn reach_over(&mut self, address: SocketAddr, change: impl FnOnce(Settings) -> Settings) {
        let settings = change(settings(&self.seed, address));
        self.meta = Meta::new(settings, Arc::new(Fixed(Utc::now()))).unwrap();
    }

    /// A text of its own.
    pub(crate) fn numbered(&self, n: usize) -> Work {
        Work { caption: format!("Text number {n}"), ..self.work("text") }
    }

    /// How long every call takes from now on.
    pub(crate) async fn latency(&self, ms: u64) {
        self.control(reqwest::Method::PUT, "latency", serde_json::json!({ "ms": ms })).await;
    }

    /// Work for a surface on the first Page of the seed or its account.
    pub(crate) fn work(&self, surface: &str) -> Work {
        let (platform, pictures) = match surface {
            "text" | "link" => (Platform::Facebook, 0),
            "photo" => (Platform::Facebook, 1),
            "photos" => (Platform::Facebook, 3),
            "image" => (Platform::Instagram, 1),
            _ => (Platform::Instagram, 3),
        };
        let page = &self.seed.pages[0];
        let channel = match platform {
            Platform::Facebook => page.id.clone(),
            Platform::Instagram => page.instagram.as_ref().unwrap().id.clone(),
        };
        Work {
            remote_channel: channel,
            token: SecretString::from(page.token.clone()),
            caption: format!("A {surface}, ünïcode & more"),
            link: (surface == "link").then(|| Url::parse("https://shop.example/a?b=c&d=e").unwrap()),
            pictures: (0..pictures).map(|n| self.picture(n)).collect(),
            permitted_at: Some(Utc::now()),
            ..stage::work(platform, 0)
        }
    }

    fn picture(&self, n: usize) -> Picture {
        let url = format!("http://{}/{n}.jpg?sig=a%2Bb", self.pictures);
        Picture { url: Url::parse(&url).unwrap(), alt_text: Some(format!("picture {n}")) }
    }

    /// Everything up to the irreversible call.
    pub(crate) async fn make_ready(&self, work: &mut Work) {
        work.handles = self.meta.prepare(work, &Pages::default()).await.unwrap();
        assert_eq!(self.meta.check(work).await, Ok(Readiness::Ready));
    }

    pub(crate) async fn admin(&self, path: &str, body: Value) -> Value {
        self.control(reqwest::Method::POST, path, body).await
    }

    /// Switches of the sandbox; those that are not named get their defaults.
    pub(crate) async fn switches(&self, switches: Value) {
        self.control(reqwest::Method::PUT, "switches", switches).await;
    }

    /// Lets the sandbox live so many hours ago.
    pub(crate) async fn hours_ago(&self, hours: i64) {
        let offset = serde_json::json!({ "offset_ms": -hours * 3_600_000 });
        self.control(reqwest::Method::PUT, "clock", offset).await;
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("http://{}/_sandbox/{path}", self.address);
        let request = self.http.request(method, url).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// Forgets everything that was published or scripted.
    pub(crate) async fn reset(&self) {
        self.admin("reset", Value::Null).await;
    }

    /// Lets one call to an endpoint meet an effect.
    pub(crate) async fn fault(&self, endpoint: &str, effect: Value) {
        self.admin("faults", serde_json::json!({ "endpoint": endpoint, "effect": effect })).await;
    }

    /// What became public, in order.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.read("ledger").await["entries"].as_array().unwrap().clone()
    }

    /// How often an endpoint was called.
    pub(crate) async fn calls(&self, endpoint: &str) -> usize {
        let calls = self.read(&format!("requests?endpoint={endpoint}")).await;
        calls["calls"].as_array().unwrap().len()
    }

    async fn read(&self, path: &str) -> Value {
        let url = format!("http://{}/_sandbox/{path}", self.address);
        let body = self.http.get(url).send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The only thing that became public.
    pub(crate) async fn only_entry(&self) -> Value {
        let entries = self.ledger().await;
        assert_eq!(entries.len(), 1, "{entries:#?}");
        entries[0].clone()
    }

    /// Answers the login dialog as the person of the seed, and returns where the browser is sent.
    pub(crate) async fn sign_in(&self, dialog: &Url, fields: &str) -> Url {
        let body = format!("person={}&{fields}", self.seed.person_id);
        let request = self.http.post(dialog.clone()).body(body);
        let answer =
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let location = answer.headers().get("location").unwrap().to_str().unwrap();
        Url::parse(location).unwrap()
    }

    /// Whether the ledger shows the work as it was approved, under this id.
    pub(crate) async fn shows(&self, work: &Work, live: &Live) {
        let entry = self.only_entry().await;
        let object = entry["object_id"].as_str().unwrap();
        assert_eq!(object, live.id);
        assert_eq!(entry["text"], work.caption.as_str());
        assert_eq!(entry["link"].as_str(), work.link.as_ref().map(Url::as_str));
        let media = entry["media"].as_array().unwrap();
        let urls: Vec<_> = media.iter().map(|piece| piece["url"].as_str().unwrap().to_owned()).collect();
        let approved: Vec<_> = work.pictures.iter().map(|picture| picture.url.to_string()).collect();
        assert_eq!(urls, approved);
        for (n, piece) in media.iter().enumerate() {
            assert_eq!(piece["alt_text"], format!("picture {n}"));
        }
    }
}

fn settings(seed: &Seed, address: SocketAddr) -> Settings {
    Settings {
        app_id: seed.app_id.clone(),
        app_secret: SecretString::from(seed.app_secret.clone()),
        http: HttpVersion::Http2,
        ..stage::settings(address)
    }
}

/// Serves one JPEG under every path.
async fn serve_pictures() -> SocketAddr {
    let mut jpeg = Vec::new();
    RgbImage::new(640, 640).write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    );
    let answer = [head.into_bytes(), jpeg].concat();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

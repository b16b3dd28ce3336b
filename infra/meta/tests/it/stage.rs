//! The adapter under test, work for it, and a notebook that keeps every page.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use meta::{HttpVersion, Meta, Settings};
use publishing::{
    id::PublicationId,
    platform::Platform,
    publisher::{ClaimLost, Handles, Notebook, Picture, Work},
};
use secrecy::SecretString;
use tenancy::Clock;
use url::Url;

pub(crate) const TOKEN: &str = "EAA-page-token";
/// HMAC-SHA256 of [`TOKEN`] under the key `app secret`, computed by `openssl dgst -sha256 -hmac "app secret"`.
pub(crate) const PROOF: &str = "6deb0ea26fd058c97a9e3302c32737d68582c79795a5fe35d4e41c0afe75e0ba";

pub(crate) struct Fixed(pub(crate) DateTime<Utc>);

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// For servers that read and write bytes by hand.
pub(crate) fn settings(address: SocketAddr) -> Settings {
    let host = Url::parse(&format!("http://{address}")).unwrap();
    Settings {
        graph: host.clone(),
        dialog: host,
        http: HttpVersion::Http1,
        publish_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(20),
        ..Settings::new("4242", SecretString::from("app secret"))
    }
}

pub(crate) fn set_up_process() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        crate::log::listen();
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

pub(crate) fn meta(address: SocketAddr) -> Meta {
    built(settings(address))
}

pub(crate) fn built(settings: Settings) -> Meta {
    set_up_process();
    Meta::new(settings, Arc::new(Fixed(now()))).unwrap()
}

/// One that does not wait long for silent servers.
pub(crate) fn impatient(address: SocketAddr) -> Meta {
    let patience = Duration::from_millis(200);
    built(Settings { publish_timeout: patience, timeout: patience, ..settings(address) })
}

pub(crate) fn work(platform: Platform, pictures: usize) -> Work {
    Work {
        publication: PublicationId::new(),
        platform,
        remote_channel: "104".to_owned(),
        token: SecretString::from(TOKEN),
        caption: "Fresh & warm: 50 % off, ünïcode".to_owned(),
        link: None,
        pictures: (0..pictures).map(picture).collect(),
        handles: Handles::default(),
        permitted_at: Some(now()),
        taken: Vec::new(),
    }
}

fn picture(n: usize) -> Picture {
    Picture {
        url: Url::parse(&format!("https://media.example/{n}?sig=a%2Bb&e=1")).unwrap(),
        alt_text: (n == 0).then(|| "a loaf".to_owned()),
    }
}

pub(crate) fn handles(parts: &[&str], container: Option<&str>) -> Handles {
    let parts = parts.iter().map(|id| (*id).to_owned()).collect();
    Handles { parts, container: container.map(str::to_owned), since: Some(now() - TimeDelta::hours(1)) }
}

/// A notebook that loses its claim after some pages.
pub(crate) struct Pages {
    pub(crate) saved: Mutex<Vec<Handles>>,
    pub(crate) room: usize,
}

impl Default for Pages {
    fn default() -> Self {
        Self { saved: Mutex::default(), room: usize::MAX }
    }
}

#[async_trait]
impl Notebook for Pages {
    async fn save(&self, handles: &Handles) -> Result<(), ClaimLost> {
        let mut saved = self.saved.lock().unwrap();
        if saved.len() >= self.room {
            return Err(ClaimLost);
        }
        saved.push(handles.clone());
        Ok(())
    }
}

//! The arena: a durable PostgreSQL of its own, the sandbox in this process, and the real binary as processes that can be killed.

use std::{net::SocketAddr, process::Stdio, sync::Once, time::Duration};

use cluster::Cluster;
use sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// Pauses short enough for a test; their relations are the ones that safety rests on.
const PAUSES: [(&str, &str); 11] = [
    ("POSTERN_PUBLISH_PICTURE_LEAD", "8s"),
    ("POSTERN_PUBLISH_PERMIT_LEAD", "500ms"),
    ("POSTERN_PUBLISH_SEND_WINDOW", "1s"),
    ("POSTERN_PUBLISH_TIMEOUT", "1s"),
    ("POSTERN_PUBLISH_LEASE", "1s"),
    ("POSTERN_PUBLISH_CHECK_PAUSE", "200ms"),
    ("POSTERN_PUBLISH_LOOK_PAUSE", "300ms"),
    ("POSTERN_PUBLISH_SETTLE", "3s"),
    ("POSTERN_PUBLISH_SETTLE_DEFINITE", "2600ms"),
    ("POSTERN_PUBLISH_LOOK_DEADLINE", "90s"),
    ("POSTERN_PUBLISH_MAX_BACKOFF", "1s"),
];

pub(super) struct Arena {
    cluster: Option<Cluster>,
    pub(super) sandbox: String,
    pub(super) api: String,
    environment: Vec<(String, String)>,
    directory: TempDir,
    serve: Child,
}

fn crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// A port that was free a moment ago.
async fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn start_sandbox(latency: Duration) -> (String, sandbox::Seed) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let settings = sandbox::Settings { light: false, latency, seed: true, public_url: address.parse().ok() };
    let sandbox = Sandbox::new(settings).unwrap();
    let seed = sandbox.seed();
    tokio::spawn(sandbox.serve(listener, std::future::pending()));
    (address, seed)
}

impl Drop for Arena {
    /// A failed test shows what the processes said last.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for role in ["serve", "work"] {
            let log = std::fs::read_to_string(self.directory.path().join(format!("{role}.log")))
                .unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(15).collect();
            println!("--- {role}, newest first\n{}", last.join("\n"));
        }
    }
}

impl Arena {
    pub(super) async fn open(latency: Duration) -> Self {
        crypto();
        let directory = tempfile::Builder::new().prefix("postern-arena").tempdir().unwrap();
        let cluster = cluster::Settings::new(directory.path().join("postgres"));
        let cluster = Cluster::start(cluster, |_| {}).await.unwrap();
        let (sandbox, seed) = start_sandbox(latency).await;
        let listen = free_port().await;
        let api = format!("http://{listen}");
        let mut environment: Vec<(String, String)> = PAUSES.map(|(k, v)| (k.into(), v.into())).into();
        let mut set = |name: &str, value: &str| environment.push((name.into(), value.into()));
        set("POSTERN_STATE_DIR", directory.path().join("state").to_str().unwrap());
        set("POSTERN_DATABASE_URL", &cluster.url("postgres"));
        set("POSTERN_LISTEN", &listen.to_string());
        set("POSTERN_PUBLIC_URL", &api);
        set("POSTERN_METRICS_LISTEN", "off");
        set("POSTERN_SANDBOX_ALLOW", "true");
        set("POSTERN_META_GRAPH_URL", &format!("{sandbox}/"));
        set("POSTERN_META_DIALOG_URL", &format!("{sandbox}/"));
        set("POSTERN_META_APP_ID", &seed.app_id);
        set("POSTERN_META_APP_SECRET", &seed.app_secret);
        set("POSTERN_META_TIMEOUT", "3s");
        set("POSTERN_LOG_LEVEL", "warn");
        let serve = spawn(&environment, directory.path(), "serve", &[]);
        wait_for(listen).await;
        Self { cluster: Some(cluster), sandbox, api, environment, directory, serve }
    }

    /// The number of the process of the API.
    pub(super) fn api_process(&self) -> u32 {
        self.serve.id().unwrap()
    }

    /// A worker process. Dropping it kills it with -9.
    pub(super) fn worker(&self) -> Child {
        self.worker_that(&[])
    }

    /// A worker process with more environment.
    pub(super) fn worker_that(&self, more: &[(&str, &str)]) -> Child {
        spawn(&self.environment, self.directory.path(), "work", more)
    }

    /// Scripts a fault of the sandbox.
    pub(super) async fn fault(&self, fault: Value) {
        let answer = reqwest::Client::new().post(format!("{}/_sandbox/faults", self.sandbox)).json(&fault);
        let answer = answer.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Makes Pages with Instagram accounts and says whose they are.
    pub(super) async fn pages(&self, count: usize) -> String {
        let app = self.environment.iter().find(|(name, _)| name == "POSTERN_META_APP_ID").unwrap();
        let order = serde_json::json!({"count": count, "instagram": true, "app_id": app.1});
        let answer = reqwest::Client::new().post(format!("{}/_sandbox/bulk", self.sandbox)).json(&order);
        let made: Value = answer.send().await.unwrap().json().await.unwrap();
        made["person_id"].as_str().unwrap().to_owned()
    }

    /// Everything that became public, in order.
    pub(super) async fn ledger(&self) -> Vec<Value> {
        let (mut entries, mut since) = (Vec::new(), 0);
        loop {
            let url = format!("{}/_sandbox/ledger?since={since}&limit=1000", self.sandbox);
            let page: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
            let page = page["entries"].as_array().or(page["data"].as_array()).unwrap().clone();
            let Some(last) = page.last() else { return entries };
            since = last["seq"].as_i64().unwrap();
            entries.extend(page);
        }
    }

    /// Stops everything; PostgreSQL too, since nobody else uses it.
    pub(super) async fn close(mut self) {
        self.serve.kill().await.unwrap();
        let cluster = self.cluster.take().unwrap();
        cluster.stop().await.unwrap();
    }

    /// Stops PostgreSQL without warning, as a power cut would, and starts it again.
    pub(super) async fn cut_the_database(&self) {
        self.cluster.as_ref().unwrap().restart_immediate().await.unwrap();
    }
}

fn spawn(
    environment: &[(String, String)],
    directory: &std::path::Path,
    role: &str,
    more: &[(&str, &str)],
) -> Child {
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(directory.join(format!("{role}.log")));
    Command::new(env!("CARGO_BIN_EXE_postern"))
        .arg(role)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(environment.iter().map(|(k, v)| (k, v)))
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.unwrap())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn wait_for(address: SocketAddr) {
    for _ in 0..600 {
        if TcpStream::connect(address).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody listens on {address} after a minute");
}

//! The stand-in for the platforms, and its admin API: the observer that trusts nobody.

use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::Caller;

/// The Page that stories publish on unless they say otherwise, and its Instagram account.
pub(crate) const PAGE: &str = "104000000000001";
pub(crate) const ACCOUNT: &str = "17841400000000001";
/// The person who administers the seed's Pages.
pub(crate) const PERSON: &str = "10220000000000001";
pub(crate) const APP_ID: &str = "820000000000001";

/// A running sandbox.
pub(crate) struct Sandbox {
    pub(crate) base: String,
    pub(crate) app_secret: String,
    admin: Caller,
    task: JoinHandle<()>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sandbox {
    pub(crate) async fn start() -> Self {
        super::caller::client();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = sandbox::Settings { public_url: base.parse().ok(), ..sandbox::Settings::default() };
        let sandbox = sandbox::Sandbox::new(settings).unwrap();
        let app_secret = sandbox.seed().app_secret;
        let task =
            tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await.unwrap() });
        let admin = Caller::new(&format!("{base}/_sandbox"), None);
        Self { base, app_secret, admin, task }
    }

    /// A call of the admin API that must succeed.
    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let request = self.admin.request(method, path);
        let request = if body.is_null() { request } else { request.json(&body) };
        self.admin.send(request).await.is(200).body
    }

    /// Scripts a fault that meets one call.
    pub(crate) async fn fault(&self, endpoint: &str, effect: Value) {
        self.faults(endpoint, 1, effect).await;
    }

    /// Scripts a fault that meets so many calls; 0 means until it is cleared.
    pub(crate) async fn faults(&self, endpoint: &str, count: u32, effect: Value) {
        let fault = json!({ "endpoint": endpoint, "count": count, "effect": effect });
        self.admin("POST", "/faults", fault).await;
    }

    pub(crate) async fn clear_faults(&self) {
        self.admin("DELETE", "/faults", Value::Null).await;
    }

    /// Everything that became visible, in order.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.admin("GET", "/ledger", Value::Null).await["entries"].as_array().unwrap().clone()
    }

    /// Everything that became visible on one Page or account.
    pub(crate) async fn ledger_of(&self, account: &str) -> Vec<Value> {
        let path = format!("/ledger?account={account}");
        self.admin("GET", &path, Value::Null).await["entries"].as_array().unwrap().clone()
    }

    /// The calls of an endpoint, in order.
    pub(crate) async fn calls(&self, endpoint: &str) -> Vec<Value> {
        let path = format!("/requests?endpoint={endpoint}");
        self.admin("GET", &path, Value::Null).await["calls"].as_array().unwrap().clone()
    }
}

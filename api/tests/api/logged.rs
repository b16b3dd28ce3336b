//! The request log says what it may and nothing else.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Map, Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Answered, Api};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Sends canaries in every part of a request that must not be logged.
async fn send_canaries(api: &Api, token: &str) -> [Answered; 5] {
    let client = api.client();
    let request =
        client.post("/v1/workspaces/canary-path?q=canary-query").header("x-canary", "canary-header");
    let request = request.header("authorization", format!("Bearer {token}")).body("canary-body");
    let workspace = json!({"name": "canary-body", "time_zone": "canary"});
    let credentials = json!({"mail": "canary@x.example", "password": "canary"});
    [
        Answered::read(request.send().await).await,
        api.post("/v1/workspaces", token, workspace).await,
        api.post("/v1/sessions", "", credentials).await,
        api.send("CANARY".parse().unwrap(), "/canary", "canary", None).await,
        api.get("/v1/me", token).await,
    ]
}

/// The fields of the one line that belongs to an answer.
fn line_of<'a>(entries: &'a [Value], answer: &Answered) -> &'a Map<String, Value> {
    let id = &answer.headers["x-request-id"];
    let is_its_line = |entry: &&Value| {
        entry["target"] == "postern::request" && entry["fields"]["request_id"] == *id.as_str()
    };
    let found: Vec<&Value> = entries.iter().filter(is_its_line).collect();
    assert_eq!((found.len(), &found[0]["fields"]["status"]), (1, &json!(answer.status)));
    found[0]["fields"].as_object().unwrap()
}

#[tokio::test]
async fn a_request_is_one_line_of_the_allow_list_and_no_canary_gets_there() {
    let lines = Lines::default();
    // For the whole process: other tests may log meanwhile, but no canary either.
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(lines.clone()).with_max_level(tracing::Level::TRACE);
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let answers = send_canaries(&api, &token).await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!text.to_lowercase().contains("canary") && !text.contains(&token), "{text}");
    let entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let logged = answers.each_ref().map(|answer| line_of(&entries, answer));
    let allowed = [
        "message",
        "method",
        "route",
        "status",
        "latency_us",
        "bytes_in",
        "bytes_out",
        "request_id",
        "actor",
    ];
    assert!(logged.iter().flat_map(|fields| fields.keys()).all(|name| allowed.contains(&name.as_str())));
    let routes = logged.map(|fields| fields["route"].as_str().unwrap());
    assert_eq!(routes, ["/v1/workspaces/{id}", "/v1/workspaces", "/v1/sessions", "-", "/v1/me"]);
    assert_eq!((&logged[3]["method"], &logged[3]["actor"]), (&json!("OTHER"), &json!("-")));
    assert_eq!(logged[4]["actor"].as_str().unwrap().len(), 16);
}

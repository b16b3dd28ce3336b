//! The server dies after it did what it was asked and before it said so. The client asks again, and nothing happens twice.

mod acting;
mod keyed;

use api::request::crash::{CRASH_AT, Moment};
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::support::{World, process::Process, until::until};

/// A process that serves the API, ready.
async fn serve(world: &World) -> Process {
    serve_until(world, None).await
}

/// The same, which dies at a moment of an operation.
async fn serve_until(world: &World, end: Option<(Moment, &str)>) -> Process {
    let mut environment = world.environment();
    let spec = end.map(|(moment, operation)| format!("{moment}:{operation}"));
    environment.extend(spec.map(|spec| (CRASH_AT.into(), spec.into())));
    let serve = Process::start(&["serve"], environment);
    let nobody = world.nobody();
    let ask =
        async || nobody.request("GET", "/readyz").send().await.is_ok_and(|answer| answer.status() == 200);
    until("ready", ask, |ready| *ready).await;
    serve
}

/// Sends a request to a process that dies over it.
async fn dies_over(mut victim: Process, request: RequestBuilder) {
    assert!(request.send().await.is_err(), "somebody answered");
    assert!(!victim.ended().await.success());
}

/// Replaces the server by one that dies when it has carried the request out, sends it, and serves again.
async fn lose_the_answer(
    world: &World,
    mut server: Process,
    operation: &str,
    request: RequestBuilder,
) -> Process {
    server.stop().await;
    dies_over(serve_until(world, Some((Moment::CarriedOut, operation))).await, request).await;
    serve(world).await
}

/// The operations that make or do something, apart by whether they take a key.
fn posts(keyed: bool) -> Vec<String> {
    let document = crate::keep_tenants_apart::document();
    let operations = document["paths"].as_object().unwrap().values().filter_map(|path| path.get("post"));
    let has_key = |operation: &Value| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"))
    };
    let mut names: Vec<String> = operations
        .filter(|operation| has_key(operation) == keyed)
        .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

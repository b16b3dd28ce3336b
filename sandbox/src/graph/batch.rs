//! Several calls in one: `POST /` with `batch`, and `GET /?ids=`.

use poem::http::Method;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Outcome};
use super::call::Call;
use super::error::GraphError;
use crate::shared::Shared;

/// Most calls in a batch (<https://developers.facebook.com/docs/graph-api/batch-requests>).
const MOST: usize = 50;

/// Runs the calls of a batch one after the other. Scripted faults meet the batch, not the calls inside it.
pub(crate) async fn run(shared: &Shared, batch: &Call) -> Outcome {
    let text = batch
        .params
        .get("batch")
        .ok_or_else(|| GraphError::new(100, "(#100) The parameter batch is required"))?;
    let Ok(Value::Array(items)) = serde_json::from_str::<Value>(text) else {
        return Err(GraphError::new(100, "(#100) Param batch must be an array"));
    };
    if items.len() > MOST {
        return Err(GraphError::new(
            100,
            format!("(#100) Too many requests in batch message. Maximum batch size is {MOST}"),
        ));
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in &items {
        answers.push(one(shared, batch, item).await);
    }
    Ok(Answer::Json(Value::Array(answers)))
}

async fn one(shared: &Shared, batch: &Call, item: &Value) -> Value {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let method = Method::from_bytes(text("method").as_bytes()).unwrap_or(Method::GET);
    let call = Call::inside(batch, method, text("relative_url"), text("body"));
    let outcome = if call.path.is_empty() {
        Err(GraphError::new(100, "(#100) A batch cannot hold this call"))
    } else {
        Box::pin(shared.plain(&call)).await
    };
    let (code, body) = match outcome {
        Ok(Answer::Json(body)) => (200, body.to_string()),
        Ok(_) => (400, String::new()),
        Err(error) => (error.status, error.body(&super::answer::trace_id()).to_string()),
    };
    json!({ "code": code, "headers": [{ "name": "Content-Type", "value": "application/json" }], "body": body })
}

/// Answers several nodes by id.
pub(crate) async fn nodes(shared: &Shared, call: &Call) -> Outcome {
    let ids = call.params.list("ids").ok_or_else(|| GraphError::method(100, "Unsupported get request. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"))?;
    let mut found = Map::new();
    for id in ids.into_iter().take(MOST) {
        let mut single = Call::inside(call, Method::GET, &id, "");
        if let Some(fields) = call.params.get("fields") {
            single.params.add("fields".to_owned(), fields.to_owned());
        }
        match Box::pin(shared.plain(&single)).await? {
            Answer::Json(node) => found.insert(id, node),
            Answer::Html(..) | Answer::Redirect(_) => None,
        };
    }
    Ok(Answer::Json(Value::Object(found)))
}

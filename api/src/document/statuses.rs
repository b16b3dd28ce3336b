//! Which statuses an operation can answer follows from its signature, and which headers from how answers are made.

use serde_json::{Value, json};

/// Removes the problems that this operation cannot answer, and fills in what the framework leaves empty.
pub(super) fn keep_possible(path: &str, method: &str, operation: &mut Value) {
    let has_header = |name: &str| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "header").any(|parameter| parameter["name"] == name)
    };
    let secured = operation["security"].as_array().is_some_and(|list| !list.is_empty());
    let signs_in = path.starts_with("/v1/sessions");
    let body = !operation["requestBody"].is_null();
    let writes = method != "get";
    let preconditioned = has_header("If-Match");
    let possible = move |status: &str| match status {
        // Headers and bodies are limited before it is known which operation they are for, and whether it reads a body.
        "400" | "408" | "413" | "429" | "431" | "500" | "503" => true,
        "401" => secured || signs_in,
        "403" => secured,
        "404" => path.contains('{') || (secured && body),
        "415" => body,
        // A verb needs no body to be against the rules: `POST /v1/posts/{id}/publish` validates the post as it is.
        "422" => body || method == "post",
        "409" => writes,
        "412" | "428" => preconditioned,
        other => other.starts_with('2') || other.starts_with('3'),
    };
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    answers.retain(|status, _| possible(status));
    for (status, answer) in answers {
        if answer["description"] == "" {
            answer["description"] = json!(if status == "204" { "Done." } else { "The answer." });
        }
        answer["headers"]["X-Request-Id"] = json!({"$ref": "#/components/headers/X-Request-Id"});
        answer["headers"]["RateLimit"] = json!({"$ref": "#/components/headers/RateLimit"});
        if matches!(status.as_str(), "429" | "503") {
            answer["headers"]["Retry-After"] = json!({"$ref": "#/components/headers/Retry-After"});
        }
    }
}

/// The headers of every answer, described once.
pub(super) fn describe_headers(document: &mut Value) {
    document["components"]["headers"] = json!({
        "X-Request-Id": {
            "description": "The id of the request, as the server's log knows it.",
            "schema": {"type": "string"},
        },
        "RateLimit": {
            "description": "What is left of the caller's quota (`r`) and in how many seconds it is full again (`t`); \
                            `RateLimit-Policy` names the quota.",
            "schema": {"type": "string"},
        },
        "Retry-After": {
            "description": "In how many seconds to come back.",
            "schema": {"type": "integer", "minimum": 1},
        },
    });
}

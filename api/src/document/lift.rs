//! Turns the document of version 3.0 that the framework writes into a truthful one of version 3.1.
//!
//! The framework cannot say that unknown fields are refused, that a field may be null, or which statuses an operation can
//! answer; this can, because all of it follows from what the document already holds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{defaults, forms, nullable, parameters, statuses};

/// Lifts a document. The text must be the framework's own; anything else gives an empty document.
pub fn lift(spec: &str) -> Value {
    let mut document: Value = serde_json::from_str(spec).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["jsonSchemaDialect"] = json!("https://json-schema.org/draft/2020-12/schema");
    nullable::lift(&mut document);
    walk(&mut document, &mut defaults::describe);
    walk(&mut document, &mut media_types);
    walk(&mut document, &mut header_case);
    close(&mut document);
    for_each_operation(&mut document, security);
    for_each_operation(&mut document, forms::describe);
    for_each_operation(&mut document, parameters::describe);
    for_each_operation(&mut document, statuses::keep_possible);
    schemes(&mut document);
    statuses::describe_headers(&mut document);
    document
}

/// Visits every value, the deepest first.
pub(super) fn walk(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| walk(element, visit)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| walk(member, visit));
            visit(members);
        }
        _ => {}
    }
}

fn for_each_operation(document: &mut Value, change: fn(&str, &str, &mut Value)) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            change(path, method, operation);
        }
    }
}

/// `application/json; charset=utf-8` is a header value, not a media type.
fn media_types(members: &mut Map<String, Value>) {
    if let Some(content) = members.get_mut("content").and_then(Value::as_object_mut) {
        *content = std::mem::take(content)
            .into_iter()
            .map(|(name, media)| (name.split(';').next().unwrap_or_default().to_owned(), media))
            .collect();
    }
}

/// The framework writes header names in capitals.
fn header_case(members: &mut Map<String, Value>) {
    let cased = |name: &str| -> String {
        let word = |word: &str| match word {
            "ETAG" => "ETag".to_owned(),
            _ => word.chars().take(1).chain(word.to_lowercase().chars().skip(1)).collect(),
        };
        name.split('-').map(word).collect::<Vec<_>>().join("-")
    };
    if members.get("in").is_some_and(|place| place == "header")
        && let Some(name) = members.get("name").and_then(Value::as_str)
    {
        // An argument called `_idempotency_key` reads the header `Idempotency-Key`.
        let name = cased(&name.trim_start_matches('_').replace('_', "-").to_uppercase());
        members.insert("name".into(), name.into());
    }
    if let Some(headers) = members.get_mut("headers").and_then(Value::as_object_mut)
        && headers.values().all(Value::is_object)
    {
        *headers = std::mem::take(headers).into_iter().map(|(name, header)| (cased(&name), header)).collect();
    }
}

/// Closes every schema that a request body reaches: what it does not describe is refused.
fn close(document: &mut Value) {
    let mut reached = BTreeSet::new();
    let mut composed = BTreeSet::new();
    let bodies: Vec<Value> = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values().filter_map(Value::as_object).flat_map(Map::values))
        .map(|operation| operation["requestBody"].clone())
        .collect();
    for body in &bodies {
        reach(document, body, &mut reached, &mut composed);
    }
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for name in &reached {
        let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) else { continue };
        if schema.contains_key("allOf") {
            schema.insert("unevaluatedProperties".into(), false.into());
        } else if schema.get("type") == Some(&json!("object"))
            && !schema.contains_key("additionalProperties")
            && !composed.contains(name)
        {
            schema.insert("additionalProperties".into(), false.into());
        }
    }
}

/// Collects the named schemas that a value refers to, and those of them that are parts of a composition and stay open there.
fn reach(document: &Value, value: &Value, reached: &mut BTreeSet<String>, composed: &mut BTreeSet<String>) {
    let name_of = |value: &Value| {
        value["$ref"].as_str().and_then(|target| target.rsplit('/').next()).map(str::to_owned)
    };
    composed.extend(value["allOf"].as_array().into_iter().flatten().filter_map(name_of));
    if let Some(name) = name_of(value)
        && reached.insert(name.clone())
    {
        reach(document, &document["components"]["schemas"][&name], reached, composed);
    }
    let (elements, members) = (value.as_array(), value.as_object());
    for inner in elements.into_iter().flatten().chain(members.into_iter().flat_map(Map::values)) {
        reach(document, inner, reached, composed);
    }
}

/// `session#posts:read` becomes the scheme `session` with the scope `posts:read`.
fn security(_: &str, _: &str, operation: &mut Value) {
    for requirement in operation["security"].as_array_mut().into_iter().flatten() {
        let names: Vec<String> =
            requirement.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
        let split = names.iter().map(|name| {
            let (scheme, scope) = name.split_once('#').unwrap_or((name, ""));
            let scopes: Vec<&str> = Some(scope).filter(|scope| !scope.is_empty()).into_iter().collect();
            (scheme.to_owned(), json!(scopes))
        });
        *requirement = Value::Object(split.collect());
    }
    // An operation that needs nothing says so instead of staying silent.
    if operation["security"].is_null() {
        operation["security"] = json!([]);
    }
}

fn schemes(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The access token of a session, from `POST /v1/sessions`. The keys that sign it are at \
                            `/.well-known/jwks.json`.",
        },
        "api_key": {
            "type": "http", "scheme": "bearer", "bearerFormat": "pstn_…",
            "description": "An API key. It carries the scopes and reaches the workspaces it was created with.",
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_reaches_is_closed_and_what_only_an_answer_reaches_is_not() {
        let mut document = json!({
            "paths": {"/a": {"post": {"requestBody": {"content": {"x": {"schema": {"$ref": "#/components/schemas/In"}}}}}}},
            "components": {"schemas": {
                "In": {"type": "object", "properties": {"part": {"$ref": "#/components/schemas/Part"}}},
                "Part": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object"}]},
                "Base": {"type": "object"}, "Out": {"type": "object"}}}});
        close(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["In"]["additionalProperties"], false);
        assert_eq!(schemas["Part"]["unevaluatedProperties"], false);
        assert!(schemas["Base"]["additionalProperties"].is_null());
        assert!(schemas["Out"]["additionalProperties"].is_null());
    }

    #[test]
    fn media_types_lose_their_charset_and_headers_their_capitals() {
        let spec = r#"{"paths":{"/a":{"get":{"responses":{"200":{"description":"",
            "content":{"application/json; charset=utf-8":{}},"headers":{"RETRY-AFTER":{},"ETAG":{}}}}}}}}"#;
        let lifted = lift(spec);
        let answer = &lifted["paths"]["/a"]["get"]["responses"]["200"];
        assert!(answer["content"].get("application/json").is_some());
        assert!(answer["headers"].get("Retry-After").is_some() && answer["headers"].get("ETag").is_some());
    }
}

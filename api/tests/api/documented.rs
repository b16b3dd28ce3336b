//! The document says everything, and only what is so.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::support::{Api, document};

/// Operations that need no token, and why.
const OPEN: [(&str, &str); 7] = [
    ("getHealth", "a load balancer has no token"),
    ("getReadiness", "a load balancer has no token"),
    ("getKeySet", "public keys are public"),
    ("getRegistrationPolicy", "who registers has no token yet"),
    ("register", "who registers has no token yet"),
    ("signIn", "it is how one gets a token"),
    ("refreshSession", "the refresh token is the proof"),
];

/// Changes that need no `If-Match`, and why.
const UNVERSIONED: [(&str, &str); 1] =
    [("updateMedia", "it sets one field, which the last writer may decide")];

fn operations() -> Vec<(String, String, Value)> {
    let document = api::document();
    document.operations().map(|(path, method, op)| (path.to_owned(), method.to_owned(), op.clone())).collect()
}

fn name(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap_or("(none)")
}

fn has_header(operation: &Value, header: &str) -> bool {
    operation["parameters"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["in"] == "header" && one["name"] == header))
}

#[test]
fn exactly_the_operations_of_the_allow_list_are_open() {
    let open: BTreeSet<String> = operations()
        .iter()
        .filter(|(_, _, operation)| operation["security"].as_array().is_none_or(Vec::is_empty))
        .map(|(_, _, operation)| name(operation).to_owned())
        .collect();
    assert_eq!(open, OPEN.map(|(operation, _)| operation.to_owned()).into());
}

#[test]
fn every_operation_has_a_name_a_summary_a_tag_and_described_answers() {
    let camel = Regex::new("^[a-z]+([A-Z][a-z]+)*$").unwrap();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        assert!(camel.is_match(name(&operation)), "{place}: operationId");
        assert!(names.insert(name(&operation).to_owned()), "{place}: repeated operationId");
        assert!(operation["summary"].is_string() && operation["tags"].as_array().is_some(), "{place}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place}: {}", parameter["name"]);
        }
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{place}: {status}");
        }
    }
}

#[test]
fn what_a_signature_makes_possible_is_documented() {
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        let answers = |status: &str| !operation["responses"][status].is_null();
        assert!(["400", "408", "413", "429", "431", "500", "503"].into_iter().all(answers), "{place}");
        if operation["security"].as_array().is_some_and(|list| !list.is_empty()) {
            assert!(answers("401") && answers("403"), "{place}");
        }
        if !operation["requestBody"].is_null() {
            assert!(["415", "422"].into_iter().all(answers), "{place}");
        }
        assert_eq!(method == "post" || !operation["requestBody"].is_null(), answers("422"), "{place}");
        assert_eq!(has_header(&operation, "If-Match"), answers("412") && answers("428"), "{place}");
        assert_eq!(
            path.contains('{') && method == "get",
            answers("404") && method == "get" && path.contains('{'),
            "{place}"
        );
    }
}

#[test]
fn whoever_creates_something_for_a_caller_may_send_an_idempotency_key() {
    for (path, method, operation) in operations() {
        let creates = method == "post" && !operation["responses"]["201"].is_null();
        let secured = operation["security"].as_array().is_some_and(|list| !list.is_empty());
        if creates && secured {
            assert!(has_header(&operation, "Idempotency-Key"), "{path}");
        }
    }
}

#[test]
fn what_people_edit_together_needs_if_match() {
    for (path, method, operation) in operations() {
        if method == "patch" && !UNVERSIONED.iter().any(|(one, _)| *one == name(&operation)) {
            assert!(has_header(&operation, "If-Match"), "{path}");
        }
    }
}

#[test]
fn request_bodies_are_closed_and_their_fields_described() {
    let document = api::document();
    let schemas = document.schemas();
    for (path, _, operation) in document.operations() {
        let media = operation["requestBody"]["content"].as_object().into_iter().flatten();
        for media in media.filter(|(kind, _)| kind.ends_with("json")) {
            let target =
                media.1["schema"]["$ref"].as_str().unwrap_or_else(|| panic!("{path}: an inline body"));
            let schema = &schemas[target.rsplit('/').next().unwrap()];
            let closed = schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false;
            assert!(closed || !schema["oneOf"].is_null(), "{target}");
        }
    }
    for (name, schema) in &schemas {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "{name}.{field}");
        }
    }
}

#[test]
fn what_a_patch_can_remove_may_be_null() {
    let schemas = api::document().schemas();
    for (schema, field) in [("PostPatch", "link"), ("Target", "link"), ("MediaPatch", "alt_text")] {
        let kind = &schemas[schema]["properties"][field]["type"];
        assert_eq!(*kind, serde_json::json!(["string", "null"]), "{schema}.{field}");
    }
}

#[test]
fn only_secrets_are_shown_as_passwords_and_addresses_have_their_form() {
    let schemas = api::document().schemas();
    for (schema, field, format) in [
        ("Registration", "password", "password"),
        ("Tokens", "access_token", "password"),
        ("Registration", "mail", "email"),
        ("Person", "mail", "email"),
        ("NewPost", "link", "url"),
        ("NewConnection", "return_url", "url"),
    ] {
        assert_eq!(schemas[schema]["properties"][field]["format"], format, "{schema}.{field}");
    }
    for (schema, field) in [("Person", "name"), ("Session", "address"), ("Session", "user_agent")] {
        let property = &schemas[schema]["properties"][field];
        assert!(property["type"] == "string" && property["format"].is_null(), "{schema}.{field}");
    }
}

#[test]
fn a_problem_need_not_have_violations() {
    let required = api::document().schemas()["Problem"]["required"].clone();
    assert!(!required.as_array().unwrap().contains(&"violations".into()), "{required}");
    assert!(required.as_array().unwrap().contains(&"code".into()), "{required}");
}

#[test]
fn nothing_of_openapi_3_0_is_left_and_every_reference_and_pattern_works() {
    let document = api::document();
    assert_eq!(document.json()["openapi"], "3.1.0");
    let text = document.json().to_string();
    for leftover in ["\"nullable\"", "charset=utf-8", "\"exclusiveMinimum\":true", "uint"] {
        assert!(!text.contains(leftover), "{leftover}");
    }
    let schemas = document.schemas();
    visit(document.json(), &mut |value| {
        let nulls = value.as_object().into_iter().flatten().filter(|(_, member)| member.is_null());
        assert_eq!(nulls.count(), 0, "a null in {value}");
        if let Some(name) =
            value["$ref"].as_str().and_then(|target| target.strip_prefix("#/components/schemas/"))
        {
            assert!(schemas.contains_key(name), "{name}");
        }
        if let Some(pattern) = value["pattern"].as_str() {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    });
}

fn visit(value: &Value, check: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| visit(element, check)),
        Value::Object(members) => {
            check(value);
            members.values().for_each(|member| visit(member, check));
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served_and_load_nothing_from_elsewhere() {
    let api = Api::new();
    assert_eq!(api.get("/openapi.json", "").await.body, *document().json());
    let client = api.client();
    let yaml = client.get("/openapi.yaml").send().await.0.into_body().into_string().await.unwrap();
    assert!(yaml.starts_with("openapi: \"3.1.0\"\n"));
    for part in ["/docs", "/docs/", "/docs/start.js", "/docs/swagger-ui.js", "/docs/swagger-ui.css"] {
        let answer = client.get(part).send().await.0;
        assert_eq!(answer.status(), 200, "{part}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{part}");
    }
}

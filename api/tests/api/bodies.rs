//! Bad input: every kind is refused with a problem that says what and where, and none is a server error.

use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Answered, Api, registering};

async fn raw(api: &Api, kind: &str, body: impl Into<Vec<u8>>) -> Answered {
    let client = api.client();
    Answered::read(client.post("/v1/registrations").content_type(kind).body(body.into()).send().await).await
}

async fn refused(body: impl Into<Vec<u8>>) -> (u16, String, Vec<String>) {
    let answer = raw(&Api::new(), "application/json", body).await;
    (answer.status, answer.code().to_owned(), answer.violations())
}

fn registering_with(name: &str, value: Value) -> String {
    let mut body = registering("ada@example.org");
    body[name] = value;
    body.to_string()
}

#[tokio::test]
async fn what_is_not_json_is_refused_with_the_place() {
    for (body, place) in
        [("", ""), ("{", ""), ("[1,", "/1"), ("{'a': 1}", ""), ("{} {}", ""), (r#"{"a":[tru]}"#, "/a/0")]
    {
        let violation = format!("body {place} syntax");
        assert_eq!(refused(body).await, (400, "malformed_json".into(), vec![violation]), "{body}");
    }
    assert_eq!(refused("\u{feff}{}").await.1, "malformed_json");
    assert_eq!(refused(b"{\"mail\":\"\xff\xfe\"}".to_vec()).await.1, "malformed_json");
}

#[tokio::test]
async fn repeated_keys_nul_characters_and_deep_nesting_are_refused_with_the_place() {
    let cases = [
        (r#"{"mail":"a","mail":"b"}"#.to_owned(), "body /mail repeated_key"),
        (registering_with("name", json!("A\u{0}da")), "body /name nul_character"),
        (registering_with("name", json!({"a\u{0}": 1})), "body /name nul_character"),
    ];
    for (body, violation) in cases {
        assert_eq!(refused(body).await, (400, "malformed_json".into(), vec![violation.into()]));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(refused(deep).await.2[0].ends_with("too_deep"));
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_body_is_named_at_once() {
    let body = json!({"mail": 5, "password": null, "organization_name": "", "is_of_age": "yes", "surprise": 1,
                      "time_zone": "Mars/Olympus"});
    let (status, code, violations) = refused(body.to_string()).await;
    assert_eq!((status, code.as_str()), (422, "validation_failed"));
    for expected in [
        "body /mail wrong_type",
        "body /password wrong_type",
        "body /organization_name too_short",
        "body /is_of_age wrong_type",
        "body /surprise unknown_field",
        "body /time_zone wrong_format",
        "body /acknowledged_notice required",
    ] {
        assert!(violations.iter().any(|found| found == expected), "{expected} in {violations:?}");
    }
    assert_eq!(violations.len(), 7);
}

#[tokio::test]
async fn the_rules_of_the_use_case_name_the_field_too() {
    let (status, _, violations) = refused(registering_with("password", json!("short"))).await;
    assert_eq!((status, violations), (422, vec!["body /password too_short".to_owned()]));
    let (_, _, violations) = refused(registering_with("is_of_age", json!(false))).await;
    assert_eq!(violations, ["body /is_of_age under_age"]);
}

#[tokio::test]
async fn a_body_of_another_media_type_is_not_read() {
    let api = Api::new();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ] {
        let answer = raw(&api, kind, registering("ada@example.org").to_string()).await;
        assert_eq!((answer.status, answer.code()), (415, "unsupported_media_type"), "{kind}");
    }
    let client = api.client();
    let bare = Answered::read(client.post("/v1/registrations").body("{}").send().await).await;
    assert_eq!(bare.code(), "unsupported_media_type");
    assert_eq!(
        raw(&api, "application/json; charset=utf-8", registering("ada@example.org").to_string()).await.status,
        202
    );
}

#[tokio::test]
async fn one_mebibyte_is_the_limit() {
    let api = Api::new();
    let padded = |size: usize| {
        let body = registering("ada@example.org").to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    assert_eq!(raw(&api, "application/json", padded(1024 * 1024)).await.status, 202);
    let answer = raw(&api, "application/json", padded(1024 * 1024 + 1)).await;
    assert_eq!((answer.status, answer.code()), (413, "body_too_large"));
}

#[tokio::test]
async fn unknown_repeated_and_wrong_query_parameters_are_refused() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let cases = [
        ("color=red", "query /color unknown_parameter"),
        ("limit=5&limit=6", "query /limit repeated"),
        ("limit=0", "query /limit too_small"),
        ("limit=1000000", "query /limit too_large"),
        ("limit=-1", "query /limit too_small"),
        ("limit=ten", "query /limit wrong_type"),
        ("limit=99999999999999999999999", "query /limit wrong_type"),
        ("after=%00", "query /after nul_character"),
    ];
    for (query, violation) in cases {
        let answer = api.get(&format!("/v1/workspaces?{query}"), &token).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_parameters"), "{query}");
        assert_eq!(answer.violations(), [violation]);
    }
}

#[tokio::test]
async fn forged_and_foreign_cursors_are_refused() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    for name in ["b", "c"] {
        let made = api.post("/v1/workspaces", &token, json!({"name": name, "time_zone": "UTC"})).await;
        assert_eq!(made.status, 201);
    }
    let first = api.get("/v1/workspaces?limit=1", &token).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/v1/workspaces?after={cursor}"), &token).await.body["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let stranger = api.member("eve@example.org").await;
    let changed = format!("{}A", &cursor[..cursor.len() - 1]);
    for (path, token) in [
        (format!("/v1/workspaces?after={changed}"), &token),
        (format!("/v1/workspaces?after={cursor}"), &stranger),
        (format!("/v1/api_keys?after={cursor}"), &token),
        ("/v1/workspaces?after=AAAA".to_owned(), &token),
        ("/v1/workspaces?after=".to_owned(), &token),
    ] {
        let answer = api.get(&path, token).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid_cursor"), "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_an_id_names_nothing() {
    let api = Api::new();
    let token = api.member("ada@example.org").await;
    let of_another_kind = tenancy::PersonId::new().to_string();
    for id in
        ["1", "ws_", "ws_%00", "..", &of_another_kind, "ws_01jd0w5k7vf3q8c2t9m4x6y1z!", &"x".repeat(5000)]
    {
        let answer = api.get(&format!("/v1/workspaces/{id}"), &token).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{id}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let api = Api::new();
    assert_eq!(api.get("/v1/nothing", "").await.code(), "not_found");
    assert_eq!(api.get("/", "").await.code(), "not_found");
    let made_up = |name: &[u8]| Method::from_bytes(name).unwrap();
    for method in [
        Method::PUT,
        Method::DELETE,
        Method::TRACE,
        Method::OPTIONS,
        made_up(b"QUERY"),
        made_up(b"FROBNICATE"),
    ] {
        let answer = api.send(method, "/v1/workspaces", "", None).await;
        assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"));
        assert_eq!(answer.headers["allow"], "GET, POST");
    }
    for page in ["/openapi.json", "/problems/not_found", "/docs/start.js"] {
        for method in [Method::POST, made_up(b"QUERY")] {
            let answer = api.send(method, page, "", None).await;
            assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"), "{page}");
            assert_eq!(answer.headers["allow"], "GET, HEAD", "{page}");
        }
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect() {
    let api = Api::new();
    for path in ["/healthz", "/v1/me", "/nothing"] {
        let headers = api.get(path, "").await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["cache-control"], "no-store");
        assert!(headers["content-security-policy"].contains("default-src 'none'"));
        assert!(headers["x-request-id"].starts_with("req_"));
        assert!(!headers.contains_key("set-cookie"));
    }
}

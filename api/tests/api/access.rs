//! Who may do what: tokens, scopes, origins, quotas.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use identity::{EdDsaSigner, TokenSettings};
use poem::http::Method;
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Value, json};
use tenancy::{
    Scope,
    session::{AccessClaims, TokenSigner},
    testing::{FakeSigner, World},
};

use crate::support::{Answered, Api, quota};

/// The secured operations of the whole document: method, a path, and the scopes.
fn secured() -> Vec<(Method, String, Vec<Scope>)> {
    let document = api::document();
    let secured = document.operations().filter(|(_, _, operation)| operation["security"] != json!([]));
    let call = |(path, method, operation): (&str, &str, &Value)| {
        let known =
            [("{id}", "nonsense")].iter().fold(path.to_owned(), |path, (from, to)| path.replace(from, to));
        let requirements =
            operation["security"].as_array().unwrap().iter().filter_map(Value::as_object).flatten();
        let scopes = requirements.flat_map(|(_, scopes)| scopes.as_array().unwrap());
        let scopes = scopes.map(|scope| scope.as_str().unwrap().parse().unwrap()).collect();
        (method.to_uppercase().parse().unwrap(), known, scopes)
    };
    secured.map(call).collect()
}

#[tokio::test]
async fn every_secured_operation_asks_for_a_token_before_it_looks_at_anything_else() {
    let api = Api::of_every_operation();
    for (method, path, _) in secured() {
        let answer =
            api.send(method.clone(), &format!("{path}?surprise=1"), "", Some(json!({"surprise": 1}))).await;
        assert_eq!((answer.status, answer.code()), (401, "authentication_required"), "{method} {path}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        let answer = api.send(method.clone(), &path, "eyJhbGciOiJub25lIn0.e30.", None).await;
        assert_eq!((answer.status, answer.code()), (401, "invalid_token"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_refuses_a_key_with_all_scopes_but_its_own() {
    let api = Api::of_every_operation();
    let member = api.member("ada@example.org").await;
    for (method, path, scopes) in secured().into_iter().filter(|(_, _, scopes)| !scopes.is_empty()) {
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| !scopes.contains(scope)).collect();
        let key = api.key(&member, &others, &[]).await;
        let answer = api.send(method.clone(), &path, &key, None).await;
        assert_eq!((answer.status, answer.code()), (403, "scope_missing"), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_refuses_parameters_and_fields_that_nobody_described() {
    let api = Api::of_every_operation();
    let token = api.member("ada@example.org").await;
    let document = api::document();
    for (path, method, operation) in document.operations().filter(|(path, ..)| !path.contains('{')) {
        let method: Method = method.to_uppercase().parse().unwrap();
        let answer = api.send(method.clone(), &format!("{path}?surprise=1"), &token, None).await;
        assert_eq!(answer.code(), "invalid_parameters", "{method} {path}");
        assert!(
            answer.violations().contains(&"query /surprise unknown_parameter".to_owned()),
            "{method} {path}"
        );
        if operation["requestBody"]["content"]["application/json"].is_object() {
            let answer = api.send(method.clone(), path, &token, Some(json!({"surprise": 1}))).await;
            assert_eq!((answer.status, answer.code()), (422, "validation_failed"), "{method} {path}");
            assert!(
                answer.violations().contains(&"body /surprise unknown_field".to_owned()),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let api = Api::new();
    let member = api.member("ada@example.org").await;
    let key = api.key(&member, &[Scope::PostsRead], &[]).await;
    let answer = api.get("/v1/workspaces", &key).await;
    assert_eq!((answer.status, answer.code()), (403, "scope_missing"));
    assert!(answer.headers["www-authenticate"].contains(r#"scope="organization:read""#));
    assert_eq!(api.get("/v1/me", &key).await.body["kind"], "api_key");
}

#[tokio::test]
async fn an_api_key_is_not_a_person() {
    let api = Api::new();
    let member = api.member("ada@example.org").await;
    let key = api.key(&member, &Scope::ALL, &[]).await;
    assert_eq!(api.get("/v1/sessions", &key).await.code(), "session_required");
    assert_eq!(api.get("/v1/sessions", &member).await.status, 200);
}

#[tokio::test]
async fn tokens_are_not_read_from_the_query_string() {
    let api = Api::new();
    let member = api.member("ada@example.org").await;
    assert_eq!(api.get(&format!("/v1/me?access_token={member}"), "").await.code(), "authentication_required");
}

#[tokio::test]
async fn a_browser_is_answered_at_known_origins_only() {
    let api = Api::new();
    let member = api.member("ada@example.org").await;
    let key = api.key(&member, &[Scope::OrganizationRead], &["https://agency.example"]).await;
    let client = api.client();
    let preflight = async |origin: &str| {
        let request = client.request(Method::OPTIONS, "/v1/workspaces").header("origin", origin);
        Answered::read(request.header("access-control-request-method", "GET").send().await).await
    };
    for origin in ["https://app.example", "https://agency.example"] {
        let answer = preflight(origin).await;
        assert_eq!((answer.status, answer.headers["access-control-allow-origin"].as_str()), (204, origin));
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
    for origin in ["https://evil.example", "null", "*", "https://app.example.evil.example"] {
        let answer = preflight(origin).await;
        assert_eq!(answer.code(), "origin_not_allowed");
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}");
    }
    let call = async |origin: &str, token: &str| {
        let request = client.get("/v1/workspaces").header("authorization", format!("Bearer {token}"));
        Answered::read(request.header("origin", origin).send().await).await.status
    };
    assert_eq!(call("https://agency.example", &key).await, 200);
    assert_eq!(call("https://app.example", &key).await, 200, "the deployment's own pages take any key");
    assert_eq!(call("https://evil.example", &key).await, 403);
    let other = api.key(&member, &[Scope::OrganizationRead], &["https://other.example"]).await;
    assert_eq!(call("https://agency.example", &other).await, 403);
}

#[tokio::test]
async fn a_quota_is_announced_and_its_end_says_when_to_come_back() {
    let mut api = Api::new();
    api.settings.caller_quota = quota(2);
    let token = api.member("ada@example.org").await;
    let client = api.client();
    let call = async || {
        let request = client.get("/v1/me").header("authorization", format!("Bearer {token}"));
        Answered::read(request.send().await).await
    };
    assert_eq!(call().await.headers["ratelimit-policy"], r#""caller";q=2;w=60"#);
    assert!(call().await.headers["ratelimit"].starts_with(r#""caller";r=0;t="#));
    let answer = call().await;
    assert_eq!((answer.status, answer.code()), (429, "rate_limited"));
    assert!((1..=30).contains(&answer.headers["retry-after"].parse::<u64>().unwrap()));
}

#[tokio::test]
async fn whoever_guesses_tokens_uses_up_the_quota_of_the_address() {
    let mut api = Api::new();
    api.settings.address_quota = quota(2);
    let client = api.client();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(
            client.get("/v1/me").header("authorization", "Bearer guess").send().await.0.status().as_u16(),
        );
    }
    assert_eq!(statuses, [401, 401, 429]);
}

/// A deployment that signs with Ed25519, and the claims of somebody who signed in there.
async fn with_real_tokens() -> (Api, impl Fn(u8) -> EdDsaSigner, AccessClaims) {
    let signer = |seed: u8| {
        let seeds = vec![SecretSlice::from(vec![seed; 32])];
        EdDsaSigner::new(TokenSettings { issuer: "https://p.example".into(), audience: "api".into(), seeds })
            .unwrap()
    };
    let api = Api { signer: Some(std::sync::Arc::new(signer(1))), ..Api::new() };
    let fake = api.member("ada@example.org").await;
    let claims = FakeSigner.verify(&fake, World::new().now()).unwrap();
    (api, signer, claims)
}

fn with_header(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", BASE64URL.encode(header.to_string()))
}

#[tokio::test]
async fn tokens_that_others_made_or_changed_are_refused() {
    let (api, signer, claims) = with_real_tokens().await;
    let sign =
        |seed: u8, claims: &AccessClaims| signer(seed).sign(claims).unwrap().expose_secret().to_owned();
    let good = sign(1, &claims);
    assert_eq!(api.get("/v1/me", &good).await.status, 200);
    let header: Value =
        serde_json::from_slice(&BASE64URL.decode(good.split('.').next().unwrap()).unwrap()).unwrap();
    let with_algorithm = |algorithm: &str| {
        let mut header = header.clone();
        header["alg"] = algorithm.into();
        with_header(&good, &header)
    };
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let swapped = format!("{unsigned}.{}{}", &signature[1..], &signature[..1]);
    let payload =
        BASE64URL.encode(json!({"sub": claims.person.to_string(), "exp": 99_999_999_999_u64}).to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let expired = AccessClaims { expires_at: claims.issued_at, ..claims };
    let bad = [
        format!("{}.", with_algorithm("none").rsplit_once('.').unwrap().0),
        with_algorithm("none"),
        with_algorithm("HS256"),
        with_algorithm("ES256"),
        sign(2, &claims),
        sign(1, &expired),
        format!("{}.{payload}.{}", parts[0], parts[2]),
        swapped,
        unsigned.to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(10_000),
    ];
    for token in bad {
        let answer = api.get("/v1/me", &token).await;
        assert_eq!((answer.status, answer.code()), (401, "invalid_token"), "{token}");
    }
}

//! Within one organization: an API key that reaches one workspace finds nothing of another.

use postern::Roles;
use serde_json::{Value, json};

use super::{
    RESTLESS,
    belongings::Belongings,
    difference, document, is_unknown,
    probe::{Operation, Probe},
};
use crate::support::World;

/// What a key may do: everything that a key can be granted.
fn every_scope(document: &Value) -> Value {
    document["components"]["schemas"]["Scope"]["enum"].clone()
}

/// Keys belong to the organization and not to a workspace, and some operations ask for no token at all.
fn is_for_keys(operation: &Operation) -> bool {
    !operation.is_public() && !operation.path.starts_with("/v1/api_keys/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_one_workspace_finds_nothing_of_another() {
    let mut world = World::start().await;
    let all = Belongings::collect(&world, "One organization").await;
    world.run(Roles { api: true, workers: false }).await;
    let document = document();
    let other = all
        .person
        .post("/v1/workspaces", json!({ "name": "Other", "time_zone": "UTC" }))
        .await
        .is(201)
        .text("/id");
    let scopes = every_scope(&document);
    let grant = json!({ "name": "limited", "scopes": scopes, "workspaces": [other] });
    let (_, limited) = all.person.grant(grant).await;
    let before = world.database.dump(&RESTLESS).await;
    let mut tried = 0;
    for operation in Operation::all(&document).iter().filter(|one| is_for_keys(one)) {
        for probe in Probe::of(operation, &document, &all, &all) {
            let reply = probe.send(&limited).await;
            // Sessions are a person's own business and no key's.
            if reply.status != 403 || reply.body["code"] != "session_required" {
                assert!(is_unknown(&probe, &reply), "{probe:?}\n{} {:#}", reply.status, reply.body);
                tried += 1;
            }
        }
    }
    assert!(tried > 25, "only {tried} probes");
    assert_eq!(difference(&before, &world.database.dump(&RESTLESS).await), Vec::<&String>::new());
    for list in ["/v1/posts", "/v1/series", "/v1/channels", "/v1/connections", "/v1/publications"] {
        assert_eq!(limited.get(list).await.is(200).body["data"], json!([]), "{list}");
    }
    let workspaces = limited.get("/v1/workspaces").await.is(200);
    assert_eq!(workspaces.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(workspaces.text("/data/0/id"), other);
}

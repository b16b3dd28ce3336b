//! Two organizations, each with every kind of object. Every operation of the document is called with the other's ids, in the
//! path, in the query and in the body, one at a time. The list is the document itself: an operation that is added is covered,
//! and one that takes ids of a kind nobody here knows fails the test.

mod belongings;
mod example;
mod probe;
mod workspaces;

use std::collections::BTreeSet;

use postern::Roles;
use serde_json::Value;

use crate::support::{Reply, World};
use belongings::Belongings;
use probe::{Operation, Place, Probe};

/// What changes without anybody's data changing: counters of failed attempts, keys of requests that were refused, and the
/// minute in which an API key was last used.
const RESTLESS: [&str; 3] = ["throttles", "idempotency_keys", "api_keys"];

pub(crate) fn document() -> Value {
    api::document().json().clone()
}

/// Whether a refusal says the same as if the thing did not exist.
fn is_unknown(probe: &Probe, reply: &Reply) -> bool {
    match probe.place {
        Place::Path => reply.status == 404,
        // The list of what is not there is empty, or it is not there itself.
        Place::Query => {
            reply.status == 404 || (reply.status == 200 && reply.body["data"] == Value::Array(vec![]))
        }
        Place::Body => {
            let unknown = |(_, code): &(String, String)| code.contains("unknown");
            let refused = reply.status == 422
                && reply.violations().iter().all(unknown)
                && !reply.violations().is_empty();
            // `validate` answers with its violations.
            let judged =
                reply.status == 200 && reply.body["valid"] == false && reply.violations().iter().any(unknown);
            // Of many each is judged by itself.
            let items = reply.body["items"].as_array().cloned().unwrap_or_default();
            let unknown_item = |item: &Value| {
                let wrong = item["problem"]["violations"].as_array().cloned().unwrap_or_default();
                let unknown = |one: &Value| one["code"].as_str().unwrap_or_default().contains("unknown");
                item["status"] == 404 || (item["status"] == 422 && wrong.iter().all(unknown))
            };
            let each = reply.status == 207 && !items.is_empty() && items.iter().all(unknown_item);
            reply.status == 404
                || refused
                || judged
                || each
                || (reply.status == 401 && probe.operation.is_public())
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_organizations_ids_lead_nowhere_and_change_nothing() {
    let mut world = World::start().await;
    let ours = Belongings::collect(&world, "Ours").await;
    let theirs = Belongings::collect(&world, "Theirs").await;
    // Nobody works any more: what changes from here on, a request has changed.
    world.run(Roles { api: true, workers: false }).await;
    let document = document();
    let operations = Operation::all(&document);
    let before = world.database.dump(&RESTLESS).await;
    let mut tried = 0;
    for operation in &operations {
        for probe in Probe::of(operation, &document, &ours, &theirs) {
            let reply = probe.send(&ours.person).await;
            assert!(is_unknown(&probe, &reply), "{probe:?}\n{} {:#}", reply.status, reply.body);
            assert!(!theirs.is_mentioned_in(&reply.body, &probe), "{probe:?}\n{:#}", reply.body);
            tried += 1;
        }
    }
    assert!(tried > 40, "only {tried} probes");
    let after = world.database.dump(&RESTLESS).await;
    assert_eq!(difference(&before, &after), Vec::<&String>::new());
    // The same requests by whoever owns the things are not refused as unknown, so the refusals above were about the owner.
    for operation in Operation::destructive_last(&operations) {
        for probe in
            Probe::of(operation, &document, &theirs, &theirs).into_iter().filter(|p| p.place == Place::Path)
        {
            let reply = probe.send(&theirs.person).await;
            assert!(![401, 403, 404].contains(&reply.status), "{probe:?}\n{} {:#}", reply.status, reply.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_hold_nothing_of_another_organization() {
    let world = World::start().await;
    let ours = Belongings::collect(&world, "Ours").await;
    let theirs = Belongings::collect(&world, "Theirs").await;
    let document = document();
    let mut seen = BTreeSet::new();
    for operation in Operation::all(&document).iter().filter(|one| one.is_list()) {
        let path = operation.path_with_workspace(&document, &ours);
        let reply = ours.person.get(&path).await;
        assert_eq!(reply.status, 200, "{path} {:#}", reply.body);
        let text = reply.body.to_string();
        assert!(theirs.ids().iter().all(|id| !text.contains(*id)), "{path} {text}");
        seen.extend(ours.ids().into_iter().filter(|id| text.contains(*id)).cloned());
    }
    assert_eq!(seen.len(), ours.ids().len(), "not every kind of thing is in a list: {seen:?}");
}

fn difference<'a>(before: &'a [String], after: &'a [String]) -> Vec<&'a String> {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    old.symmetric_difference(&new).copied().collect()
}

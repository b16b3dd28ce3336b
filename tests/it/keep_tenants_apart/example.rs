//! Bodies made from schemas: acceptable in everything but the one id that is somebody else's.

use serde_json::{Map, Value, json};

use super::belongings::Belongings;
use crate::support::person::PASSWORD;

/// A place in a body where an id stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// As a JSON pointer; the first element of a list stands for all.
    pub(super) pointer: String,
    pub(super) pattern: String,
    /// What is put there.
    pub(super) id: String,
}

/// Bodies that a schema alone does not tell: members that exclude each other, or words that must mean something.
fn told(operation: &str) -> Option<Value> {
    Some(match operation {
        "schedulePost" | "reschedulePublication" => json!({ "at": "2027-06-01T12:00:00Z" }),
        "resolvePublication" => json!({ "outcome": "publish_again" }),
        "chooseChannels" => {
            json!({ "candidates": [{ "platform": "facebook", "remote_id": "104000000000001" }] })
        }
        _ => return None,
    })
}

/// The same with an id at its place: where only the rest of the body lets the request get as far as the id.
fn told_with(operation: &str, slot: &Slot) -> Option<Value> {
    let at = "2027-06-01T12:00:00Z";
    (operation == "schedulePost")
        .then(|| json!({ "at": at, "targets": [{ "channel_id": slot.id, "at": at }] }))
}

/// Members that must be somebody's own for the request to get as far as the id.
fn known(name: &str, ours: &Belongings) -> Option<Value> {
    Some(match name {
        "mail" => ours.person.mail.clone().into(),
        "password" => PASSWORD.into(),
        "url" => "https://example.org/picture.jpg".into(),
        "scopes" => json!(["posts:read"]),
        "time_zone" => "Europe/Lisbon".into(),
        _ => return None,
    })
}

/// Follows a reference, and takes the part that is not null of what may be null.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolve(document, document.pointer(&reference[1..]).unwrap());
    }
    let options = schema["oneOf"].as_array().into_iter().flatten();
    match options.clone().find(|option| option["type"] != "null") {
        Some(option) => resolve(document, option),
        None => schema,
    }
}

/// The pattern of a schema of ids.
pub(super) fn id_pattern(schema: &Value) -> Option<&str> {
    schema["pattern"].as_str().filter(|pattern| pattern.ends_with("_[0-7][0-9a-hjkmnp-tv-z]{25}$"))
}

/// Every place of a schema where an id stands.
pub(super) fn slots(document: &Value, schema: &Value) -> Vec<Slot> {
    let schema = resolve(document, schema);
    if let Some(pattern) = id_pattern(schema) {
        return vec![Slot { pointer: String::new(), pattern: pattern.to_owned(), id: String::new() }];
    }
    let below = |name: &str, schema: &Value| {
        let prefix = |slot: Slot| Slot { pointer: format!("/{name}{}", slot.pointer), ..slot };
        slots(document, schema).into_iter().map(prefix).collect::<Vec<_>>()
    };
    let members = schema["properties"].as_object().into_iter().flatten();
    let mut all: Vec<_> = members.flat_map(|(name, member)| below(name, member)).collect();
    if let Some(items) = schema.get("items") {
        all.extend(below("0", items));
    }
    all
}

/// A body with only what is required, our own ids, and the slot's id in its place.
pub(super) fn of(
    operation: &Value,
    document: &Value,
    schema: &Value,
    ours: &Belongings,
    slot: Option<Slot>,
) -> Value {
    if let (None, Some(body)) = (&slot, operation["operationId"].as_str().and_then(told)) {
        return body;
    }
    let named = operation["operationId"].as_str().unwrap_or_default();
    if let Some(body) = slot.as_ref().and_then(|slot| told_with(named, slot)) {
        return body;
    }
    let wanted = slot.as_ref().map(|slot| slot.pointer.as_str());
    let mut body = make(document, schema, ours, wanted);
    if let Some(slot) = slot {
        *body.pointer_mut(&slot.pointer).unwrap() = slot.id.into();
    }
    body
}

/// `wanted` is the pointer from here to a place that must exist.
fn make(document: &Value, schema: &Value, ours: &Belongings, wanted: Option<&str>) -> Value {
    let schema = resolve(document, schema);
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    if let Some(pattern) = id_pattern(schema) {
        return ours.matching(pattern).into();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "object" => object(document, schema, ours, wanted),
        "array" => array(document, schema, ours, wanted),
        "boolean" => true.into(),
        "integer" | "number" => schema["minimum"].as_f64().map_or(json!(1), |least| json!(least.max(1.0))),
        _ => text(schema),
    }
}

fn object(document: &Value, schema: &Value, ours: &Belongings, wanted: Option<&str>) -> Value {
    let (head, rest) = step(wanted);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut body = Map::new();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let is_wanted = head == Some(name.as_str());
        if is_wanted || required.contains(&name.as_str().into()) {
            let made = make(document, member, ours, rest.filter(|_| is_wanted));
            body.insert(name.clone(), known(name, ours).filter(|_| !is_wanted).unwrap_or(made));
        }
    }
    body.into()
}

fn array(document: &Value, schema: &Value, ours: &Belongings, wanted: Option<&str>) -> Value {
    let (head, rest) = step(wanted);
    let least = schema["minItems"].as_u64().unwrap_or(0);
    if head.is_some() || least > 0 {
        json!([make(document, &schema["items"], ours, rest)])
    } else {
        json!([])
    }
}

/// The first step of a pointer and what follows.
fn step(pointer: Option<&str>) -> (Option<&str>, Option<&str>) {
    let Some(steps) = pointer.and_then(|pointer| pointer.strip_prefix('/')) else { return (None, None) };
    let end = steps.find('/').unwrap_or(steps.len());
    (Some(&steps[..end]), Some(&steps[end..]))
}

fn text(schema: &Value) -> Value {
    let shown = schema["examples"][0].as_str().map(str::to_owned);
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(1)).unwrap();
    shown.unwrap_or_else(|| "x".repeat(least.max(1))).into()
}

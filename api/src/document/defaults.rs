//! What an absent member means is said in words.
//!
//! Generators of clients take a member with a `default` for one that is always there, which is true of answers and not of requests:
//! openapi-typescript makes callers write down each of them.

use serde_json::{Map, Value, json};

/// Moves the defaults of an object's members into their descriptions; of what is empty nothing need be said.
pub(super) fn describe(members: &mut Map<String, Value>) {
    for member in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(schema) = member.1.as_object_mut() else { continue };
        let Some(default) = schema.remove("default") else { continue };
        let is_empty = match &default {
            Value::String(text) => text.is_empty(),
            other => !other.is_number() && !other.is_boolean(),
        };
        if !is_empty {
            let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            let words = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            let description = format!("{description} Without it: `{words}`.");
            schema.insert("description".into(), json!(description.trim_start()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_becomes_a_sentence_and_what_is_empty_none() {
        let mut schema = json!({"type": "object", "properties": {
            "place": {"type": "string", "description": "Where.", "default": "last"},
            "spacing": {"type": "integer", "default": 0},
            "targets": {"type": "array", "description": "Which.", "default": []},
            "default": {"type": "boolean"},
        }});
        describe(schema.as_object_mut().unwrap());
        assert_eq!(
            schema["properties"],
            json!({
                "place": {"type": "string", "description": "Where. Without it: `last`."},
                "spacing": {"type": "integer", "description": "Without it: `0`."},
                "targets": {"type": "array", "description": "Which."},
                "default": {"type": "boolean"},
            })
        );
    }
}

//! From `nullable` and its relatives of version 3.0 to JSON Schema 2020-12.

use serde_json::{Map, Value, json};

use super::lift::walk;

/// Rewrites every schema of the document.
pub(super) fn lift(document: &mut Value) {
    walk(document, &mut |members| {
        unwrap_single_reference(members);
        allow_null(members);
        exclusive_bounds(members);
        unsigned(members);
        example(members);
        default_flag(members, "explode", true);
        default_flag(members, "deprecated", false);
    });
}

/// Removes a flag that says what its absence says.
fn default_flag(members: &mut Map<String, Value>, name: &str, default: bool) {
    if members.get(name) == Some(&Value::Bool(default)) {
        members.remove(name);
    }
}

/// A described reference is written as `allOf: [$ref, {description}]`; 3.1 allows `$ref` to stand beside `description`.
fn unwrap_single_reference(members: &mut Map<String, Value>) {
    let Some([reference, patch]) = members.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    let annotations =
        ["description", "default", "nullable", "deprecated", "readOnly", "writeOnly", "title", "examples"];
    let only_annotates = patch.as_object().is_some_and(|patch| {
        patch.keys().all(|key| annotations.contains(&key.as_str()) || key == "type" || key == "oneOf")
    });
    let (Some(target), true) = (reference.get("$ref").cloned(), only_annotates) else { return };
    members.remove("allOf");
    members.insert("$ref".into(), target);
}

fn allow_null(members: &mut Map<String, Value>) {
    if members.get("nullable") != Some(&Value::Bool(true)) {
        return;
    }
    members.remove("nullable");
    if let Some(target) = members.remove("$ref") {
        members.insert("oneOf".into(), json!([{"$ref": target}, {"type": "null"}]));
    } else if let Some(kind) = members.get("type").and_then(Value::as_str).map(str::to_owned) {
        members.insert("type".into(), json!([kind, "null"]));
    }
    if let Some(allowed) = members.get_mut("enum").and_then(Value::as_array_mut) {
        allowed.push(Value::Null);
    }
}

/// 3.0: a flag beside the bound. 3.1: the bound itself.
fn exclusive_bounds(members: &mut Map<String, Value>) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match members.get(flag) {
            Some(Value::Bool(true)) => {
                let value = members.remove(bound).unwrap_or_default();
                members.insert(flag.into(), value);
            }
            Some(Value::Bool(false)) => drop(members.remove(flag)),
            _ => {}
        }
    }
}

/// The framework invents `uint32` and the like; a minimum says the same in words that every reader knows.
fn unsigned(members: &mut Map<String, Value>) {
    let Some(width) =
        members.get("format").and_then(Value::as_str).and_then(|format| format.strip_prefix("uint"))
    else {
        return;
    };
    let most = match width {
        "8" => Some(u64::from(u8::MAX)),
        "16" => Some(u64::from(u16::MAX)),
        "32" => Some(u64::from(u32::MAX)),
        _ => None,
    };
    members.insert("format".into(), json!("int64"));
    members.entry("minimum").or_insert(json!(0));
    if let Some(most) = most {
        members.entry("maximum").or_insert(json!(most));
    }
    for bound in ["minimum", "maximum"] {
        if let Some(whole) = members.get(bound).and_then(Value::as_f64).filter(|number| number.fract() == 0.0)
        {
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and bounds fit")]
            members.insert(bound.into(), json!(whole as i64));
        }
    }
}

fn example(members: &mut Map<String, Value>) {
    let is_schema =
        members.contains_key("type") || members.contains_key("$ref") || members.contains_key("oneOf");
    if is_schema && let Some(example) = members.remove("example").filter(|example| !example.is_null()) {
        members.insert("examples".into(), json!([example]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifted(mut schema: Value) -> Value {
        lift(&mut schema);
        schema
    }

    #[test]
    fn nullable_becomes_a_type_or_an_alternative() {
        assert_eq!(lifted(json!({"type": "string", "nullable": true})), json!({"type": ["string", "null"]}));
        let described = json!({"description": "d", "nullable": true,
            "allOf": [{"$ref": "#/x"}, {"description": "d", "nullable": true}]});
        assert_eq!(
            lifted(described),
            json!({"description": "d", "oneOf": [{"$ref": "#/x"}, {"type": "null"}]})
        );
    }

    #[test]
    fn bounds_and_examples_take_their_new_form() {
        let old = json!({"type": "integer", "minimum": 1, "exclusiveMinimum": true, "example": 3});
        assert_eq!(lifted(old), json!({"type": "integer", "exclusiveMinimum": 1, "examples": [3]}));
        let unsigned = lifted(json!({"type": "integer", "format": "uint16", "minimum": 1.0}));
        assert_eq!(unsigned, json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": 65535}));
    }
}

//! Writes a JSON value as YAML in a stable, readable order. JSON strings are YAML strings, so quoting needs no rules of its own.

use serde_json::Value;

/// These come first, in this order; everything else follows by name.
const FIRST: [&str; 24] = [
    "openapi",
    "jsonSchemaDialect",
    "info",
    "servers",
    "tags",
    "paths",
    "components",
    "name",
    "in",
    "type",
    "title",
    "summary",
    "description",
    "operationId",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "parameters",
    "requestBody",
    "responses",
    "required",
    "properties",
];

/// The whole document.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

fn write(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by_key(|name| {
                (FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()), *name)
            });
            for name in names {
                pad(indent, out);
                out.push_str(&scalar(name));
                out.push(':');
                below(&members[name], indent + 2, out);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                pad(indent, out);
                out.push('-');
                below(element, indent + 2, out);
            }
        }
        other => {
            pad(indent, out);
            out.push_str(&other.to_string());
            out.push('\n');
        }
    }
}

/// What follows a key or a dash: on the same line when it is a scalar, below otherwise.
fn below(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => nested(value, indent, out),
        Value::Array(elements) if !elements.is_empty() => nested(value, indent, out),
        Value::String(text) => line(&scalar(text), out),
        other => line(&other.to_string(), out),
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    out.push('\n');
    write(value, indent, out);
}

fn line(text: &str, out: &mut String) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A plain word where nobody can misread it, a JSON string otherwise.
fn scalar(text: &str) -> String {
    let mut characters = text.chars();
    let plain = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '/')
        && characters.all(|c| c.is_ascii_alphanumeric() || "_-/{}.".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_is_stable_and_doubtful_words_are_quoted() {
        let value = json!({"paths": {}, "info": {"version": "1.0", "title": "a: b"}, "openapi": "3.1.0",
            "list": [{"b": true, "name": "no"}, 1, []]});
        assert_eq!(
            to_yaml(&value),
            "openapi: \"3.1.0\"\ninfo:\n  title: \"a: b\"\n  version: \"1.0\"\npaths: {}\nlist:\n  -\n    name: \"no\"\n    b: true\n  - 1\n  - []\n"
        );
    }
}

//! Checks a value against a schema of the published document, and names everything that is wrong with it at once.
//!
//! It knows the part of JSON Schema 2020-12 that [`crate::document::lift`] writes, and no more.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{LazyLock, RwLock},
};

use regex::Regex;
use serde_json::{Map, Value};
use tenancy::account::MailAddress;

use crate::problem::{Pointer, Violation};

/// After this many violations the rest is not looked for.
const ENOUGH: usize = 100;

/// The schemas by name: `components.schemas` of the document.
pub type Schemas = Map<String, Value>;

/// Everything that is wrong with `value`.
pub fn check(schemas: &Schemas, schema: &Value, value: &Value) -> Vec<Violation> {
    let mut checker = Checker { schemas, found: Vec::new() };
    checker.value(schema, value, &Pointer::default());
    checker.found
}

/// Everything that is wrong with a parameter, which arrives as text: `"20"` is the number 20 where a number is asked for.
pub fn check_text(schemas: &Schemas, schema: &Value, text: &str) -> Vec<Violation> {
    let string = Value::String(text.to_owned());
    let value = match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or(string),
        _ => string,
    };
    check(schemas, schema, &value)
}

struct Checker<'a> {
    schemas: &'a Schemas,
    found: Vec<Violation>,
}

impl Checker<'_> {
    fn report(&mut self, at: &Pointer, code: &'static str, detail: impl Into<String>) {
        if self.found.len() < ENOUGH {
            self.found.push(Violation::body(at.clone(), code, detail));
        }
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &Pointer) {
        if let Some(target) = schema["$ref"].as_str() {
            let name = target.rsplit('/').next().unwrap_or_default();
            if let Some(named) = self.schemas.get(name) {
                self.value(named, value, at);
            }
        }
        for part in list(&schema["allOf"]) {
            self.value(part, value, at);
        }
        self.alternatives(schema, value, at);
        if !self.kind(&schema["type"], value, at) {
            return;
        }
        let allowed = list(&schema["enum"]);
        if !allowed.is_empty() && !allowed.contains(value) {
            self.report(at, "not_allowed", format!("This must be one of {}.", words(allowed)));
        }
        match value {
            Value::String(text) => self.text(schema, text, at),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(f64::MAX), at),
            Value::Array(elements) => self.array(schema, elements, at),
            Value::Object(members) => self.object(schema, members, at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Whether the value has one of the types; reports when not.
    fn kind(&mut self, types: &Value, value: &Value, at: &Pointer) -> bool {
        let names: Vec<&str> = match types {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = names.iter().any(|name| match *name {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            _ => value.is_object(),
        });
        if !fits {
            self.report(at, "wrong_type", format!("This must be of type {}.", names.join(" or ")));
        }
        fits
    }

    fn alternatives(&mut self, schema: &Value, value: &Value, at: &Pointer) {
        let branches: Vec<&Value> = list(&schema["oneOf"]).iter().chain(list(&schema["anyOf"])).collect();
        if branches.is_empty() {
            return;
        }
        if let Some(branch) = schema["discriminator"]["propertyName"].as_str() {
            return self.discriminated(&schema["discriminator"]["mapping"], branch, value, at);
        }
        let attempts: Vec<_> = branches.iter().map(|branch| check(self.schemas, branch, value)).collect();
        if attempts.iter().any(Vec::is_empty) {
            return;
        }
        // `null` is the other branch of a value that may be absent; what is wrong is wrong with the first.
        match branches.iter().zip(attempts).find(|(branch, _)| branch["type"] != "null") {
            Some((_, violations)) if branches.len() <= 2 => self.adopt(violations, at),
            _ => self.report(at, "no_variant", "This is none of the variants that are allowed here."),
        }
    }

    fn discriminated(&mut self, mapping: &Value, property: &str, value: &Value, at: &Pointer) {
        let name = value.get(property).and_then(Value::as_str);
        if let Some(target) = name.and_then(|name| mapping[name].as_str()) {
            let schema = Value::Object(Map::from_iter([("$ref".to_owned(), target.into())]));
            return self.value(&schema, value, at);
        }
        let names = mapping.as_object().into_iter().flat_map(Map::keys);
        let known: Vec<Value> = names.cloned().map(Value::String).collect();
        self.report(&at.member(property), "not_allowed", format!("This must be one of {}.", words(&known)));
    }

    fn adopt(&mut self, violations: Vec<Violation>, at: &Pointer) {
        for violation in violations {
            let inner = violation.pointer.to_string();
            let pointer = inner
                .split('/')
                .skip(1)
                .fold(at.clone(), |at, step| at.member(&step.replace("~1", "/").replace("~0", "~")));
            self.report(&pointer, violation.code, violation.detail);
        }
    }

    fn text(&mut self, schema: &Value, text: &str, at: &Pointer) {
        let length = text.chars().count() as u64;
        if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
            self.report(at, "too_short", format!("This must have at least {least} characters."));
        }
        if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
            self.report(at, "too_long", format!("This must have at most {most} characters."));
        }
        if let Some(pattern) = schema["pattern"].as_str().filter(|pattern| !matches(pattern, text)) {
            self.report(at, "wrong_pattern", format!("This must match {pattern}."));
        }
        let (fits, what) = match schema["format"].as_str() {
            Some("date-time") => {
                (chrono::DateTime::parse_from_rfc3339(text).is_ok(), "an instant as in RFC 3339")
            }
            Some("date") => (text.parse::<chrono::NaiveDate>().is_ok(), "a date of the calendar"),
            Some("uuid") => (uuid::Uuid::parse_str(text).is_ok(), "a UUID"),
            Some("iana-time-zone") => {
                (text.parse::<zone::Tz>().is_ok(), "the name of a zone of the IANA database")
            }
            Some("email") => (MailAddress::parse(text).is_ok(), "a mail address"),
            Some("uri" | "url") => (url::Url::parse(text).is_ok(), "an absolute URL"),
            _ => return,
        };
        if !fits {
            self.report(at, "wrong_format", format!("This must be {what}."));
        }
    }

    fn number(&mut self, schema: &Value, number: f64, at: &Pointer) {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            self.report(at, "too_small", format!("This must be at least {least}."));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            self.report(at, "too_large", format!("This must be at most {most}."));
        }
        if let Some(bound) = schema["exclusiveMinimum"].as_f64().filter(|bound| number <= *bound) {
            self.report(at, "too_small", format!("This must be more than {bound}."));
        }
        if let Some(bound) = schema["exclusiveMaximum"].as_f64().filter(|bound| number >= *bound) {
            self.report(at, "too_large", format!("This must be less than {bound}."));
        }
    }

    fn array(&mut self, schema: &Value, elements: &[Value], at: &Pointer) {
        let length = elements.len() as u64;
        if let Some(least) = schema["minItems"].as_u64().filter(|least| length < *least) {
            self.report(at, "too_few", format!("There must be at least {least}."));
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| length > *most) {
            return self.report(at, "too_many", format!("There must be at most {most}."));
        }
        let distinct = || elements.iter().map(Value::to_string).collect::<BTreeSet<_>>().len();
        if schema["uniqueItems"] == true && distinct() < elements.len() {
            self.report(at, "repeated", "Nothing may be listed twice.");
        }
        for (index, element) in elements.iter().enumerate() {
            self.value(&schema["items"], element, &at.element(index));
        }
    }

    fn object(&mut self, schema: &Value, members: &Map<String, Value>, at: &Pointer) {
        for name in list(&schema["required"]).iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.report(&at.member(name), "required", "This is required.");
            }
        }
        let described = |name: &str| schema["properties"].get(name);
        for (name, value) in members {
            match described(name) {
                Some(property) => self.value(property, value, &at.member(name)),
                None if schema["additionalProperties"].is_object() => {
                    self.value(&schema["additionalProperties"], value, &at.member(name));
                }
                None if self.is_unknown(schema, name) => {
                    self.report(&at.member(name), "unknown_field", "There is no such field.");
                }
                None => {}
            }
        }
    }

    fn is_unknown(&self, schema: &Value, name: &str) -> bool {
        schema["additionalProperties"] == false
            || (schema["unevaluatedProperties"] == false && !self.mentions(schema, name))
    }

    /// Whether the schema or what it is composed of describes the property.
    fn mentions(&self, schema: &Value, name: &str) -> bool {
        let target = schema["$ref"].as_str().and_then(|target| self.schemas.get(target.rsplit('/').next()?));
        schema["properties"].get(name).is_some()
            || target.is_some_and(|target| self.mentions(target, name))
            || list(&schema["allOf"]).iter().any(|part| self.mentions(part, name))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// Patterns are compiled once. A pattern that does not compile matches nothing; a test compiles those of the document.
fn matches(pattern: &str, text: &str) -> bool {
    static COMPILED: LazyLock<RwLock<HashMap<String, Option<Regex>>>> = LazyLock::new(RwLock::default);
    if let Some(known) = COMPILED.read().ok().as_deref().and_then(|map| map.get(pattern)) {
        return known.as_ref().is_some_and(|regex| regex.is_match(text));
    }
    let regex = Regex::new(pattern).ok();
    let fits = regex.as_ref().is_some_and(|regex| regex.is_match(text));
    if let Ok(mut map) = COMPILED.write() {
        map.insert(pattern.to_owned(), regex);
    }
    fits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: &Value, value: &Value) -> Vec<(String, &'static str)> {
        let schemas = json!({
            "Name": {"type": "string", "minLength": 2},
            "Cat": {"allOf": [{"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["cat"]}}},
                              {"type": "object", "properties": {"lives": {"type": "integer", "maximum": 9}}}],
                    "unevaluatedProperties": false}
        });
        let found = check(schemas.as_object().unwrap(), schema, value);
        found.into_iter().map(|violation| (violation.pointer.to_string(), violation.code)).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let schema = json!({"type": "object", "required": ["a", "b"], "additionalProperties": false, "properties": {
            "a": {"type": "string", "format": "date-time"}, "b": {"type": "integer"},
            "c": {"type": "array", "maxItems": 2, "items": {"$ref": "#/components/schemas/Name"}}}});
        assert_eq!(
            found(&schema, &json!({"a": "yesterday", "c": ["x", 1], "d": 1})),
            [
                ("/b".to_owned(), "required"),
                ("/a".to_owned(), "wrong_format"),
                ("/c/0".to_owned(), "too_short"),
                ("/c/1".to_owned(), "wrong_type"),
                ("/d".to_owned(), "unknown_field"),
            ]
        );
    }

    #[test]
    fn null_is_only_accepted_where_the_document_says_so() {
        assert_eq!(found(&json!({"type": "string"}), &json!(null)), [(String::new(), "wrong_type")]);
        assert_eq!(found(&json!({"type": ["string", "null"]}), &json!(null)), []);
        let nullable = json!({"oneOf": [{"$ref": "#/components/schemas/Name"}, {"type": "null"}]});
        assert_eq!(found(&nullable, &json!(null)), []);
        assert_eq!(found(&nullable, &json!("x")), [(String::new(), "too_short")]);
    }

    #[test]
    fn the_discriminator_chooses_the_variant() {
        let schema = json!({"oneOf": [{"$ref": "#/components/schemas/Cat"}],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "#/components/schemas/Cat"}}});
        assert_eq!(found(&schema, &json!({"kind": "cat", "lives": 9})), []);
        assert_eq!(
            found(&schema, &json!({"kind": "cat", "lives": 10})),
            [("/lives".to_owned(), "too_large")]
        );
        assert_eq!(found(&schema, &json!({"kind": "dog"})), [("/kind".to_owned(), "not_allowed")]);
    }

    #[test]
    fn a_number_as_text_is_a_number_where_a_number_is_asked_for() {
        let schema = json!({"type": "integer", "minimum": 1, "maximum": 100});
        assert!(check_text(&Schemas::new(), &schema, "20").is_empty());
        for text in ["0", "101", "1e2", "twenty", "", "1.5", "99999999999999999999999"] {
            assert!(!check_text(&Schemas::new(), &schema, text).is_empty(), "{text}");
        }
    }
}

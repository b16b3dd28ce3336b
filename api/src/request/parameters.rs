//! Parameters are what the document says, or the request is refused with one violation each.

use std::collections::BTreeMap;

use poem::Request;
use serde_json::Value;

use super::idempotency::HEADER;
use crate::{
    problem::{Code, Part, Pointer, Problem, Violation},
    strict::{Schemas, check_text},
};

/// Other headers that nobody described are ignored, as HTTP wants it. This one would promise what is not kept.
const NO_KEY: &str = "This operation takes no idempotency key: a repeated request acts again, on what there is then. Read \
                      the state first.";

/// The parameters of one operation.
pub(super) struct Parameters {
    query: BTreeMap<String, Parameter>,
    headers: BTreeMap<String, Parameter>,
    /// In the order of the path; the router calls them `param0`, `param1` and so on.
    path: Vec<Value>,
}

struct Parameter {
    schema: Value,
    required: bool,
    repeats: bool,
}

impl Parameters {
    /// Reads them from the document.
    pub(super) fn of(operation: &Value) -> Self {
        let all = || operation["parameters"].as_array().into_iter().flatten();
        let named = |place: &'static str| {
            let of_place = all().filter(move |parameter| parameter["in"] == place);
            of_place.map(|parameter| {
                (parameter["name"].as_str().unwrap_or_default().to_owned(), Parameter::of(parameter))
            })
        };
        let path =
            all().filter(|parameter| parameter["in"] == "path").map(|parameter| parameter["schema"].clone());
        Self { query: named("query").collect(), headers: named("header").collect(), path: path.collect() }
    }

    /// Whether there is a header parameter of that name.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Refuses what the document does not describe. A path parameter that cannot name anything names nothing: 404.
    pub(super) fn check(&self, schemas: &Schemas, request: &Request) -> Result<(), Problem> {
        for (index, schema) in self.path.iter().enumerate() {
            let value = request.raw_path_param(&format!("param{index}")).unwrap_or_default();
            if value.contains("%00") || !check_text(schemas, schema, value).is_empty() {
                return Err(Problem::not_found());
            }
        }
        let mut violations = self.check_query(schemas, request.uri().query().unwrap_or_default());
        violations.extend(self.check_headers(schemas, request));
        if violations.is_empty() {
            return Ok(());
        }
        let problem = Problem::invalid(violations);
        Err(Problem { code: Code::InvalidParameters, ..problem })
    }

    fn check_query(&self, schemas: &Schemas, query: &str) -> Vec<Violation> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let mut report = |code, detail: &str| found.push(violation(Part::Query, &name, code, detail));
            let times = seen.entry(name.clone().into_owned()).or_default();
            *times += 1;
            match self.query.get(name.as_ref()) {
                None => report("unknown_parameter", "There is no such parameter."),
                Some(known) if *times > 1 && !known.repeats => report("repeated", "This may be given once."),
                Some(_) if value.contains('\0') => report("nul_character", "U+0000 is not allowed in text."),
                Some(known) => found.extend(known.check(schemas, Part::Query, &name, &value)),
            }
        }
        let missing = self.query.iter().filter(|(name, known)| known.required && !seen.contains_key(*name));
        found.extend(missing.map(|(name, _)| violation(Part::Query, name, "required", "This is required.")));
        found
    }

    /// A required header that is missing is left to the argument that reads it: `If-Match` has an answer of its own.
    fn check_headers(&self, schemas: &Schemas, request: &Request) -> Vec<Violation> {
        let mut found = Vec::new();
        if !self.has_header(HEADER) && request.headers().contains_key(HEADER) {
            found.push(violation(Part::Header, HEADER, "unknown_parameter", NO_KEY));
        }
        for (name, known) in &self.headers {
            for value in request.headers().get_all(name) {
                match value.to_str() {
                    Ok(text) => found.extend(known.check(schemas, Part::Header, name, text)),
                    Err(_) => {
                        found.push(violation(Part::Header, name, "not_ascii", "This must be visible ASCII."));
                    }
                }
            }
            if request.headers().get_all(name).iter().count() > 1 {
                found.push(violation(Part::Header, name, "repeated", "This may be given once."));
            }
        }
        found
    }
}

impl Parameter {
    fn of(parameter: &Value) -> Self {
        let schema = parameter["schema"].clone();
        let repeats = schema["type"] == "array";
        let element = if repeats { schema["items"].clone() } else { schema };
        Self { schema: element, required: parameter["required"] == true, repeats }
    }

    fn check(&self, schemas: &Schemas, part: Part, name: &str, text: &str) -> Vec<Violation> {
        let found = check_text(schemas, &self.schema, text).into_iter();
        found.map(|wrong| Violation { part, pointer: Pointer::to(name), ..wrong }).collect()
    }
}

fn violation(part: Part, name: &str, code: &'static str, detail: &str) -> Violation {
    Violation { part, pointer: Pointer::to(name), code, detail: detail.to_owned() }
}

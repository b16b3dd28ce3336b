//! Requests made from the document: one for each place where an operation takes an id.

use std::fmt;

use serde_json::Value;

use super::{
    belongings::Belongings,
    example::{self, Slot},
};
use crate::support::{Caller, Reply};

/// An operation of the document.
#[derive(Clone)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    value: Value,
}

/// Where the foreign id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Body,
}

/// A request with one foreign id in it.
pub(super) struct Probe {
    pub(super) operation: Operation,
    pub(super) place: Place,
    foreign: String,
    path: String,
    body: Option<(String, Value)>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?} {:?}", self.operation.method, self.path, self.place, self.body)
    }
}

impl Operation {
    /// Every operation.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let methods = ["get", "post", "put", "patch", "delete"];
        let of_path = |(path, item): (&String, &Value)| -> Vec<Self> {
            let known = item.as_object().unwrap().iter().filter(|(name, _)| methods.contains(&name.as_str()));
            let made = |(method, value): (&String, &Value)| Self {
                method: method.to_uppercase(),
                path: path.clone(),
                value: value.clone(),
            };
            known.map(made).collect()
        };
        document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
    }

    /// The same with what ends things behind what uses them, so that they are still there.
    pub(super) fn destructive_last(operations: &[Self]) -> Vec<&Self> {
        let mut all: Vec<_> = operations.iter().collect();
        let rank = |one: &&Self| match (
            one.method.as_str(),
            one.path.contains("connections") || one.path.contains("workspaces"),
        ) {
            ("DELETE", true) => 2,
            ("DELETE", false) => 1,
            _ => 0,
        };
        all.sort_by_key(rank);
        all
    }

    /// Whether it needs no token.
    pub(super) fn is_public(&self) -> bool {
        self.value.get("security").and_then(Value::as_array).is_none_or(Vec::is_empty)
    }

    /// Whether it reads a list, of everything or of a workspace.
    pub(super) fn is_list(&self) -> bool {
        let path = self.path.replace("{workspace_id}", "");
        self.method == "GET" && !path.contains('{') && path.starts_with("/v1/") && !self.is_public()
    }

    /// The path of a list; with the workspace where it insists on one.
    pub(super) fn path_with_workspace(&self, document: &Value, ours: &Belongings) -> String {
        let path = self.path.replace("{workspace_id}", &ours.person.workspace);
        format!("{path}?{}", self.required_query(document, ours, None).join("&"))
    }

    /// What the query must have beside a parameter: our own ids, and values as the document shows them.
    fn required_query(&self, document: &Value, ours: &Belongings, beside: Option<&str>) -> Vec<String> {
        let required = self.parameters("query").into_iter().filter(|p| p["required"] == true);
        let pair = |p: &Value| {
            let shown = p["schema"]["examples"][0].as_str().map(str::to_owned);
            let value = pattern(document, p).map(|pattern| ours.matching(pattern).to_owned()).or(shown);
            format!("{}={}", name(p), value.unwrap_or_default())
        };
        required.filter(|p| Some(name(p)) != beside).map(pair).collect()
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.value["parameters"].as_array();
        all.into_iter().flatten().filter(|parameter| parameter["in"] == place).collect()
    }

    /// The path; its parameters that are no ids are what the document shows as an example.
    fn with_examples(&self, document: &Value) -> String {
        let plain = self.parameters("path").into_iter().filter(|one| pattern(document, one).is_none());
        plain.fold(self.path.clone(), |path, parameter| {
            let schema = example::resolve(document, &parameter["schema"]);
            let shown = schema["examples"][0].as_str();
            let shown = shown.unwrap_or_else(|| panic!("{}: {} has no example", self.path, name(parameter)));
            path.replace(&format!("{{{}}}", name(parameter)), shown)
        })
    }

    /// The media type and the schema of the body.
    fn body(&self) -> Option<(&String, &Value)> {
        let content = self.value.pointer("/requestBody/content")?.as_object()?;
        content.iter().next().map(|(kind, media)| (kind, &media["schema"]))
    }
}

fn name(parameter: &Value) -> &str {
    parameter["name"].as_str().unwrap()
}

/// The pattern of a parameter that is an id.
fn pattern<'a>(document: &'a Value, parameter: &'a Value) -> Option<&'a str> {
    example::id_pattern(example::resolve(document, &parameter["schema"]))
}

impl Probe {
    /// A request for each place where the operation takes an id: there the other's, everywhere else our own.
    pub(super) fn of(
        operation: &Operation,
        document: &Value,
        ours: &Belongings,
        theirs: &Belongings,
    ) -> Vec<Self> {
        let body = |slot: Option<Slot>| {
            let (kind, schema) = operation.body()?;
            Some((kind.clone(), example::of(&operation.value, document, schema, ours, slot)))
        };
        let probe = |place, foreign: &str, path: String, body| Self {
            operation: operation.clone(),
            place,
            foreign: foreign.to_owned(),
            path,
            body,
        };
        let mut probes = Vec::new();
        let shown = operation.with_examples(document);
        for parameter in operation.parameters("path") {
            // What is no id, such as the time of an occurrence, is the same for everybody.
            let Some(pattern) = pattern(document, parameter) else { continue };
            let foreign = theirs.matching(pattern);
            let path = shown.replace(&format!("{{{}}}", name(parameter)), foreign);
            let query = operation.required_query(document, ours, None);
            let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
            probes.push(probe(Place::Path, foreign, path, body(None)));
        }
        let own = operation.parameters("path").into_iter().fold(shown, |path, parameter| {
            let Some(pattern) = pattern(document, parameter) else { return path };
            path.replace(&format!("{{{}}}", name(parameter)), ours.matching(pattern))
        });
        for parameter in operation.parameters("query") {
            if let Some(pattern) = pattern(document, parameter) {
                let foreign = theirs.matching(pattern);
                let mut query = operation.required_query(document, ours, Some(name(parameter)));
                query.push(format!("{}={foreign}", name(parameter)));
                let path = format!("{own}?{}", query.join("&"));
                probes.push(probe(Place::Query, foreign, path, None));
            }
        }
        for slot in operation.body().map(|(_, schema)| example::slots(document, schema)).unwrap_or_default() {
            let foreign = theirs.matching(&slot.pattern).to_owned();
            let slot = Slot { id: foreign.clone(), ..slot };
            probes.push(probe(Place::Body, &foreign, own.clone(), body(Some(slot))));
        }
        probes
    }

    pub(super) fn mentions(&self, id: &str) -> bool {
        self.foreign == id
    }

    pub(super) async fn send(&self, caller: &Caller) -> Reply {
        let mut request = caller.request(&self.operation.method, &self.path).header("If-Match", "*");
        match &self.body {
            Some((kind, body)) if kind.starts_with("multipart") => {
                let members = body.as_object().unwrap();
                let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                let form = members.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                    match name.as_str() {
                        "file" => form,
                        _ => form.text(name.clone(), text(value)),
                    }
                });
                let file = reqwest::multipart::Part::bytes(crate::support::pictures::jpeg([1, 1, 1]))
                    .file_name("a.jpg");
                request = request.multipart(form.part("file", file));
            }
            Some((kind, body)) => request = request.header("Content-Type", kind).body(body.to_string()),
            None if self.operation.method == "POST" => request = request.body(""),
            None => {}
        }
        caller.send(request).await
    }
}

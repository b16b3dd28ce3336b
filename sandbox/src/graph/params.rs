//! Parameters of a call, wherever they came from: query string, form, JSON body or multipart.

use serde_json::Value;

/// Parameters in the order they arrived. Everything is text, as on the platform: lists and objects are JSON text.
#[derive(Debug, Default, Clone)]
pub(crate) struct Params {
    items: Vec<(String, String)>,
}

impl Params {
    /// Adds the pairs of a query string or form.
    pub(crate) fn add_form(&mut self, text: &[u8]) {
        let pairs = url::form_urlencoded::parse(text);
        self.items.extend(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())));
    }

    /// Adds the members of a JSON object.
    pub(crate) fn add_json(&mut self, object: serde_json::Map<String, Value>) {
        self.items.extend(
            object
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, text_of(value))),
        );
    }

    /// Adds one pair.
    pub(crate) fn add(&mut self, name: String, value: String) {
        self.items.push((name, value));
    }

    /// The last value of a name; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.items.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.items.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A yes or no.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
    }

    /// Removes a name and returns its last value.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let value = self.get(name).map(str::to_owned);
        self.items.retain(|(key, _)| key != name);
        value
    }

    /// A list in any of its spellings: a JSON array, comma-separated, `name[]=…` or `name[0]=…`.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        if let Some(text) = self.get(name) {
            return Some(split(text));
        }
        let mut items: Vec<(u32, String)> = Vec::new();
        for (key, value) in &self.items {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')) else { continue };
            let Some((index, inner)) = rest.split_once(']') else { continue };
            let next = u32::try_from(items.len()).unwrap_or(u32::MAX);
            // `name[0][member]=v` is how PHP and its kind spell an object in a list.
            let member = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            let value =
                member.map_or_else(|| value.clone(), |key| serde_json::json!({ key: value }).to_string());
            items.push((index.parse().unwrap_or(next), value));
        }
        items.sort_by_key(|(index, _)| *index);
        Some(items.into_iter().map(|(_, value)| value).collect())
            .filter(|list: &Vec<String>| !list.is_empty())
    }
}

fn split(text: &str) -> Vec<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(items)) => items.into_iter().map(text_of).collect(),
        Ok(Value::Object(object)) => vec![Value::Object(object).to_string()],
        _ => text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect(),
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Params {
        let mut params = Params::default();
        params.add_form(text.as_bytes());
        params
    }

    #[test]
    fn a_list_reads_the_same_in_every_spelling() {
        let json = r#"[{"media_fbid":"1"},{"media_fbid":"2"}]"#;
        let mut params = Params::default();
        params.add("attached_media".into(), json.into());
        let expected = [r#"{"media_fbid":"1"}"#, r#"{"media_fbid":"2"}"#];
        assert_eq!(params.list("attached_media").unwrap(), expected);
        let indexed = form(r#"attached_media[1]={"media_fbid":"2"}&attached_media[0]={"media_fbid":"1"}"#);
        assert_eq!(indexed.list("attached_media").unwrap(), expected);
        let nested = form("attached_media[0][media_fbid]=1&attached_media[1][media_fbid]=2");
        assert_eq!(nested.list("attached_media").unwrap(), expected);
        assert_eq!(form("children=1,2").list("children").unwrap(), ["1", "2"]);
        assert_eq!(form("children[]=1&children[]=2").list("children").unwrap(), ["1", "2"]);
        assert_eq!(form("children=[1,2]").list("children").unwrap(), ["1", "2"]);
        assert_eq!(form("x=1").list("children"), None);
    }

    #[test]
    fn json_members_become_text_and_null_is_absent() {
        let mut params = Params::default();
        let Value::Object(object) = serde_json::json!({"published": false, "n": 3, "s": "x", "none": null})
        else {
            panic!()
        };
        params.add_json(object);
        assert_eq!(params.flag("published"), Some(false));
        assert_eq!((params.get("n"), params.get("s"), params.get("none")), (Some("3"), Some("x"), None));
    }
}

//! Lists with cursors.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::GraphError;
use crate::clock;

/// What part of a list was asked for. A position is any number that grows with age.
pub(crate) struct Window {
    pub(crate) limit: usize,
    pub(crate) after: Option<u64>,
    pub(crate) before: Option<u64>,
    /// Milliseconds, inclusive.
    pub(crate) since: Option<i64>,
    /// Milliseconds, inclusive.
    pub(crate) until: Option<i64>,
}

impl Window {
    /// Reads `limit`, `after`, `before`, `since` and `until`.
    pub(crate) fn of(call: &Call) -> Result<Self, GraphError> {
        let cursor = |name: &str| call.params.get(name).map(|text| read_cursor(text, name)).transpose();
        let time = |name: &str| {
            let bad = || GraphError::new(100, format!("(#100) param {name} must be a valid timestamp"));
            call.params.get(name).map(|text| clock::parse(text).ok_or_else(bad)).transpose()
        };
        let limit = call.params.get("limit").map_or(Ok(25), str::parse::<usize>);
        let limit = limit.map_err(|_| GraphError::new(100, "(#100) param limit must be an integer"))?;
        // A limit over 100 is refused by the feed edges and cut by the others; cutting is what all tolerate.
        let limit = limit.clamp(1, 100);
        Ok(Self {
            limit,
            after: cursor("after")?,
            before: cursor("before")?,
            since: time("since")?,
            until: time("until")?,
        })
    }

    /// Whether a thing of this moment belongs to the wanted time.
    pub(crate) fn covers(&self, at_ms: i64) -> bool {
        // Graph's times have whole seconds.
        let second = at_ms - at_ms.rem_euclid(clock::SECOND);
        self.since.is_none_or(|since| second >= since) && self.until.is_none_or(|until| second <= until)
    }

    /// Cuts the page out of all positions, which come in list order. The flag says whether more follow.
    pub(crate) fn cut(&self, positions: impl Iterator<Item = u64>) -> (Vec<u64>, bool) {
        if let Some(before) = self.before {
            let earlier: Vec<u64> = positions.take_while(|position| *position != before).collect();
            let start = earlier.len().saturating_sub(self.limit);
            return (earlier[start..].to_vec(), true);
        }
        let mut rest = positions.peekable();
        if let Some(after) = self.after {
            while rest.next().is_some_and(|position| position != after) {}
        }
        let page: Vec<u64> = rest.by_ref().take(self.limit).collect();
        (page, rest.peek().is_some())
    }
}

fn write_cursor(position: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("c{position}"))
}

fn read_cursor(text: &str, name: &str) -> Result<u64, GraphError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let position =
        bytes.as_deref().and_then(|text| text.strip_prefix('c')).and_then(|text| text.parse().ok());
    position.ok_or_else(|| GraphError::new(100, format!("(#100) param {name} is not a valid cursor")))
}

/// The envelope of a list. `next` repeats the token if that came as a parameter, as Graph does.
pub(crate) fn envelope(call: &Call, base: &str, items: Vec<Value>, page: &[u64], more: bool) -> Value {
    let mut body = Map::new();
    body.insert("data".to_owned(), Value::Array(items));
    if let (Some(first), Some(last)) = (page.first(), page.last()) {
        let after = write_cursor(*last);
        let mut paging = json!({ "cursors": { "before": write_cursor(*first), "after": after } });
        if more {
            paging["next"] = json!(next_url(call, base, &after));
        }
        body.insert("paging".to_owned(), paging);
    }
    Value::Object(body)
}

fn next_url(call: &Call, base: &str, after: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(token) = call.token.as_deref().filter(|_| call.token_in_params) {
        query.append_pair("access_token", token);
    }
    for name in ["fields", "limit", "since", "until", "summary", "appsecret_proof"] {
        if let Some(value) = call.params.get(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("after", after);
    format!("{base}{}?{}", call.raw_path, query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(limit: usize, after: Option<u64>, before: Option<u64>) -> Window {
        Window { limit, after, before, since: None, until: None }
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let all = [9, 7, 5, 3, 1];
        assert_eq!(window(2, None, None).cut(all.into_iter()), (vec![9, 7], true));
        assert_eq!(window(2, Some(7), None).cut(all.into_iter()), (vec![5, 3], true));
        assert_eq!(window(2, Some(3), None).cut(all.into_iter()), (vec![1], false));
        assert_eq!(window(2, None, Some(3)).cut(all.into_iter()), (vec![7, 5], true));
    }

    #[test]
    fn a_cursor_survives_the_wire_and_a_forged_one_is_refused() {
        assert_eq!(read_cursor(&write_cursor(42), "after").unwrap(), 42);
        assert_eq!(read_cursor("forged", "after").unwrap_err().code, 100);
    }

    #[test]
    fn since_counts_in_whole_seconds() {
        let window = Window { since: Some(5_000), until: Some(6_000), ..window(1, None, None) };
        assert_eq!([4_999, 5_000, 6_999, 7_000].map(|at| window.covers(at)), [false, true, true, false]);
    }
}

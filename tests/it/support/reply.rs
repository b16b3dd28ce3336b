//! An answer, read to its end.

use reqwest::{Response, header::HeaderMap};
use serde_json::Value;

/// Status, headers and body; a body that is not JSON is a JSON string.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// Insists on a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// Insists on a problem with a status and a code.
    #[track_caller]
    pub(crate) fn refuses(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, &self.body["code"]), (status, &code.into()), "{:#}", self.body);
        self
    }

    /// A member that is text.
    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> String {
        let member = self.body.pointer(pointer).and_then(Value::as_str);
        member.unwrap_or_else(|| panic!("no text at {pointer} in {:#}", self.body)).to_owned()
    }

    /// A header.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        let header = self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        header.to_str().unwrap().to_owned()
    }

    /// The codes of the violations with their places, in order.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let violations = self.body["violations"].as_array().cloned().unwrap_or_default();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        violations.iter().map(|v| (text(&v["pointer"]), text(&v["code"]))).collect()
    }
}

//! Feeds as calendar programs fetch them: `GET /feeds/{secret}.ics`. They send no credentials, the address is the secret; so it
//! is not part of the document, and outlives a version of the API.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::{
    Endpoint, Request, Response, Result,
    http::{Method, StatusCode, header},
};
use publishing::feed::{Feeds, Followed};
use sha2::{Digest, Sha256};

use crate::{
    export::{self, Format, Ical},
    problem::{Code, Problem},
    request::Context,
    traffic::Quotas,
};

/// Where it is mounted.
pub const PATH: &str = "/feeds/:file";

/// The calendars behind secret addresses.
pub struct FeedFile {
    /// The use cases.
    pub feeds: Feeds,
    /// Counts requests by address.
    pub quotas: Arc<Quotas>,
}

impl Endpoint for FeedFile {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let context = Context::of(&request)?;
        // The template alone: the address is a secret.
        context.route(&"/feeds/{secret}.ics".into());
        context.count(self.quotas.count(context)?);
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(Problem::of(Code::MethodNotAllowed).header(header::ALLOW, "GET, HEAD").into());
        }
        let file = request.raw_path_param("file").unwrap_or_default();
        // A name that cannot be one is looked for like any other.
        let followed = self.feeds.follow(file.strip_suffix(".ics").unwrap_or_default()).await;
        let followed = followed.map_err(Problem::from)?;
        let tag = tag(&followed);
        let answer = Response::builder()
            .header(header::ETAG, &tag)
            .header(header::CACHE_CONTROL, "private, no-cache")
            .header(header::CONTENT_DISPOSITION, "inline; filename=\"calendar.ics\"");
        if request.header(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, &tag)) {
            return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
        }
        let answer = answer.content_type(format!("{}; charset=utf-8", Ical::TYPE));
        if *request.method() == Method::HEAD {
            return Ok(answer.finish());
        }
        let (head, write) = (export::ical::begin(&followed.feed.name), export::ical::events);
        let body = export::entries(&self.feeds.calendar, followed.selection, head, write, export::ical::END);
        Ok(answer.body(body.await.map_err(Problem::from)?))
    }
}

/// The entity tag: another one whenever the calendar, its window or the program that writes it is another.
fn tag(followed: &Followed) -> String {
    let selection = &followed.selection;
    let parts = [
        env!("CARGO_PKG_VERSION").to_owned(),
        followed.feed.id.to_string(),
        format!("{:?}", (selection.from, selection.until)),
        followed.fingerprint.clone(),
    ];
    let hash = Sha256::digest(parts.join("\n"));
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]))
}

/// Whether an `If-None-Match` names the tag (RFC 9110, §13.1.2: compared weakly).
fn names(tags: &str, tag: &str) -> bool {
    tags.trim() == "*" || tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_recognised_alone_in_a_list_and_weak() {
        for tags in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*", " \"a\" "] {
            assert!(names(tags, "\"a\""), "{tags}");
        }
        for tags in ["", "\"b\"", "a", "\"a"] {
            assert!(!names(tags, "\"a\""), "{tags}");
        }
    }
}

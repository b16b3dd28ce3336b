//! `Idempotency-Key`: the same key and body replay the first answer, another body is refused, and while the first request is
//! being worked on every other one with its key is told so. Answers are kept for a day.
//!
//! Only answers of success are kept. A refusal changed nothing, so trying again is right. After a failure of the server nobody
//! can tell, so the key stays taken for [`LEASE`] and is free then. An answer that holds a secret is never kept
//! (see [`super::ShownOnce`]): its replay is a 409 whose `Location` names what was created.

use std::{sync::Arc, time::Duration};

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use sha2::{Digest, Sha256};
pub use tenancy::idempotency::{Claim, Claimed, IdempotencyStore, KEPT, Kept, LEASE, Recorded, Unavailable};
use tenancy::{Actor, Caller};
use uuid::Uuid;

use super::ShownOnce;
use crate::problem::{Code, Problem};

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// A request that holds its key until it is answered.
pub(super) struct Held {
    store: Arc<dyn IdempotencyStore>,
    claim: Claim,
}

/// Whether to go on.
pub(super) enum Begun {
    /// There is no key to honour.
    Free,
    /// The request holds its key.
    Held(Held),
    /// The request was answered before.
    Replay(Response),
}

/// Claims the key of a request, where it has one.
pub(super) async fn begin(
    store: &Arc<dyn IdempotencyStore>,
    request: &Request,
    caller: Option<&Arc<Caller>>,
    operation: &str,
    body: [u8; 32],
) -> Result<Begun, Problem> {
    let (Some(key), Some(caller)) = (request.header(HEADER), caller) else { return Ok(Begun::Free) };
    let actor = match caller.actor {
        Actor::Member { person, .. } => person.uuid(),
        Actor::ApiKey { key, .. } => key.uuid(),
    };
    let key = Sha256::digest(key.as_bytes()).into();
    let (organization, operation, fence) = (caller.organization, operation.to_owned(), Uuid::now_v7());
    let claim = Claim { organization, actor, operation, key, body, fence };
    match store.claim(&claim).await.map_err(|Unavailable| Problem::of(Code::Unavailable))? {
        Claimed::First => Ok(Begun::Held(Held { store: Arc::clone(store), claim })),
        Claimed::Before(Kept::Answer(recorded)) => Ok(Begun::Replay(replay(*recorded))),
        Claimed::Before(Kept::ShownOnce { location }) => {
            let problem = Problem::of(Code::IdempotencySecretGone);
            Err(location.iter().fold(problem, |problem, place| problem.header(header::LOCATION, place)))
        }
        Claimed::AnotherBody => Err(Problem::of(Code::IdempotencyMismatch)),
        Claimed::InFlight => Err(Problem::of(Code::IdempotencyInFlight).retry_after(Duration::from_secs(1))),
    }
}

impl Held {
    /// Keeps the answer of success, frees the key after a refusal, and leaves it taken after a failure.
    pub(super) async fn end(self, answer: Response) -> Response {
        let status = answer.status();
        let (answer, ended) = if status.is_success() {
            let (answer, kept) = record(answer).await;
            (answer, self.store.keep(&self.claim, &kept).await)
        } else if status.is_client_error() {
            (answer, self.store.release(&self.claim).await)
        } else {
            (answer, Ok(()))
        };
        if ended.is_err() {
            tracing::warn!(
                "the end of an idempotent request could not be recorded; its key is free again after the lease"
            );
        }
        answer
    }
}

async fn record(answer: Response) -> (Response, Kept) {
    let shown_once = answer.extensions().get::<ShownOnce>().is_some();
    let location = text(answer.headers(), &header::LOCATION);
    if shown_once {
        return (answer, Kept::ShownOnce { location });
    }
    let (parts, body) = answer.into_parts();
    let body = body.into_string().await.unwrap_or_default();
    let names = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
    let headers =
        names.iter().filter_map(|name| Some((name.to_string(), text(&parts.headers, name)?))).collect();
    let recorded = Recorded { status: parts.status.as_u16(), headers, body: body.clone() };
    (Response::from_parts(parts, body.into()), Kept::Answer(Box::new(recorded)))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The first answer again.
fn replay(recorded: Recorded) -> Response {
    let status = StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::OK);
    let mut answer = Response::builder().status(status).body(recorded.body);
    for (name, value) in &recorded.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    answer
}

//! `Idempotency-Key`: nothing is made twice under one key, whatever dies in between. The same key, path and body get the first
//! answer again, anything else under the key is refused, and while the first request is being worked on every other one with
//! its key is told so. Keys are remembered for a day.
//!
//! What a request makes is written down beside its key in the transaction that makes it (see [`tenancy::idempotency`]). So a
//! key is free again exactly when nothing was made under it: after a refusal and after a failure at once, after the death of
//! the process when its [`LEASE`] is over. Where something was made and the answer was lost, or is not kept because it holds a
//! secret (see [`super::ShownOnce`]), the handler answers a repeated request with what there is now (see [`super::Once`]).

use std::{sync::Arc, time::Duration};

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use sha2::{Digest, Sha256};
pub use tenancy::idempotency::{Claim, Claimed, Fence, IdempotencyStore, KEPT, LEASE, Recorded, Unavailable};
use tenancy::{Actor, Caller};
use uuid::Uuid;

use super::ShownOnce;
use crate::problem::{Code, Problem};

/// The header.
pub const HEADER: &str = "Idempotency-Key";

/// Says of an answer that the request was carried out before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

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
    /// An earlier request made this, and its answer is not kept.
    Made(Uuid),
    /// The request was answered before; see [`replay`].
    Replay(Box<Recorded>),
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
    let claim = Claim {
        organization: caller.organization,
        actor,
        operation: operation.to_owned(),
        key: Sha256::digest(key.as_bytes()).into(),
        body: asked(request.uri().path(), body),
        fence: Fence(Uuid::now_v7()),
    };
    match store.claim(&claim).await.map_err(|Unavailable| Problem::of(Code::Unavailable))? {
        Claimed::First => Ok(Begun::Held(Held { store: Arc::clone(store), claim })),
        Claimed::Before(recorded) => Ok(Begun::Replay(recorded)),
        Claimed::Made(id) => Ok(Begun::Made(id)),
        Claimed::AnotherBody => Err(Problem::of(Code::IdempotencyMismatch)),
        Claimed::InFlight => Err(in_flight()),
    }
}

/// Tells what is asked from what else could be asked of the same operation: of another thing, or with another body.
fn asked(path: &str, body: [u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize().into()
}

fn in_flight() -> Problem {
    Problem::of(Code::IdempotencyInFlight).retry_after(Duration::from_secs(1))
}

impl Held {
    /// What tells this request from others with its key.
    pub(super) const fn fence(&self) -> Fence {
        self.claim.fence
    }

    /// Does the work, and keeps the key while it lasts.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let renewing = async {
            loop {
                tokio::time::sleep(LEASE / 3).await;
                // What fails is tried again. Whoever lost the key notices when it is about to make something.
                let _ = self.store.renew(&self.claim).await;
            }
        };
        tokio::select! {
            done = work => done,
            never = renewing => never,
        }
    }

    /// Keeps the answer of success, and otherwise frees the key unless something was made. A request that lost its key to
    /// another made nothing, and says that the other one is being worked on.
    pub(super) async fn end(self, answer: Response) -> Response {
        if answer.status().is_success() {
            let (answer, recorded) = record(answer).await;
            if let Some(recorded) = recorded
                && self.store.keep(&self.claim, &recorded).await.is_err()
            {
                tracing::warn!("an answer could not be kept; who asks again is told what there is then");
            }
            return answer;
        }
        match self.store.release(&self.claim).await {
            Ok(true) => answer,
            Ok(false) => in_flight().into_response(),
            Err(Unavailable) => {
                tracing::warn!("a key could not be freed; it is free again after the lease");
                answer
            }
        }
    }
}

/// What of an answer is given again; nothing of one that holds a secret.
async fn record(answer: Response) -> (Response, Option<Recorded>) {
    if answer.extensions().get::<ShownOnce>().is_some() {
        return (answer, None);
    }
    let (parts, body) = answer.into_parts();
    let body = body.into_string().await.unwrap_or_default();
    let names = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
    let headers =
        names.iter().filter_map(|name| Some((name.to_string(), text(&parts.headers, name)?))).collect();
    let recorded = Recorded { status: parts.status.as_u16(), headers, body: body.clone() };
    (Response::from_parts(parts, body.into()), Some(recorded))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The first answer again.
pub(super) fn replay(recorded: Recorded) -> Response {
    let status = StatusCode::from_u16(recorded.status).unwrap_or(StatusCode::OK);
    let mut answer = Response::builder().status(status).body(recorded.body);
    for (name, value) in &recorded.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    replayed(answer)
}

/// Marks an answer of success to a request that was carried out before.
pub(super) fn replayed(mut answer: Response) -> Response {
    if answer.status().is_success() {
        answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use tenancy::{OrganizationId, testing::MemoryKeys};

    use super::*;

    async fn holding(keys: &Arc<MemoryKeys>) -> Held {
        let organization = OrganizationId::from_uuid(Uuid::nil());
        let (actor, operation, fence) = (Uuid::nil(), "createPost".to_owned(), Fence(Uuid::now_v7()));
        let claim = Claim { organization, actor, operation, key: [1; 32], body: [1; 32], fence };
        assert_eq!(keys.claim(&claim).await, Ok(Claimed::First));
        Held { store: keys.clone(), claim }
    }

    async fn claimed_by_another(keys: &MemoryKeys, held: &Held) -> Claimed {
        keys.claim(&Claim { fence: Fence(Uuid::now_v7()), ..held.claim.clone() }).await.unwrap()
    }

    fn answer(status: StatusCode) -> Response {
        Response::builder().status(status).body("{}")
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_long_keeps_its_key() {
        let keys = Arc::new(MemoryKeys::default());
        let held = holding(&keys).await;
        let slow = async {
            for _ in 0..6 {
                tokio::time::sleep(LEASE / 2).await;
                keys.let_pass(LEASE / 2);
                assert_eq!(claimed_by_another(&keys, &held).await, Claimed::InFlight);
            }
        };
        held.during(slow).await;
    }

    #[tokio::test]
    async fn a_request_that_lost_its_key_says_that_another_one_is_being_worked_on() {
        let keys = Arc::new(MemoryKeys::default());
        let late = holding(&keys).await;
        keys.let_pass(LEASE);
        assert_eq!(claimed_by_another(&keys, &late).await, Claimed::First);
        let told = late.end(answer(StatusCode::UNPROCESSABLE_ENTITY)).await;
        let problem = told.extensions().get::<Problem>().unwrap();
        assert_eq!(
            (problem.code, problem.retry_after),
            (Code::IdempotencyInFlight, Some(Duration::from_secs(1)))
        );
    }

    #[tokio::test]
    async fn after_a_failure_the_key_is_free_unless_something_was_made() {
        let keys = Arc::new(MemoryKeys::default());
        let held = holding(&keys).await;
        held.end(answer(StatusCode::SERVICE_UNAVAILABLE)).await;
        let held = holding(&keys).await;
        keys.made(Some(held.fence()), Uuid::max()).unwrap();
        let again = Claim { fence: Fence(Uuid::now_v7()), ..held.claim.clone() };
        held.end(answer(StatusCode::SERVICE_UNAVAILABLE)).await;
        assert_eq!(keys.claim(&again).await, Ok(Claimed::Made(Uuid::max())));
    }

    #[test]
    fn the_same_body_for_another_thing_is_another_request() {
        assert_ne!(asked("/v1/a", [1; 32]), asked("/v1/b", [1; 32]));
        assert_ne!(asked("/v1/a", [1; 32]), asked("/v1/a", [2; 32]));
        assert_eq!(asked("/v1/a", [1; 32]), asked("/v1/a", [1; 32]));
    }
}

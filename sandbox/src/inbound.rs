//! One inbound Graph call from arrival to answer: faults, latency, execution, log.

use std::sync::Arc;
use std::time::Duration;

use poem::{Request, Response};

use crate::faults::twist::{End, Twist};
use crate::graph::answer::{add_usage, malformed, respond};
use crate::graph::call::{Call, NEWEST};
use crate::graph::endpoint::{Endpoint, Target};
use crate::graph::error::GraphError;
use crate::requests::Inbound;
use crate::serve::Hangup;
use crate::shared::Shared;

/// Answers a call. Once it has been read, it is executed even if the caller goes away meanwhile: so does the platform.
pub(crate) async fn answer(shared: &Arc<Shared>, request: Request) -> Response {
    let call = match Call::read(request).await {
        Ok(call) => call,
        Err(error) => return respond(NEWEST, &Err(error)),
    };
    let target = shared.locate(&call);
    let twist = shared.faults.meet(target.endpoint, target.account);
    note(shared, &call, target, &twist);
    let latency = shared.latency(target.endpoint);
    if matches!(twist.end, Some(End::Hang)) {
        // Ends when the caller gives up: the server drops this future with the connection.
        return std::future::pending().await;
    }
    let fetches = matches!(target.endpoint, Endpoint::Photos | Endpoint::Media | Endpoint::Batch);
    if latency.is_zero() && twist.names.is_empty() && (shared.light || !fetches) {
        return perform(shared, &call, target, &twist, latency).await;
    }
    let shared = Arc::clone(shared);
    let work = tokio::spawn(async move { perform(&shared, &call, target, &twist, latency).await });
    work.await.unwrap_or_else(|_| respond(NEWEST, &Err(GraphError::new(1, "An unknown error has occurred."))))
}

/// Half of the latency passes before the call takes effect, half before the caller learns of it.
async fn perform(shared: &Shared, call: &Call, target: Target, twist: &Twist, latency: Duration) -> Response {
    pause(latency / 2 + Duration::from_millis(twist.delay_ms)).await;
    if let Some(End::RevokeToken(subcode)) = twist.end {
        revoke(shared, call, subcode);
    }
    let outcome = if twist.executes() { Some(shared.execute(call, target, twist).await) } else { None };
    pause(latency / 2).await;
    let mut response = match &twist.end {
        Some(End::Drop | End::ExecuteThenDrop | End::Hang) => return Hangup::response(),
        Some(End::Malformed(body, _)) => malformed(*body),
        Some(End::Refuse(error) | End::ExecuteThenError(error)) => {
            respond(&call.version, &Err(error.clone()))
        }
        Some(End::RevokeToken(_)) | None => {
            outcome.map_or_else(Hangup::response, |outcome| respond(&call.version, &outcome))
        }
    };
    if let Some(usage) = twist.usage {
        add_usage(&mut response, call, target.account, usage, shared.switches().page_usage_header);
    }
    response
}

/// Sleeps, but does not even yield for nothing.
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn revoke(shared: &Shared, call: &Call, subcode: u64) {
    let mut world = shared.world();
    if let Some(token) = call.token.as_deref().and_then(|text| world.tokens.get_mut(text)) {
        token.revoked = Some(subcode);
    }
}

fn note(shared: &Shared, call: &Call, target: Target, twist: &Twist) {
    shared.calls.count(target.endpoint);
    if shared.light {
        return;
    }
    shared.calls.remember(Inbound {
        seq: 0,
        at_ms: shared.clock.now(),
        method: call.method.to_string(),
        path: call.raw_path.clone(),
        endpoint: target.endpoint,
        account_id: target.account.map(|id| id.to_string()),
        token_id: target.token,
        faults: twist.names.iter().map(|name| (*name).to_owned()).collect(),
    });
}

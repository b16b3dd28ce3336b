//! What every operation goes through before and after its handler: who calls, may it, is the quota left, are the parameters
//! and the body what the document says, was it asked before. All of it is read from the document, so an operation cannot be
//! documented one way and behave another.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    endpoint::BoxEndpoint,
    http::{Method, header},
};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tenancy::{Actor, Scope};
use tracing::Instrument;

use super::{
    Authenticate, Context, FirstAnswer, Once, Spoilt,
    access::allow,
    crash::{self, Moment},
    idempotency::{self, Begun, IdempotencyStore, Recorded},
    parameters::Parameters,
};
use crate::{
    problem::{Code, Problem},
    resource::{csv_body, media_form},
    strict::{self, Parsed, Schemas},
    traffic::{Origins, Quotas},
};

/// The largest JSON body in bytes.
pub const MAX_JSON_BODY: usize = 1024 * 1024;

/// The largest JSON body that is about many things, in bytes: a thousand posts with long captions.
const MAX_BULK_BODY: usize = 16 * 1024 * 1024;

/// The largest JSON body for a path, in bytes.
pub fn most_json(path: &str) -> usize {
    if path.starts_with("/v1/posts/bulk/") { MAX_BULK_BODY } else { MAX_JSON_BODY }
}

/// What the guard asks.
#[derive(Clone)]
pub struct Gate {
    /// Resolves tokens.
    pub authenticate: Arc<dyn Authenticate>,
    /// Keeps idempotency keys.
    pub idempotency: Arc<dyn IdempotencyStore>,
    /// Counts requests.
    pub quotas: Arc<Quotas>,
    /// The origins browsers may call from.
    pub origins: Origins,
}

struct Operation {
    id: String,
    template: Arc<str>,
    schemas: Arc<Schemas>,
    parameters: Parameters,
    scopes: Vec<Scope>,
    secured: bool,
    keys_welcome: bool,
    counted: bool,
    media: Vec<(String, Value)>,
    gate: Gate,
    inner: BoxEndpoint<'static>,
}

/// One guarded operation.
pub(super) struct Guard(Arc<Operation>);

impl Guard {
    /// Puts the guard around a handler. `described` is what the document says about the operation.
    pub(super) fn new(
        described: &Value,
        template: &str,
        schemas: &Arc<Schemas>,
        gate: &Gate,
        inner: BoxEndpoint<'static>,
    ) -> Self {
        Self(Arc::new(Operation::new(described, template, schemas, gate, inner)))
    }
}

impl Endpoint for Guard {
    type Output = Response;

    /// A caller that hangs up does not stop a change half way: whatever may change something runs to its end.
    async fn call(&self, request: Request) -> Result<Response> {
        let context = Arc::clone(Context::of(&request)?);
        context.route(&self.0.template);
        let answer = if request.method() == Method::GET {
            self.0.answer(request, &context).await
        } else {
            let (operation, context) = (Arc::clone(&self.0), Arc::clone(&context));
            let work = async move { operation.answer(request, &context).await };
            let done = tokio::spawn(work.in_current_span()).await;
            done.unwrap_or_else(|_| Err(Problem::internal("a handler panicked")))
        };
        Ok(answer.unwrap_or_else(|problem| context.spoilt().unwrap_or(problem).into_response()))
    }
}

impl Operation {
    fn new(
        described: &Value,
        template: &str,
        schemas: &Arc<Schemas>,
        gate: &Gate,
        inner: BoxEndpoint<'static>,
    ) -> Self {
        let security = described["security"].as_array().map(Vec::as_slice).unwrap_or_default();
        let requirements = || security.iter().filter_map(Value::as_object).flatten();
        let scopes = requirements().flat_map(|(_, scopes)| scopes.as_array().into_iter().flatten());
        let media = described["requestBody"]["content"].as_object().into_iter().flatten();
        Self {
            id: described["operationId"].as_str().unwrap_or(template).to_owned(),
            template: template.into(),
            schemas: Arc::clone(schemas),
            parameters: Parameters::of(described),
            scopes: scopes.filter_map(|scope| scope.as_str()?.parse().ok()).collect(),
            secured: !security.is_empty(),
            keys_welcome: requirements().any(|(scheme, _)| scheme == "api_key"),
            // Probes and public keys are asked for by machines that must not be turned away.
            counted: template.starts_with("/v1"),
            media: media.map(|(name, content)| (name.clone(), content["schema"].clone())).collect(),
            gate: gate.clone(),
            inner,
        }
    }

    async fn answer(&self, mut request: Request, context: &Context) -> Result<Response, Problem> {
        if self.secured {
            self.admit(&request, context).await?;
        }
        if self.counted {
            context.count(self.gate.quotas.count(context)?);
        }
        self.parameters.check(&self.schemas, &request)?;
        let digest = self.read(&mut request).await?;
        let begun = if self.parameters.has_header(idempotency::HEADER) {
            idempotency::begin(&self.gate.idempotency, &request, context.caller(), &self.id, digest).await?
        } else {
            Begun::Free
        };
        match begun {
            Begun::Replay(first) => {
                self.compare(request, &first).await?;
                Ok(idempotency::replay(*first))
            }
            Begun::Free => self.handle(request).await,
            Begun::Made(id) => {
                request.extensions_mut().insert(Once::Made(id));
                Ok(idempotency::replayed(self.handle(request).await?))
            }
            Begun::Held(held) => {
                crash::pass(Moment::Held, &self.id);
                request.extensions_mut().insert(Once::Make(Some(held.fence())));
                let answer = held.during(self.handle(request)).await;
                let refused = |problem| context.spoilt().unwrap_or(problem).into_response();
                let answer = held.end(answer.unwrap_or_else(refused)).await;
                crash::pass(Moment::Kept, &self.id);
                Ok(answer)
            }
        }
    }

    /// A file is not told from another before it was read, which its handler does: it refuses any but the first one.
    async fn compare(&self, mut request: Request, first: &Recorded) -> Result<(), Problem> {
        if media_form::is_open(&request) || csv_body::follows(&request) {
            request.extensions_mut().insert(FirstAnswer(first.body.as_str().into()));
            self.handle(request).await?;
        }
        Ok(())
    }

    async fn handle(&self, request: Request) -> Result<Response, Problem> {
        let answer = self.inner.call(request).await.map_err(Problem::from)?;
        if answer.status().is_success() {
            crash::pass(Moment::CarriedOut, &self.id);
        }
        Ok(answer)
    }

    /// Finds out who calls, and refuses who may not.
    async fn admit(&self, request: &Request, context: &Context) -> Result<(), Problem> {
        let found = match bearer(request) {
            Ok(token) => self.gate.authenticate.authenticate(&token).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        };
        // Who cannot say who they are is counted by address, so that tokens cannot be guessed at leisure.
        let found = match found {
            Ok(found) => found,
            Err(problem) => {
                context.count(self.gate.quotas.count(context)?);
                return Err(problem);
            }
        };
        let caller = context.identify(found.caller.clone());
        context.allow_origins(found.origins.iter().flatten().map(ToString::to_string).collect());
        if !self.keys_welcome && matches!(caller.actor, Actor::ApiKey { .. }) {
            return Err(Problem::of(Code::SessionRequired));
        }
        self.scopes.iter().try_for_each(|scope| allow(&caller, *scope))?;
        // An API key is used from the web pages of its own origins and the deployment's only.
        match request.header(header::ORIGIN) {
            Some(origin)
                if found.origins.is_some()
                    && !found.admits_origin(origin)
                    && !self.gate.origins.has(origin) =>
            {
                Err(Problem::of(Code::OriginNotAllowed))
            }
            _ => Ok(()),
        }
    }

    /// Reads and checks a JSON body, or what stands in a form before its file. Returns the digest of what was read.
    async fn read(&self, request: &mut Request) -> Result<[u8; 32], Problem> {
        if self.media.is_empty() {
            return Ok(Sha256::digest([]).into());
        }
        let content_type = request.content_type().unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let Some((kind, schema)) = self.media.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)) else {
            let names: Vec<&str> = self.media.iter().map(|(name, _)| name.as_str()).collect();
            return Err(Problem::new(Code::UnsupportedMediaType, format!("Send {}.", names.join(" or "))));
        };
        if kind == csv_body::CSV {
            if !csv_body::is_utf8(content_type) {
                return Err(Problem::new(Code::UnsupportedMediaType, "Send the file in UTF-8."));
            }
            return Ok(csv_body::leave(request));
        }
        if !kind.ends_with("json") {
            return media_form::open(request).await;
        }
        let bytes = collect(request, most_json(&self.template)).await?;
        let value = strict::parse(&bytes)?;
        let violations = strict::check(&self.schemas, schema, &value);
        if !violations.is_empty() {
            return Err(Problem::invalid(violations));
        }
        request.extensions_mut().insert(Arc::new(Parsed(Mutex::new(Some(value)))));
        Ok(Sha256::digest(&bytes).into())
    }
}

/// The whole body, as far as it may go.
async fn collect(request: &mut Request, most: usize) -> Result<Vec<u8>, Problem> {
    let mut chunks = Box::pin(request.take_body().into_bytes_stream());
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| Problem::of(Code::MalformedRequest))?);
        if bytes.len() > most {
            Context::of(request)?.spoil(Spoilt::TooLarge);
            return Err(Problem::of(Code::BodyTooLarge));
        }
    }
    Ok(bytes)
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(request: &Request) -> Result<SecretString, Problem> {
    let mut all = request.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return Err(Problem::of(Code::AuthenticationRequired));
    };
    let text = one.to_str().map_err(|_| Problem::of(Code::InvalidToken))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim().to_owned().into())
        }
        _ => Err(Problem::of(Code::AuthenticationRequired)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_bearer_token_is_read() {
        let with = |values: &[&str]| {
            let request = values
                .iter()
                .fold(Request::builder(), |request, value| request.header("authorization", *value));
            bearer(&request.finish()).map_err(|problem| problem.code)
        };
        assert!(with(&["bearer abc"]).is_ok());
        assert!(matches!(with(&[]), Err(Code::AuthenticationRequired)));
        assert!(matches!(with(&["Basic abc"]), Err(Code::AuthenticationRequired)));
        assert!(matches!(with(&["Bearer abc", "Bearer def"]), Err(Code::AuthenticationRequired)));
    }
}

//! The Graph client: makes a [`Call`] once, and says what came of it.

mod batch;
mod form;
mod lanes;

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use publishing::refusal::{PlatformCode, Reason, Remedy};
use reqwest::{
    Body, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use sha2::Sha256;
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty};
use url::Url;

use self::{
    form::{Form, Hold},
    lanes::Lanes,
};
use crate::{
    call::{Bearer, Call},
    decode::{self, ErrorNumbers},
    error::{limited, meaning},
    failure::{Failure, unsent},
    pause::{Pauses, Subject},
    settings::{Settings, SettingsError},
    usage::Usage,
};

/// Answers are a few hundred bytes, lists of a hundred posts some hundred thousand; what is larger is not read.
const LARGEST_ANSWER: usize = 4 << 20;

/// Connections, one key, one table of pauses.
pub(crate) struct Graph {
    lanes: Lanes,
    base: Url,
    key: Hmac<Sha256>,
    app_token: SecretString,
    publish_timeout: Duration,
    timeout: Duration,
    pauses: Pauses,
    batch: batch::Batch,
}

/// What came back.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    const fn code(&self) -> PlatformCode {
        PlatformCode { status: Some(self.status), code: None, subcode: None }
    }

    /// Meta's name for the request, if it looks like one: it goes to the log.
    fn request_id(&self) -> Option<&str> {
        let id = ["x-fb-trace-id", "x-fb-request-id"].iter().find_map(|name| self.headers.get(*name))?;
        id.to_str().ok().filter(|id| is_plain(id))
    }
}

impl Graph {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = settings.versioned(&settings.graph)?;
        let secret = settings.app_secret.expose_secret().as_bytes();
        Ok(Self {
            lanes: Lanes::new(settings.http, base.scheme() == "https")?,
            base,
            key: Hmac::new_from_slice(secret).map_err(|_| SettingsError::Secret)?,
            app_token: settings.app_token(),
            publish_timeout: settings.publish_timeout,
            timeout: settings.timeout,
            pauses: Pauses::default(),
            batch: batch::Batch::default(),
        })
    }

    /// Makes the call once, unless the platform asked for a pause.
    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        self.unpaused(call.asset)?;
        self.attempt(&call, self.exchange(&call)).await
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        exchange: impl Future<Output = Result<Answer, Failure>>,
    ) -> Result<T, Failure> {
        let span = tracing::info_span!(
            "graph",
            endpoint = call.endpoint,
            status = Empty,
            code = Empty,
            subcode = Empty,
            ms = Empty,
            request_id = Empty
        );
        async {
            let begun = Instant::now();
            let outcome = match exchange.await {
                Ok(answer) => self.read(call, &answer),
                Err(failure) => Err(failure),
            };
            observe(begun.elapsed(), outcome.as_ref().err());
            outcome
        }
        .instrument(span)
        .await
    }

    /// An error if the platform asked for a pause that lasts.
    fn unpaused(&self, asset: Option<&str>) -> Result<(), Failure> {
        let Some(left) = self.pauses.remaining(asset, Instant::now()) else { return Ok(()) };
        Err(unsent(Reason::RateLimited, Remedy::Wait(left)))
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let (request, hold) = self.request(call)?;
        let place = self.lanes.enter().map_err(|_| unavailable())?;
        let mut response = place.client.execute(request).await.map_err(|e| lost(&e, hold.as_ref()))?;
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(answer),
                Ok(Some(chunk)) if answer.body.len() + chunk.len() <= LARGEST_ANSWER => {
                    answer.body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) | Err(_) => return Err(Failure::Unanswered(answer.code())),
            }
        }
    }

    /// The token travels in a header, so that no address carries it; its proof may be seen. All this costs some 3 µs, a
    /// third of it the proof. It is computed each time: what remembers proofs by token remembers tokens, and to remember
    /// them by a digest of the token costs as much as the proof.
    fn request(&self, call: &Call<'_>) -> Result<(Request, Option<Hold>), Failure> {
        let mut request = Request::new(call.method.clone(), self.address(call)?);
        if let Some(header) = self.authorization(call.bearer)? {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let mut hold = None;
        if !call.form.is_empty() {
            let mut text = url::form_urlencoded::Serializer::new(String::with_capacity(256));
            let (form, ours) = Form::new(text.extend_pairs(call.form).finish());
            *request.body_mut() = Some(Body::wrap(form));
            hold = Some(ours);
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, kind);
        }
        *request.timeout_mut() = Some(if call.irreversible { self.publish_timeout } else { self.timeout });
        Ok((request, hold))
    }

    fn address(&self, call: &Call<'_>) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| misconfigured())?.extend(call.path);
        if !call.query.is_empty() || matches!(call.bearer, Bearer::Token(_)) {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(call.query);
            if let Bearer::Token(token) = call.bearer {
                query.append_pair("appsecret_proof", &self.proof(token));
            }
        }
        Ok(url)
    }

    /// `appsecret_proof`: HMAC-SHA256 of the token under the app secret, in lower-case hex.
    fn proof(&self, token: &SecretString) -> String {
        let mut mac = self.key.clone();
        mac.update(token.expose_secret().as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    fn authorization(&self, bearer: Bearer<'_>) -> Result<Option<HeaderValue>, Failure> {
        let token = match bearer {
            Bearer::Nobody => return Ok(None),
            Bearer::App => &self.app_token,
            Bearer::Token(token) => token,
        };
        // The text becomes the header: no second copy of the token stays behind.
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut value = value.map_err(|_| unsent(Reason::Unauthorized, Remedy::Reconnect))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn read<T: DeserializeOwned>(&self, call: &Call<'_>, answer: &Answer) -> Result<T, Failure> {
        let span = Span::current();
        span.record("status", answer.status);
        if let Some(id) = answer.request_id() {
            span.record("request_id", id);
        }
        self.note(&Usage::of(&answer.headers), call.asset);
        if let Some(numbers) = decode::error(&answer.body) {
            return Err(self.refused(call, answer, &numbers));
        }
        if !(200..300).contains(&answer.status) {
            return Err(Failure::Unanswered(answer.code()));
        }
        serde_json::from_slice(&answer.body).map_err(|_| Failure::Unanswered(answer.code()))
    }

    fn refused(&self, call: &Call<'_>, answer: &Answer, numbers: &ErrorNumbers) -> Failure {
        if let Some(id) = numbers.trace.as_deref().filter(|id| is_plain(id)) {
            Span::current().record("request_id", id);
        }
        let passing = numbers.is_transient == Some(true) || answer.status >= 500;
        let mut meaning = meaning(numbers.code, numbers.subcode, passing);
        if let Some(subject) = limited(numbers.code, numbers.subcode, call.asset) {
            self.pauses.back_off(subject, Instant::now());
        }
        if let (Remedy::Wait(least), Some(left)) =
            (meaning.remedy, self.pauses.remaining(call.asset, Instant::now()))
        {
            meaning.remedy = Remedy::Wait(left.max(least));
        }
        Failure::Refused(
            meaning,
            PlatformCode { code: numbers.code, subcode: numbers.subcode, ..answer.code() },
        )
    }

    /// Takes note of what the usage headers say. Limits that name another object than the one called (its business, for
    /// instance) hold for the one called as well.
    fn note(&self, usage: &Usage, asset: Option<&str>) {
        let now = Instant::now();
        let pause = |subject, length: Option<Duration>| match length {
            Some(length) => self.pauses.pause(subject, length, now),
            None => self.pauses.back_off(subject, now),
        };
        if usage.app_full {
            pause(Subject::App, None);
        }
        if let Some(asset) = asset.filter(|_| usage.page_full) {
            pause(Subject::Asset(asset), None);
        }
        for (id, length) in &usage.full {
            pause(Subject::Asset(id), *length);
            if let Some(asset) = asset.filter(|asset| asset != id) {
                pause(Subject::Asset(asset), *length);
            }
        }
    }
}

/// A request that got no answer. It was not sent where no connection was made, or where its form could be withdrawn; else nobody
/// knows.
fn lost(error: &reqwest::Error, form: Option<&Hold>) -> Failure {
    if error.is_builder() {
        misconfigured()
    } else if form.is_some_and(Hold::withdraw) || error.is_connect() {
        unavailable()
    } else {
        Failure::UNHEARD
    }
}

fn unavailable() -> Failure {
    unsent(Reason::PlatformUnavailable, Remedy::Retry)
}

fn misconfigured() -> Failure {
    unsent(Reason::AppMisconfigured, Remedy::GiveUp)
}

fn is_plain(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+/=".contains(&b))
}

/// Completes the span with numbers only.
fn observe(elapsed: Duration, failure: Option<&Failure>) {
    let span = Span::current();
    span.record("ms", u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
    match failure {
        None => tracing::debug!("answered"),
        Some(failure) => {
            let code = failure.code();
            span.record("code", code.code);
            span.record("subcode", code.subcode);
            tracing::warn!(reason = failure.refusal().reason.as_str(), "failed");
        }
    }
}

//! The client.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use publishing::media::fetch::{AddressRefusal, FetchError, Fetched, RemoteFetch};
use reqwest::{
    Client, ClientBuilder, Response,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, LOCATION},
    redirect::Policy,
};
use tokio::time::Instant;
use url::Url;

use crate::{
    guard::{Guard, Lookup, SystemLookup},
    target::{AllowedHost, Route, judge},
};

/// How long and how far a fetch may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// From the first request to the last byte, redirects included.
    pub total: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
}

impl Default for Limits {
    /// 5 s to connect, 10 s of silence, 120 s in all, 3 redirects.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            total: Duration::from_mins(2),
            redirects: 3,
        }
    }
}

/// The client cannot be made; there is nothing a request could change about it.
#[derive(Debug, thiserror::Error)]
#[error("the outbound client cannot be set up: {0}")]
pub struct SetupError(#[from] reqwest::Error);

/// Fetches from the public internet, and from hosts the operator allowed by name.
pub struct Outbound {
    public: Client,
    unguarded: Client,
    allowed: Vec<AllowedHost>,
    limits: Limits,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("allowed", &self.allowed)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// A client that resolves names as the operating system does. `allowed` is empty in production.
    pub fn new(limits: Limits, allowed: Vec<AllowedHost>) -> Result<Self, SetupError> {
        Self::with_lookup(limits, allowed, Arc::new(SystemLookup))
    }

    /// A client that resolves public names through `lookup`.
    pub fn with_lookup(
        limits: Limits,
        allowed: Vec<AllowedHost>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            public: client(limits).dns_resolver(Guard(lookup)).build()?,
            unguarded: client(limits).build()?,
            allowed,
            limits,
        })
    }

    /// Follows redirects by hand, so that each target is judged like the first.
    async fn follow(&self, url: &Url, deadline: Instant) -> Result<Response, FetchError> {
        let mut url = url.clone();
        for _ in 0..=self.limits.redirects {
            let client = match judge(&url, &self.allowed)? {
                Route::Public => &self.public,
                Route::Allowed => &self.unguarded,
            };
            let request = client
                .get(url.clone())
                .header(ACCEPT_ENCODING, "identity")
                .timeout(deadline.saturating_duration_since(Instant::now()));
            let response = request.send().await.map_err(|error| classify(&error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let next = header(&response, LOCATION).ok_or(FetchError::Redirects)?;
            let next = url.join(&next).map_err(|_| FetchError::Redirects)?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(AddressRefusal::Scheme.into());
            }
            url = next;
        }
        Err(FetchError::Redirects)
    }
}

#[async_trait]
impl RemoteFetch for Outbound {
    async fn fetch(&self, url: &Url, limit: u64) -> Result<Fetched, FetchError> {
        let response = self.follow(url, Instant::now() + self.limits.total).await?;
        if response.status().as_u16() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        // Somebody who compresses unasked may be handing over a bomb.
        if header(&response, CONTENT_ENCODING)
            .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
        {
            return Err(FetchError::Encoded);
        }
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge(limit));
        }
        let content_type = header(&response, CONTENT_TYPE);
        Ok(Fetched { content_type, body: within(response.bytes_stream(), limit).boxed() })
    }
}

fn client(limits: Limits) -> ClientBuilder {
    // The process may have chosen a provider already; then that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(false)
        .user_agent("Postern")
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle)
        // A connection that is kept would outlive the judgement of its address.
        .pool_max_idle_per_host(0)
}

/// Ends with an error as soon as more than `limit` bytes came.
fn within(
    body: impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static,
    limit: u64,
) -> impl Stream<Item = Result<Bytes, FetchError>> + Send {
    let mut seen = 0_u64;
    body.map(move |piece| {
        let piece = piece.map_err(|error| classify(&error))?;
        seen = seen.saturating_add(piece.len() as u64);
        if seen > limit { Err(FetchError::TooLarge(limit)) } else { Ok(piece) }
    })
    // Nothing follows an error.
    .scan(false, |failed, piece| {
        let ended = std::mem::replace(failed, piece.is_err());
        futures::future::ready((!ended).then_some(piece))
    })
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn classify(error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<AddressRefusal>() {
            return FetchError::Refused(*refusal);
        }
        cause = inner.source();
    }
    if error.is_timeout() { FetchError::TimedOut } else { FetchError::Unreachable }
}

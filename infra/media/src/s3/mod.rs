//! A bucket of any server that speaks the S3 protocol.

mod sign;

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::TryStreamExt;
use publishing::media::storage::{MediaStream, ObjectName, StorageError};
use reqwest::{Body, Client, Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use secrecy::SecretString;
use tenancy::Clock;
use url::Url;

use crate::object_store::ObjectStore;

/// How long a connection may take, and how long a server may fall silent.
const CONNECT: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(30);

/// Where the bucket is and who we are there.
pub struct S3Settings {
    /// The server, such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: Url,
    /// The bucket, addressed by path.
    pub bucket: String,
    /// The region that signatures name.
    pub region: String,
    /// The access key's id.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: SecretString,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint.as_str())
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Why the settings do not make a client.
#[derive(Debug, thiserror::Error)]
pub enum S3SetupError {
    /// Not `http(s)://host[:port]/`.
    #[error("the S3 endpoint must be http or https, with a host and nothing behind it")]
    Endpoint,
    /// Not a name that a bucket can have.
    #[error("a bucket's name has 3 to 63 small letters, digits, dots and hyphens")]
    Bucket,
    /// No client.
    #[error("the S3 client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// Objects in a bucket.
pub struct S3 {
    client: Client,
    settings: S3Settings,
    clock: Arc<dyn Clock>,
}

impl S3 {
    /// A client for one bucket. The clock dates the signatures, which servers accept for a quarter of an hour.
    pub fn new(settings: S3Settings, clock: Arc<dyn Clock>) -> Result<Self, S3SetupError> {
        let endpoint = &settings.endpoint;
        if !matches!(endpoint.scheme(), "http" | "https")
            || endpoint.path() != "/"
            || endpoint.query().is_some()
        {
            return Err(S3SetupError::Endpoint);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
        if !(3..=63).contains(&settings.bucket.len()) || !settings.bucket.bytes().all(allowed) {
            return Err(S3SetupError::Bucket);
        }
        // The process may have chosen a provider already; then that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .gzip(false)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()?;
        Ok(Self { client, settings, clock })
    }

    fn request(
        &self,
        method: Method,
        name: &ObjectName,
        extra: &[(&str, String)],
        payload: &str,
    ) -> RequestBuilder {
        let mut url = self.settings.endpoint.clone();
        url.set_path(&format!("/{}/{}", self.settings.bucket, name.as_str()));
        let headers = sign::headers(&self.settings, &method, &url, extra, payload, self.clock.now());
        let request = self.client.request(method, url);
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

#[async_trait]
impl ObjectStore for S3 {
    async fn put(&self, name: &ObjectName, body: MediaStream, length: u64) -> Result<(), StorageError> {
        let extra = [("content-length", length.to_string())];
        // The body is ciphertext that proves itself when it is read, so hashing it beforehand would add nothing.
        let request = self.request(Method::PUT, name, &extra, sign::UNSIGNED).body(Body::wrap_stream(body));
        expect(send(request).await?, &[StatusCode::OK]).map(drop)
    }

    async fn get(&self, name: &ObjectName, range: Range<u64>) -> Result<MediaStream, StorageError> {
        let extra = [("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))];
        let response = send(self.request(Method::GET, name, &extra, sign::EMPTY)).await?;
        let response = expect(response, &[StatusCode::PARTIAL_CONTENT])?;
        Ok(Box::pin(response.bytes_stream().map_err(|error| unavailable(&error))))
    }

    async fn size(&self, name: &ObjectName) -> Result<Option<u64>, StorageError> {
        let response = send(self.request(Method::HEAD, name, &[], sign::EMPTY)).await?;
        match expect(response, &[StatusCode::OK]) {
            // A HEAD has no body, so the client's own idea of the length is of no use.
            Ok(response) => {
                let length = response.headers().get(header::CONTENT_LENGTH);
                let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
                length
                    .map(Some)
                    .ok_or_else(|| StorageError::Unavailable("no length in the answer".to_owned()))
            }
            Err(StorageError::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        let response = send(self.request(Method::DELETE, name, &[], sign::EMPTY)).await?;
        match expect(response, &[StatusCode::OK, StatusCode::NO_CONTENT]) {
            Err(StorageError::Missing) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Response, StorageError> {
    request.send().await.map_err(|error| unavailable(&error))
}

fn expect(response: Response, accepted: &[StatusCode]) -> Result<Response, StorageError> {
    match response.status() {
        status if accepted.contains(&status) => Ok(response),
        StatusCode::NOT_FOUND => Err(StorageError::Missing),
        status => Err(StorageError::Unavailable(format!("status {}", status.as_u16()))),
    }
}

/// What kind of failure it was; the client's own text would name the address.
fn unavailable(error: &reqwest::Error) -> StorageError {
    let kind = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () => "the connection broke off",
    };
    StorageError::Unavailable(kind.to_owned())
}

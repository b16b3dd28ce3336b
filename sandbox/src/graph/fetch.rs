//! Fetching pictures by address, and looking at what came.

use std::io::Cursor;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use image::{ImageFormat, ImageReader};
use sha2::{Digest, Sha256};

use crate::world::picture::Picture;

/// Nothing larger is read.
const MOST: usize = 10 * 1024 * 1024;
/// How long a fetch may take in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a picture could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// Not an http(s) address.
    #[error("the address is not an http or https URL")]
    BadUrl,
    /// No answer, or not status 200.
    #[error("the address did not answer with status 200")]
    Unreachable,
    /// Larger than 10 MB.
    #[error("the file is larger than 10 MB")]
    TooLarge,
}

/// A picture with its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    pub(crate) picture: Picture,
    /// `None` when the bytes are no picture.
    pub(crate) format: Option<ImageFormat>,
    /// Whether the pixels could be decoded to the last one.
    pub(crate) whole: bool,
    pub(crate) bytes: Bytes,
}

/// A client that follows no redirect and uses no proxy.
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .user_agent("facebookexternalhit/1.1 (Postern sandbox)")
        .build()
}

/// Fetches a picture.
pub(crate) async fn fetch(client: &reqwest::Client, url: &str) -> Result<Fetched, FetchError> {
    let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let parsed = parsed.ok_or(FetchError::BadUrl)?;
    let mut response = client.get(parsed).send().await.map_err(|_| FetchError::Unreachable)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Unreachable);
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FetchError::Unreachable)? {
        if bytes.len() + chunk.len() > MOST {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(look(bytes.freeze(), Some(url.to_owned())).await)
}

/// Looks at bytes that were received. Decoding is work for another thread.
pub(crate) async fn look(bytes: Bytes, url: Option<String>) -> Fetched {
    let copy = bytes.clone();
    let unreadable = Fetched { picture: Picture::default(), format: None, whole: false, bytes };
    tokio::task::spawn_blocking(move || inspect(copy, url)).await.unwrap_or(unreadable)
}

fn inspect(bytes: Bytes, url: Option<String>) -> Fetched {
    let guessed = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().ok();
    let format = guessed.as_ref().and_then(ImageReader::format);
    let pixels = guessed.and_then(|reader| reader.decode().ok());
    let picture = Picture {
        url,
        sha256: Some(hex::encode(Sha256::digest(&bytes))),
        bytes: bytes.len() as u64,
        width: pixels.as_ref().map_or(0, image::DynamicImage::width),
        height: pixels.as_ref().map_or(0, image::DynamicImage::height),
    };
    Fetched { picture, format, whole: pixels.is_some(), bytes }
}

/// Content type under which the timeline serves a picture.
pub(crate) fn content_type(format: Option<ImageFormat>) -> &'static str {
    format.map_or("application/octet-stream", |format| format.to_mime_type())
}

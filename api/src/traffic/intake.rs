//! Bodies arrive within their size and their time, or not at all. Nothing is held in memory here.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use poem::{Body, Request, http::header};
use tokio::time::{Instant, timeout_at};

use crate::{
    problem::{Code, Problem},
    request::{Context, MAX_JSON_BODY, Spoilt, most_json},
};

/// What a body may take.
#[derive(Debug, Clone, Copy)]
pub struct Intake {
    /// The largest upload (`multipart/form-data` or raw media) in bytes.
    pub upload: u64,
    /// The largest body of any other kind in bytes.
    pub other: u64,
    /// A body has this long …
    pub grace: Duration,
    /// … and one second more for every so many bytes that arrived.
    pub bytes_per_second: u64,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            upload: 512 * 1024 * 1024,
            other: MAX_JSON_BODY as u64,
            grace: Duration::from_secs(20),
            bytes_per_second: 16 * 1024,
        }
    }
}

impl Intake {
    /// Refuses what says that it is too large, and limits the rest while it arrives.
    pub(super) fn limit(&self, request: &mut Request, context: &Arc<Context>) -> Result<(), Problem> {
        let kind = request.content_type().unwrap_or_default();
        let uploads = ["multipart/form-data", "image/", "video/", "application/octet-stream", "text/csv"];
        // Where many things may be sent at once there is room for them.
        let bulk =
            Some(most_json(request.uri().path())).filter(|most| *most > MAX_JSON_BODY).unwrap_or(0) as u64;
        let most = if uploads.iter().any(|prefix| kind.starts_with(prefix)) {
            self.upload
        } else {
            self.other.max(bulk)
        };
        let announced = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
        if announced.is_some_and(|length| length > most) {
            return Err(Problem::new(Code::BodyTooLarge, format!("The body may have {most} bytes.")));
        }
        let body = request.take_body();
        if body.is_empty() {
            return Ok(());
        }
        request.set_body(Body::from_bytes_stream(self.watched(
            body.into_bytes_stream(),
            most,
            Arc::clone(context),
        )));
        Ok(())
    }

    fn watched(
        self,
        chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
        most: u64,
        context: Arc<Context>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let began = Instant::now();
        stream::unfold((Box::pin(chunks), context), move |(mut chunks, context)| async move {
            context.spoilt().is_none().then_some(())?;
            let deadline =
                began + self.grace + Duration::from_secs(context.received() / self.bytes_per_second.max(1));
            let chunk = match timeout_at(deadline, chunks.next()).await {
                Ok(Some(Ok(chunk))) if context.receive(chunk.len() as u64) > most => {
                    spoil(&context, Spoilt::TooLarge)
                }
                Ok(chunk) => chunk?,
                Err(_) => spoil(&context, Spoilt::TooSlow),
            };
            Some((chunk, (chunks, context)))
        })
    }
}

/// Ends the body with an error. The reader may make anything of it; the guard answers with the reason.
fn spoil(context: &Context, reason: Spoilt) -> io::Result<Bytes> {
    context.spoil(reason);
    Err(io::Error::other("the body is not acceptable"))
}

//! Answers for what never becomes a request: headers that do not arrive in time or cannot be parsed. The HTTP library closes
//! such connections or answers them without a body; this gives them a problem too. It also ends connections whose client
//! stopped reading.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::{Sleep, sleep};

use crate::{
    problem::{self, Code, Problem},
    request,
};

/// The bytes of a complete answer that closes the connection.
pub(super) fn answer(code: Code) -> Vec<u8> {
    let id = request::Context::new(tenancy::client::Client::default()).id;
    let body = problem::json(&Problem::of(code), &id);
    let status = poem::http::StatusCode::from_u16(code.status()).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {}\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        problem::CONTENT_TYPE,
        body.len(),
    )
    .into_bytes()
}

/// A connection that replaces the library's own answers and does not wait for ever for a client to read.
pub(super) struct Answering<C> {
    inner: C,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
    /// What is being written instead of something else, how far, and how many bytes of the original that stands for.
    instead: Option<(Vec<u8>, usize, usize)>,
}

impl<C> Answering<C> {
    pub(super) fn new(inner: C, patience: Duration) -> Self {
        Self { inner, patience, waiting: None, instead: None }
    }

    pub(super) fn into_inner(self) -> C {
        self.inner
    }
}

/// The library's own answer is a head that says 4xx, has no body and lacks the request id that every answer of ours has.
fn automatic(bytes: &[u8]) -> Option<Code> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() < 400)?;
    let status: u16 = text.strip_prefix("HTTP/1.1 4")?.get(..2)?.parse::<u16>().ok()? + 400;
    let head = text.strip_suffix("\r\n\r\n")?.to_ascii_lowercase();
    let bare =
        head.contains("content-length: 0") && !head.contains("x-request-id") && !head.contains("\r\n\r\n");
    bare.then(|| Code::of_status(status))
}

impl<C: Write + Unpin> Answering<C> {
    fn write_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        while let Some((bytes, done, stands_for)) = &mut self.instead {
            if *done == bytes.len() {
                let stands_for = *stands_for;
                self.instead = None;
                return Poll::Ready(Ok(stands_for));
            }
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[*done..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *done += written,
            }
        }
        Poll::Ready(Ok(0))
    }

    /// Ends the connection when nothing could be written for too long.
    fn with_patience<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<C: Write + Unpin> Write for Answering<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_none()
            && let Some(code) = automatic(bytes)
        {
            self.instead = Some((answer(code), 0, bytes.len()));
        }
        let written = match self.instead {
            Some(_) => self.write_instead(cx),
            None => Pin::new(&mut self.inner).poll_write(cx, bytes),
        };
        self.with_patience(written, cx)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.with_patience(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<C: Read + Unpin> Read for Answering<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_librarys_own_answers_are_replaced() {
        let own =
            "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(automatic(own.as_bytes()), Some(Code::HeadersTooLarge));
        assert_eq!(automatic(&answer(Code::MalformedRequest)), None);
        assert_eq!(automatic(b"HTTP/1.1 204 No Content\r\n\r\n"), None);
    }
}

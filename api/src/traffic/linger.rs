//! The end of a connection whose client may still be sending. A socket that is closed with bytes unread is reset, and the reset
//! takes the answer away before the client has read it; so what still comes is read and discarded for a while
//! (RFC 9112, section 9.6).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use futures::{StreamExt, stream};
use poem::{Body, Request};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// A client that sends nothing for this long has read the answer, or never will.
const SILENCE: Duration = Duration::from_secs(2);

/// A client that goes on sending is cut after this time …
const LONGEST: Duration = Duration::from_secs(20);

/// … or after this many bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// What is read at once, in bytes: all the memory that this takes.
const PIECE: usize = 16 * 1024;

/// Whether the body of the connection's latest request is still on its way.
#[derive(Clone, Default)]
pub(super) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// Watches the body of a request until its end.
    pub(super) fn watch(&self, request: &mut Request) {
        let body = request.take_body();
        self.0.store(!body.is_empty(), Ordering::Relaxed);
        if body.is_empty() {
            return;
        }
        let pending = Arc::clone(&self.0);
        let end = stream::poll_fn(move |_| {
            pending.store(false, Ordering::Relaxed);
            Poll::Ready(None)
        });
        request.set_body(Body::from_bytes_stream(body.into_bytes_stream().chain(end)));
    }

    /// Whether nobody has seen the end of the body.
    pub(super) fn is_pending(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads and discards until the client closes or its time is up. Whoever stops waits no longer than [`SILENCE`].
pub(super) async fn linger(stream: impl AsyncRead + Unpin, closing: &CancellationToken) {
    let mut stream = stream.take(MOST);
    let mut piece = vec![0; PIECE];
    let discard = async { while let Ok(Ok(1..)) = timeout(SILENCE, stream.read(&mut piece)).await {} };
    let stopping = async {
        closing.cancelled().await;
        sleep(SILENCE).await;
    };
    tokio::select! {
        () = discard => {}
        () = stopping => {}
        () = sleep(LONGEST) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    /// How long it lingers while the client sends `size` bytes each `pause`.
    async fn lingers(size: usize, pause: Duration, closing: &CancellationToken) -> (Duration, u64) {
        let (mut client, server) = duplex(PIECE);
        let began = Instant::now();
        let sends = async {
            let mut sent = 0;
            while client.write_all(&vec![0; size]).await.is_ok() {
                sent += size as u64;
                sleep(pause).await;
            }
            sent
        };
        let ends = async {
            linger(server, closing).await;
            began.elapsed()
        };
        let (sent, took) = tokio::join!(sends, ends);
        (took, sent)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_falls_silent_is_left_and_one_that_never_ends_is_cut() {
        let open = CancellationToken::new();
        let (silent, _) = lingers(10, Duration::from_mins(1), &open).await;
        assert_eq!(silent.as_secs(), SILENCE.as_secs());
        let (trickling, _) = lingers(10, Duration::from_secs(1), &open).await;
        assert_eq!(trickling.as_secs(), LONGEST.as_secs());
        let (_, sent) = lingers(1024 * 1024, Duration::from_micros(1), &open).await;
        assert!((MOST..MOST + 2 * 1024 * 1024).contains(&sent), "{sent}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stops_does_not_wait_for_the_longest() {
        let closing = CancellationToken::new();
        closing.cancel();
        let (trickling, _) = lingers(10, Duration::from_secs(1), &closing).await;
        assert_eq!(trickling.as_secs(), SILENCE.as_secs());
    }

    #[tokio::test]
    async fn a_body_is_pending_until_its_end_was_read() {
        let arrival = Arrival::default();
        let mut request = Request::builder().finish();
        arrival.watch(&mut request);
        assert!(!arrival.is_pending(), "there is no body");
        let mut request = Request::builder().body("body");
        arrival.watch(&mut request);
        assert!(arrival.is_pending());
        assert_eq!(request.take_body().into_vec().await.unwrap(), b"body");
        assert!(!arrival.is_pending());
    }
}

//! The HTTP/1.1 server: the framework's own has no limits on headers, idle clients or connections. TLS and HTTP/2 are the
//! business of the proxy in front.

use std::{convert::Infallible, future::poll_fn, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{Request as Incoming, body::Incoming as IncomingBody, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::{
    Addr, Endpoint, Request, Response,
    http::{HeaderValue, StatusCode, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    linger::{Arrival, linger},
    refusal::{Answering, answer},
};
use crate::problem::Code;

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// The head of a request arrives within this time; an idle connection is closed after it.
    pub head: Duration,
    /// The largest head in bytes.
    pub head_bytes: usize,
    /// A client that reads nothing for this long is gone.
    pub stalled: Duration,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// After the signal to stop, what is being answered has this long.
    pub farewell: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(15),
            head_bytes: 32 * 1024,
            stalled: Duration::from_secs(30),
            connections: 4096,
            farewell: Duration::from_secs(10),
        }
    }
}

/// The server could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener has no address.
    #[error("the listener does not work")]
    Listener(#[source] io::Error),
}

/// Serves until `stop` resolves, then lets what is being answered finish within [`ServerLimits::farewell`].
pub async fn serve<E>(
    listener: TcpListener,
    endpoint: E,
    limits: ServerLimits,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    E: Endpoint<Output = Response> + 'static,
{
    let local = listener.local_addr().map_err(ServeError::Listener)?;
    let (closing, connections) = (CancellationToken::new(), TaskTracker::new());
    let room = Arc::new(Semaphore::new(limits.connections));
    let server = Server { endpoint: Arc::new(endpoint), local, limits, closing: closing.clone() };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some((stream, peer, permit)) = accept(&listener, &room) => {
                let server = server.clone();
                connections.spawn(async move {
                    server.connection(stream, peer).await;
                    drop(permit);
                });
            }
        }
    }
    drop(listener);
    closing.cancel();
    connections.close();
    if timeout(limits.farewell, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut at the end of the farewell");
    }
    Ok(())
}

/// The next connection that there is room for.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, permit)),
            // Out of file descriptors, or the client is gone already: others may come.
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

struct Server<E> {
    endpoint: Arc<E>,
    local: SocketAddr,
    limits: ServerLimits,
    closing: CancellationToken,
}

impl<E> Clone for Server<E> {
    fn clone(&self) -> Self {
        let Self { endpoint, local, limits, closing } = self;
        Self { endpoint: Arc::clone(endpoint), local: *local, limits: *limits, closing: closing.clone() }
    }
}

impl<E: Endpoint<Output = Response> + 'static> Server<E> {
    async fn connection(&self, stream: TcpStream, peer: SocketAddr) {
        // Answers are small and complete; waiting for more to send only delays them.
        drop(stream.set_nodelay(true));
        let io = Answering::new(TokioIo::new(stream), self.limits.stalled);
        let arrival = Arrival::default();
        let service = service_fn(|request| Box::pin(self.answer(request, peer, &arrival)));
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(self.limits.head_bytes);
        let mut connection = builder.serve_connection(io, service);
        let mut told = false;
        let ended = loop {
            tokio::select! {
                ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
                () = self.closing.cancelled(), if !told => {
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                    told = true;
                }
            }
        };
        let parts = connection.into_parts();
        let stream = parts.io.into_inner().into_inner();
        let is_late = ended.as_ref().is_err_and(hyper::Error::is_timeout);
        match (is_late, parts.read_buf.is_empty()) {
            // An idle connection ends without a word; half a head deserves an answer.
            (true, true) => {}
            (true, false) => self.end(stream, &answer(Code::RequestTimeout), true).await,
            (false, _) => self.end(stream, b"", ended.is_err() || arrival.is_pending()).await,
        }
    }

    /// Closes a connection after some last words, and waits for a client that may still be sending.
    async fn end(&self, mut stream: TcpStream, words: &[u8], may_send: bool) {
        drop(timeout(self.limits.stalled, stream.write_all(words)).await);
        drop(stream.shutdown().await);
        if may_send {
            linger(stream, &self.closing).await;
        }
    }

    async fn answer(
        &self,
        request: Incoming<IncomingBody>,
        peer: SocketAddr,
        arrival: &Arrival,
    ) -> Result<
        hyper::Response<impl hyper::body::Body<Data = bytes::Bytes, Error = io::Error> + use<E>>,
        Infallible,
    > {
        let (local, remote) = (LocalAddr(Addr::socket(self.local)), RemoteAddr(Addr::socket(peer)));
        let mut request = Request::from((request, local, remote, Scheme::HTTP));
        arrival.watch(&mut request);
        let mut response = self.endpoint.get_response(request).await;
        // The rest of such a body is not waited for, so the connection is of no more use.
        let gave_up = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];
        if arrival.is_pending() && gave_up.contains(&response.status()) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.into())
    }
}

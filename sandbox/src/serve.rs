//! The accept loop: HTTP/1.1 and HTTP/2, with connections that can really be dropped.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use poem::http::StatusCode;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Calls that one HTTP/2 connection carries at a time: no more than a caller may count on (RFC 9113, section 6.5.2).
const STREAMS: u32 = 100;

/// Marks a response that must not be sent: the connection closes instead, and takes every other call on it along.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hangup;

impl Hangup {
    /// A marked response. Where another server sends it all the same, it is a bare 502.
    pub(crate) fn response() -> Response {
        let mut response = Response::from(StatusCode::BAD_GATEWAY);
        response.extensions_mut().insert(Self);
        response
    }
}

/// How long open calls may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Serves an endpoint until `shutdown` completes.
pub(crate) async fn serve<E>(
    endpoint: E,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    let (endpoint, local) = (Arc::new(endpoint), listener.local_addr()?);
    let (stop, stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => {
                    connections.spawn(connection(Arc::clone(&endpoint), stream, local, remote, stopping.clone()));
                }
                // Out of file descriptors, most likely: wait for some connection to end.
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop((listener, stop));
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, all).await;
    connections.shutdown().await;
    Ok(())
}

async fn connection<E>(
    endpoint: Arc<E>,
    stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    stopping: watch::Receiver<()>,
) where
    E: Endpoint<Output = Response> + 'static,
{
    let _ = stream.set_nodelay(true);
    let dropped = Arc::new(Notify::new());
    let drops = Arc::clone(&dropped);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let (endpoint, drops) = (Arc::clone(&endpoint), Arc::clone(&drops));
        async move {
            name_host(&mut request);
            let (local, remote) = (LocalAddr(local.into()), RemoteAddr(remote.into()));
            let response = endpoint.get_response(Request::from((request, local, remote, Scheme::HTTP))).await;
            if response.extensions().get::<Hangup>().is_some() {
                drops.notify_one();
                return std::future::pending().await;
            }
            Ok::<_, Infallible>(hyper::Response::from(response))
        }
    });
    tokio::select! {
        () = dropped.notified() => {}
        () = converse(stream, service, stopping) => {}
    }
}

/// Speaks HTTP on a connection until either side ends it. Errors are the caller's going away.
async fn converse<S, B>(stream: TcpStream, service: S, mut stopping: watch::Receiver<()>)
where
    S: Service<hyper::Request<Incoming>, Response = hyper::Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: hyper::body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new());
    http.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
    let served = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        _ = served.as_mut() => return,
        _ = stopping.changed() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// HTTP/2 names the host in the address; whoever reads a request looks for it in the header (RFC 9113, section 8.3.1).
fn name_host(request: &mut hyper::Request<Incoming>) {
    let authority = request.uri().authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok());
    if let Some(host) = authority {
        request.headers_mut().entry(HOST).or_insert(host);
    }
}

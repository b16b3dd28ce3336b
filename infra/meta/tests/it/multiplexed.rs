//! Many calls on one connection: they share its fate, and nobody is sent twice for that.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::{Response, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use meta::{HttpVersion, Meta, Settings};
use publishing::{
    platform::Platform,
    publisher::{Published, Publisher},
    refusal::{PlatformCode, Reason, Remedy},
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

use crate::{
    rig::Rig,
    stage::{self, work},
    wire::Wire,
};

const NO_CODE: PlatformCode = PlatformCode { status: None, code: None, subcode: None };

/// A sandbox that is reached over a wire.
async fn wired() -> (Rig, Wire) {
    let mut rig = Rig::new().await;
    let wire = Wire::to(rig.address).await;
    rig.reach_over(wire.address, |settings| Settings {
        publish_timeout: Duration::from_secs(12),
        ..settings
    });
    (rig, wire)
}

#[tokio::test]
async fn a_crowd_shares_a_few_connections_and_everybody_is_published_once() {
    let (rig, wire) = wired().await;
    rig.latency(300).await;
    let work: Vec<_> = (0..250).map(|n| rig.numbered(n)).collect();
    let published = join_all(work.iter().map(|work| rig.meta.publish(work))).await;
    assert!(published.iter().all(|one| matches!(one, Published::Live(_))), "{published:?}");
    assert_eq!(rig.ledger().await.len(), 250);
    assert_eq!(wire.opened(), 3, "a hundred on each");
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_every_call_on_it_unclear_and_none_is_sent_again() {
    let (rig, wire) = wired().await;
    rig.latency(2_000).await;
    let work: Vec<_> = (0..40).map(|n| rig.numbered(n)).collect();
    let calls = join_all(work.iter().map(|work| rig.meta.publish(work)));
    let cut = async {
        while rig.calls("feed").await < 40 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        wire.cut();
    };
    let (published, ()) = tokio::join!(calls, cut);
    assert!(published.iter().all(|one| *one == Published::Unclear(NO_CODE)), "{published:?}");
    rig.latency(0).await;
    assert!(matches!(rig.meta.publish(&rig.numbered(40)).await, Published::Live(_)), "on a new connection");
    assert_eq!(rig.calls("feed").await, 41);
}

#[tokio::test]
async fn a_connection_that_leads_nowhere_any_more_does_not_swallow_the_next_call() {
    let (rig, wire) = wired().await;
    assert!(matches!(rig.meta.publish(&rig.numbered(0)).await, Published::Live(_)));
    wire.stall();
    assert_eq!(rig.meta.publish(&rig.numbered(1)).await, Published::Unclear(NO_CODE));
    assert!(matches!(rig.meta.publish(&rig.numbered(2)).await, Published::Live(_)));
    assert_eq!((wire.opened(), rig.calls("feed").await), (2, 2));
}

#[tokio::test]
async fn a_crowd_that_gets_no_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (meta, work) = (multiplexing(address), work(Platform::Facebook, 0));
    for published in join_all((0..50).map(|_| meta.publish(&work))).await {
        assert_unsent(&published);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_never_had_their_turn_on_a_connection_were_not_sent_and_never_will_be() {
    let server = Server::new(1, Answer::Held).await;
    let (meta, work) = (multiplexing(server.address), work(Platform::Facebook, 0));
    let crowd = async {
        server.until_called(1).await;
        let published = join_all((0..20).map(|_| meta.publish(&work))).await;
        server.release.notify_waiters();
        published
    };
    let (first, published) = tokio::join!(meta.permalink(&work, "104_1"), crowd);
    assert!(first.is_ok(), "the only place on the connection was free in the end: {first:?}");
    published.iter().for_each(assert_unsent);
    // What the connection kept would go out now that the place is free.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn a_call_whose_connection_somebody_elses_fault_closes_does_not_wait_for_its_own_end() {
    let (rig, _wire) = wired().await;
    rig.fault("feed", json!({ "kind": "hang" })).await;
    let (silent, dropped) = (rig.numbered(0), rig.numbered(1));
    let neighbour = async {
        while rig.calls("feed").await < 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        rig.fault("feed", json!({ "kind": "execute_then_drop" })).await;
        rig.meta.publish(&dropped).await
    };
    let both = async { tokio::join!(rig.meta.publish(&silent), neighbour) };
    let both = tokio::time::timeout(Duration::from_secs(8), both).await;
    assert_eq!(
        both.expect("both end with the connection"),
        (Published::Unclear(NO_CODE), Published::Unclear(NO_CODE))
    );
    assert_eq!(rig.ledger().await.len(), 1);
}

#[tokio::test]
async fn a_call_that_the_server_refused_to_take_up_is_not_sent_again() {
    for reason in [h2::Reason::REFUSED_STREAM, h2::Reason::INTERNAL_ERROR, h2::Reason::ENHANCE_YOUR_CALM] {
        let server = Server::new(100, Answer::Reset(reason)).await;
        let published = multiplexing(server.address).publish(&work(Platform::Facebook, 0)).await;
        assert_eq!(published, Published::Unclear(NO_CODE), "{reason}");
        assert_eq!(server.calls(), 1, "{reason}");
    }
}

#[tokio::test]
async fn a_server_that_says_goodbye_after_each_answer_gets_each_call_once() {
    let server = Server::new(100, Answer::LiveThenGoodbye).await;
    let (meta, work) = (multiplexing(server.address), work(Platform::Facebook, 0));
    for calls in 1..=20 {
        let published = meta.publish(&work).await;
        assert!(matches!(published, Published::Live(_)), "{published:?}");
        assert_eq!(server.calls(), calls);
    }
}

fn multiplexing(address: SocketAddr) -> Meta {
    let publish_timeout = Duration::from_secs(3);
    stage::built(Settings { http: HttpVersion::Http2, publish_timeout, ..stage::settings(address) })
}

fn assert_unsent(published: &Published) {
    let Published::Refused(refusal) = published else { panic!("nothing was sent: {published:?}") };
    assert_eq!((refusal.reason, refusal.remedy), (Reason::PlatformUnavailable, Remedy::Retry));
}

/// What a server makes of each call.
#[derive(Clone, Copy)]
enum Answer {
    /// When it is released.
    Held,
    Reset(h2::Reason),
    LiveThenGoodbye,
}

/// An HTTP/2 server that counts the calls it took up.
struct Server {
    address: SocketAddr,
    calls: watch::Receiver<usize>,
    release: Arc<Notify>,
}

impl Server {
    async fn new(streams: u32, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, calls) = watch::channel(0);
        let (count, release) = (Arc::new(count), Arc::new(Notify::new()));
        let released = Arc::clone(&release);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (count, release) = (Arc::clone(&count), Arc::clone(&released));
                tokio::spawn(serve(TokioIo::new(stream), streams, answer, count, release));
            }
        });
        Self { address, calls, release }
    }

    fn calls(&self) -> usize {
        *self.calls.borrow()
    }

    async fn until_called(&self, times: usize) {
        self.calls.clone().wait_for(|calls| *calls >= times).await.unwrap();
    }
}

async fn serve(
    io: TokioIo<TcpStream>,
    streams: u32,
    answer: Answer,
    count: Arc<watch::Sender<usize>>,
    release: Arc<Notify>,
) {
    let goodbye = Arc::new(Notify::new());
    let bye = Arc::clone(&goodbye);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (count, bye, release) = (Arc::clone(&count), Arc::clone(&bye), Arc::clone(&release));
        async move {
            request.into_body().collect().await.unwrap();
            count.send_modify(|calls| *calls += 1);
            match answer {
                Answer::Held => {
                    release.notified().await;
                    let body = br#"{"permalink_url":"https://facebook.example/104_1"}"#;
                    Ok(Response::new(Full::new(Bytes::from_static(body))))
                }
                Answer::Reset(reason) => Err(h2::Error::from(reason)),
                Answer::LiveThenGoodbye => {
                    bye.notify_one();
                    Ok(Response::new(Full::new(Bytes::from_static(br#"{"id":"104_1"}"#))))
                }
            }
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let served = builder.max_concurrent_streams(streams).serve_connection(io, service);
    tokio::pin!(served);
    tokio::select! {
        _ = served.as_mut() => return,
        () = goodbye.notified() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

//! Through real sockets: what slow, huge and broken requests get, and what stopping does.

use std::{net::SocketAddr, time::Duration};

use api::traffic::{Intake, ServerLimits, serve};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::support::{Api, registering};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

fn impatient() -> (Api, ServerLimits) {
    let mut api = Api::new();
    api.settings.intake =
        Intake { grace: Duration::from_millis(300), upload: 3_000_000, ..Intake::default() };
    let head = Duration::from_millis(300);
    (api, ServerLimits { head, farewell: Duration::from_secs(2), ..ServerLimits::default() })
}

async fn start() -> Running {
    let (api, limits) = impatient();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(async move {
        let signal = async { drop(stopped.await) };
        serve(listener, api.endpoint(), limits, signal).await.unwrap();
    });
    Running { address, stop, server }
}

/// Reads until the server closes; 10 s is for ever here.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    drop(read.expect("the server closes the connection"));
    String::from_utf8(bytes).unwrap()
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    rest(&mut stream).await
}

fn problem(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a complete answer");
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert!(body["request_id"].as_str().unwrap().starts_with("req_"));
    (head[9..12].parse().unwrap(), body["code"].as_str().unwrap().to_owned())
}

const POST: &str = "POST /v1/registrations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

#[tokio::test]
async fn half_a_head_is_answered_and_an_idle_connection_is_closed_without_a_word() {
    let running = start().await;
    assert_eq!(
        problem(&exchange(running.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ").await),
        (408, "request_timeout".into())
    );
    assert_eq!(exchange(running.address, b"").await, "");
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_answered() {
    let running = start().await;
    let request = format!("{POST}content-length: 100\r\n\r\n{{\"mail\":");
    assert_eq!(
        problem(&exchange(running.address, request.as_bytes()).await),
        (408, "request_timeout".into())
    );
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_however_steady_it_is() {
    let running = start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(format!("{POST}content-length: 100000\r\n\r\n").as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        while writer.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = trickle => {}
        read = timeout(Duration::from_secs(10), reader.read_to_end(&mut answer)) => drop(read.expect("an answer")),
    }
    assert_eq!(problem(&String::from_utf8(answer).unwrap()), (408, "request_timeout".into()));
}

#[tokio::test]
async fn an_announced_body_over_the_limit_is_refused_before_it_is_sent() {
    let running = start().await;
    let request = format!("{POST}content-length: 209715200\r\n\r\n");
    assert_eq!(problem(&exchange(running.address, request.as_bytes()).await), (413, "body_too_large".into()));
}

#[tokio::test]
async fn an_unannounced_body_over_the_limit_is_refused_while_it_is_sent() {
    let running = start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(format!("{POST}transfer-encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut sent = 0_u64;
    while sent < 200_000_000 && stream.write_all(chunk.as_bytes()).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 100_000_000, "the server took {sent} bytes");
}

#[tokio::test]
async fn a_chunked_body_just_over_the_limit_gets_the_answer() {
    let running = start().await;
    let size = 1024 * 1024 + 1;
    let request =
        format!("{POST}transfer-encoding: chunked\r\n\r\n{size:x}\r\n{}\r\n0\r\n\r\n", " ".repeat(size));
    assert_eq!(problem(&exchange(running.address, request.as_bytes()).await), (413, "body_too_large".into()));
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_learns_that_it_was_too_much() {
    let running = start().await;
    // More than the sockets' buffers hold, so that the client cannot end before the server has read on.
    let size = 30_000_000;
    let chunk = format!("{size:x}\r\n{}\r\n0\r\n\r\n", " ".repeat(size));
    for (framing, body) in [
        (format!("content-length: {size}"), " ".repeat(size)),
        ("transfer-encoding: chunked".to_owned(), chunk),
    ] {
        let answer = exchange(running.address, format!("{POST}{framing}\r\n\r\n{body}").as_bytes()).await;
        assert!(answer.contains("connection: close"), "{answer}");
        assert_eq!(problem(&answer), (413, "body_too_large".into()));
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_however_much_of_it_was_sent() {
    let running = start().await;
    let huge = format!("GET / HTTP/1.1\r\nhost: x\r\nx-huge: {}\r\n\r\n", "a".repeat(30_000_000));
    assert_eq!(problem(&exchange(running.address, huge.as_bytes()).await), (431, "headers_too_large".into()));
}

#[tokio::test]
async fn what_is_not_http_gets_a_problem_too() {
    let running = start().await;
    for request in ["\0\0\0\0\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", "GET\r\n\r\n"] {
        assert_eq!(problem(&exchange(running.address, request.as_bytes()).await).0, 400, "{request:?}");
    }
    let huge = format!("GET / HTTP/1.1\r\nhost: x\r\nx-huge: {}\r\n\r\n", "a".repeat(100_000));
    assert_eq!(problem(&exchange(running.address, huge.as_bytes()).await), (431, "headers_too_large".into()));
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let running = start().await;
    let twice = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(running.address, twice).await.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn a_head_request_gets_the_head_only() {
    let running = start().await;
    let answer =
        exchange(running.address, b"HEAD /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn stopping_lets_the_request_in_hand_finish_and_takes_no_more() {
    let running = start().await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = registering("ada@example.org").to_string();
    let head = format!("{POST}content-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    // The head is being worked on once a second connection was served after it.
    let probe = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(exchange(running.address, probe).await.contains("200 OK"));
    running.stop.send(()).unwrap();
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 202 "));
    timeout(Duration::from_secs(10), running.server).await.expect("the server ends").unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

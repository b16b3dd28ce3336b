//! Fetches against real sockets on this machine.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use outbound::{AllowedHost, Limits, Lookup, Outbound};
use publishing::media::fetch::{AddressRefusal, FetchError, RemoteFetch};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

/// Answers the n-th connection with the n-th text and keeps it open when the text is to be continued.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

const STAY_OPEN: &str = "\u{0}";

async fn server(answers: Vec<String>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut open = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            assert!(request.contains("accept-encoding: identity"), "{request}");
            assert!(!request.contains("cookie:") && !request.contains("authorization:"), "{request}");
            let (text, keep) =
                answer.strip_suffix(STAY_OPEN).map_or((answer.as_str(), false), |text| (text, true));
            let _ = stream.write_all(text.as_bytes()).await;
            if keep {
                open.push(stream);
            }
        }
        std::future::pending::<()>().await;
    });
    Server { address, connections }
}

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\nlocation: {to}\r\n\r\n")
}

/// Everything resolves to this machine.
struct Home;

#[async_trait]
impl Lookup for Home {
    async fn lookup(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()])
    }
}

fn limits() -> Limits {
    Limits { idle: Duration::from_millis(300), total: Duration::from_secs(3), ..Limits::default() }
}

fn client(server: &Server) -> Outbound {
    let allowed = vec![server.address.to_string().parse::<AllowedHost>().unwrap()];
    Outbound::with_lookup(limits(), allowed, Arc::new(Home)).unwrap()
}

async fn read(client: &Outbound, url: &str, limit: u64) -> Result<String, FetchError> {
    let fetched = client.fetch(&Url::parse(url).unwrap(), limit).await?;
    let body: Vec<_> = fetched.body.try_collect().await?;
    Ok(String::from_utf8(body.concat()).unwrap())
}

async fn read_from(answers: Vec<String>, limit: u64) -> Result<String, FetchError> {
    let server = server(answers).await;
    read(&client(&server), &format!("http://{}/a", server.address), limit).await
}

#[tokio::test]
async fn a_body_comes_with_its_declared_type() {
    let server = server(vec![ok("content-type: image/png\r\n", "picture")]).await;
    let url = Url::parse(&format!("http://{}/a.png", server.address)).unwrap();
    let fetched = client(&server).fetch(&url, 7).await.unwrap();
    assert_eq!(fetched.content_type.as_deref(), Some("image/png"));
    assert_eq!(fetched.body.try_collect::<Vec<_>>().await.unwrap().concat(), b"picture");
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_gets_no_connection() {
    let server = server(vec![ok("", "secret")]).await;
    let client = client(&server);
    let refused = Err(FetchError::Refused(AddressRefusal::NotPublic));
    for url in [
        "http://rebind.test/",
        "https://rebind.test/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
    ] {
        assert_eq!(read(&client, url, 100).await, refused, "{url}");
    }
    let with_port = format!("http://rebind.test:{}/", server.address.port());
    assert_eq!(read(&client, &with_port, 100).await, Err(FetchError::Refused(AddressRefusal::Port)));
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn every_redirect_is_judged_like_the_first_address() {
    let refused = [
        ("http://rebind.test/", AddressRefusal::NotPublic),
        ("http://169.254.169.254/latest/meta-data/", AddressRefusal::NotPublic),
        ("//0x7f.1/", AddressRefusal::NotPublic),
        ("http://127.0.0.1:1/", AddressRefusal::Port),
        ("file:///etc/passwd", AddressRefusal::Scheme),
        ("http://user:word@example.com/", AddressRefusal::Credentials),
    ];
    for (to, why) in refused {
        assert_eq!(read_from(vec![redirect(to)], 100).await, Err(FetchError::Refused(why)), "{to}");
    }
    let nowhere = "HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_owned();
    assert_eq!(read_from(vec![nowhere], 100).await, Err(FetchError::Redirects));
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() {
    let hops = |count| std::iter::repeat_n(redirect("/next"), count);
    assert_eq!(read_from(hops(3).chain([ok("", "here")]).collect(), 100).await.unwrap(), "here");
    assert_eq!(read_from(hops(4).chain([ok("", "here")]).collect(), 100).await, Err(FetchError::Redirects));
}

#[tokio::test]
async fn a_body_over_the_limit_is_cut_off_whether_it_is_announced_or_not() {
    let announced = ok("content-length: 1000000\r\n", &format!("x{STAY_OPEN}"));
    assert_eq!(read_from(vec![announced], 10).await, Err(FetchError::TooLarge(10)));
    let silent = ok("", &"x".repeat(100_000));
    assert_eq!(read_from(vec![silent], 10).await, Err(FetchError::TooLarge(10)));
    let endless = ok("transfer-encoding: chunked\r\n", &"5\r\nxxxxx\r\n".repeat(1000)) + STAY_OPEN;
    let server = server(vec![endless]).await;
    let url = Url::parse(&format!("http://{}/", server.address)).unwrap();
    let pieces: Vec<_> = client(&server).fetch(&url, 10).await.unwrap().body.collect().await;
    assert_eq!(pieces.iter().filter(|piece| piece.is_err()).count(), 1, "nothing follows the error");
    assert_eq!(pieces.last().unwrap(), &Err(FetchError::TooLarge(10)));
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    assert_eq!(
        read_from(vec![ok("content-encoding: gzip\r\n", "bomb")], 100).await,
        Err(FetchError::Encoded)
    );
    assert_eq!(read_from(vec![ok("content-encoding: identity\r\n", "plain")], 100).await.unwrap(), "plain");
}

#[tokio::test]
async fn another_status_than_200_is_reported_with_its_number() {
    let gone = "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody".to_owned();
    assert_eq!(read_from(vec![gone], 100).await, Err(FetchError::Status(404)));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    assert_eq!(read_from(vec![STAY_OPEN.to_owned()], 100).await, Err(FetchError::TimedOut));
    let half = ok("content-length: 10\r\n", &format!("half{STAY_OPEN}"));
    assert_eq!(read_from(vec![half], 100).await, Err(FetchError::TimedOut));
    let broken = ok("content-length: 10\r\n", "half");
    assert_eq!(read_from(vec![broken], 100).await, Err(FetchError::Unreachable));
}

#[tokio::test]
async fn a_body_that_drips_for_ever_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let head = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
        assert!(head.is_ok());
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let limits = Limits { total: Duration::from_millis(500), ..limits() };
    let client = Outbound::new(limits, vec![address.to_string().parse().unwrap()]).unwrap();
    assert_eq!(read(&client, &format!("http://{address}/"), 1_000_000).await, Err(FetchError::TimedOut));
}

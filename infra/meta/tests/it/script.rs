//! A server that answers what it is told, in order, and remembers every request that reached it.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One answer.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A complete answer.
    Answer { status: u16, headers: &'static str, body: String },
    /// The request is read whole, then the connection is closed.
    HangUp,
    /// The request is read whole, and nothing follows.
    Silence,
    /// A body that ends before its announced length.
    Half(&'static str),
    /// A complete answer, and the connection is closed although nothing said so.
    AnswerThenClose(&'static str),
}

pub(crate) fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer { status: 200, headers: "", body: body.into() }
}

pub(crate) fn answer(status: u16, headers: &'static str, body: impl Into<String>) -> Reply {
    Reply::Answer { status, headers, body: body.into() }
}

/// Meta's error object.
pub(crate) fn error(status: u16, code: i64, subcode: Option<i64>) -> Reply {
    let subcode = subcode.map(|s| format!(r#","error_subcode":{s}"#)).unwrap_or_default();
    let body = format!(
        r#"{{"error":{{"message":"canary message","type":"OAuthException","code":{code}{subcode},"fbtrace_id":"Abc"}}}}"#
    );
    answer(status, "", body)
}

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) connection: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) target: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) form: HashMap<String, String>,
}

pub(crate) struct Script {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Script {
    pub(crate) async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
        };
        let (requests, replies) = (script.requests.clone(), script.replies.clone());
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(talk(stream, connection, requests.clone(), replies.clone()));
            }
        });
        script
    }

    /// Everything that arrived.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request that arrived.
    pub(crate) fn only(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests[0].clone()
    }

    /// Paths in the order of arrival.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|r| format!("{} {}", r.method, r.path)).collect()
    }

    /// Whether every answer was fetched.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.replies.lock().unwrap().is_empty()
    }
}

async fn talk(
    mut stream: TcpStream,
    connection: usize,
    requests: Arc<Mutex<Vec<Request>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
) {
    let mut buffer = Vec::new();
    while let Some(request) = receive(&mut stream, &mut buffer, connection).await {
        requests.lock().unwrap().push(request);
        let reply = replies.lock().unwrap().pop_front();
        let bytes = match reply.unwrap_or_else(|| answer(500, "", "nothing was scripted for this")) {
            Reply::Answer { status, headers, body } => {
                format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
            }
            Reply::AnswerThenClose(body) => {
                let text = format!("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Reply::Half(body) => {
                let text = format!("HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 9);
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Reply::HangUp => return,
            Reply::Silence => std::future::pending().await,
        };
        if stream.write_all(bytes.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>, connection: usize) -> Option<Request> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |l| l.parse().unwrap());
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body: Vec<u8> = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = |bytes: &[u8]| url::form_urlencoded::parse(bytes).into_owned().collect();
    let (path, query) = (path.to_owned(), pairs(query.as_bytes()));
    Some(Request { connection, method, path, target, query, headers, form: pairs(&body) })
}

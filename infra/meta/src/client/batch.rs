//! Reading calls of many channels in one request.
//!
//! A crowd that was published together asks for its permalinks together, and a request for each would cost as much as
//! publishing did. Meta takes up to fifty calls at once, each with a token of its own
//! (<https://developers.facebook.com/docs/graph-api/batch-requests>), and counts them one by one: what is saved is ours.
//! Whoever is alone makes an ordinary call.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use publishing::refusal::{Reason, Remedy};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{sync::oneshot, time::Instant};
use url::Position;

use super::{Answer, Graph};
use crate::{
    call::{Bearer, Call},
    failure::{Failure, unsent},
};

/// Most calls in one request, by the document above.
const MOST: usize = 50;
/// How long the first call waits for others: nobody waits for a permalink.
const LINGER: Duration = Duration::from_millis(20);

/// The calls that wait to be sent.
#[derive(Default)]
pub(super) struct Batch {
    waiting: Mutex<Vec<Question>>,
}

struct Question {
    /// Path and parameters below the version; among them the token.
    address: SecretString,
    reply: oneshot::Sender<Reply>,
}

/// Whose turn it is when a question was added.
enum Added {
    /// It opened a batch: somebody has to send it after a while.
    First,
    Between,
    /// It filled the batch, which goes out at once.
    Last(Vec<Question>),
}

/// What came of a call in a batch.
enum Reply {
    Answer(Answer),
    /// Nothing was heard of it.
    Lost(Failure),
    /// The batch says nothing about it, or there was none.
    Alone,
}

/// A call as the platform wants it described.
#[derive(Serialize)]
struct Described<'a> {
    method: &'static str,
    relative_url: &'a str,
}

/// The answer to one call; `null` in its place means that the platform ran out of time.
#[derive(Deserialize)]
struct Item {
    code: u16,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

impl Graph {
    /// Makes a reading call once like [`Graph::send`], together with those that others make at the same moment.
    pub(crate) async fn ask<T: DeserializeOwned>(self: &Arc<Self>, call: Call<'_>) -> Result<T, Failure> {
        let exchange = async {
            match self.together(&call).await? {
                Reply::Answer(answer) => Ok(answer),
                Reply::Lost(failure) => Err(failure),
                Reply::Alone => {
                    // The batch may have met a limit.
                    self.unpaused(call.asset)?;
                    self.exchange(&call).await
                }
            }
        };
        self.attempt(&call, exchange).await
    }

    async fn together(self: &Arc<Self>, call: &Call<'_>) -> Result<Reply, Failure> {
        let Bearer::Token(token) = call.bearer else { return Ok(Reply::Alone) };
        let (reply, answer) = oneshot::channel();
        let added = self.batch.add(Question { address: self.relative(call, token)?, reply });
        let graph = self.clone();
        // On tasks of their own: whoever asked may go, the others still want to know.
        match added {
            Added::First => drop(tokio::spawn(async move {
                tokio::time::sleep(LINGER).await;
                graph.ask_all(graph.batch.take()).await;
            })),
            Added::Last(all) => drop(tokio::spawn(async move { graph.ask_all(all).await })),
            Added::Between => {}
        }
        Ok(answer.await.unwrap_or(Reply::Lost(Failure::UNHEARD)))
    }

    /// The address of a call below host and version, with the token that a batch has no header for.
    fn relative(&self, call: &Call<'_>, token: &SecretString) -> Result<SecretString, Failure> {
        let mut url = self.address(call)?;
        url.query_pairs_mut().append_pair("access_token", token.expose_secret());
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let below = path.strip_prefix(self.base.path()).unwrap_or(path);
        Ok(SecretString::from(below.trim_start_matches('/')))
    }

    /// Sends what waited and hands out the answers.
    async fn ask_all(&self, questions: Vec<Question>) {
        if questions.len() < 2 {
            return questions.into_iter().map(|question| question.answer(Reply::Alone)).collect();
        }
        let described: Vec<_> = questions
            .iter()
            .map(|question| Described { method: "GET", relative_url: question.address.expose_secret() })
            .collect();
        // Texts alone: this cannot fail.
        let described = serde_json::to_string(&described).unwrap_or_default();
        let form = [("batch", described.as_str())];
        // It needs a token of its own, although every call in it has one.
        let sent: Result<Vec<Option<Item>>, _> = self.send(Call::post("batch", &[], &form).as_app()).await;
        let mut items = sent.map(Vec::into_iter);
        for question in questions {
            question.answer(match &mut items {
                Ok(items) => items.next().flatten().map_or(Reply::Lost(Failure::UNHEARD), Reply::from),
                // Whatever is answered to the batch, a limit or something unreadable, says nothing about a call in it.
                Err(failure) if failure.code().status.is_some() => Reply::Alone,
                Err(failure) => Reply::Lost(*failure),
            });
        }
    }

    /// An error if the platform asked for a pause that lasts.
    pub(super) fn unpaused(&self, asset: Option<&str>) -> Result<(), Failure> {
        match self.pauses.remaining(asset, Instant::now()) {
            Some(left) => Err(unsent(Reason::RateLimited, Remedy::Wait(left))),
            None => Ok(()),
        }
    }
}

impl Batch {
    fn add(&self, question: Question) -> Added {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(question);
        match waiting.len() {
            1 => Added::First,
            MOST => Added::Last(std::mem::take(&mut *waiting)),
            _ => Added::Between,
        }
    }

    /// Everybody who waits; fewer than go into a request.
    fn take(&self) -> Vec<Question> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Question {
    fn answer(self, reply: Reply) {
        // Whoever asked may have gone.
        let _ = self.reply.send(reply);
    }
}

impl From<Item> for Reply {
    fn from(item: Item) -> Self {
        let headers: HeaderMap = item.headers.into_iter().filter_map(Header::read).collect();
        Self::Answer(Answer { status: item.code, headers, body: item.body.unwrap_or_default().into_bytes() })
    }
}

impl Header {
    fn read(self) -> Option<(HeaderName, HeaderValue)> {
        Some((self.name.parse().ok()?, self.value.parse().ok()?))
    }
}

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

use publishing::refusal::Remedy;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;
use url::Position;

use super::{Answer, Graph};
use crate::{
    call::{Bearer, Call},
    decode,
    failure::Failure,
};

/// Most calls in one request, by the document above.
const MOST: usize = 50;
/// How long the first call waits for others: nobody waits for a permalink.
const LINGER: Duration = Duration::from_millis(20);

/// The calls that wait to be sent.
#[derive(Default)]
pub(super) struct Batch {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    /// Batches that were sent before this one.
    number: u64,
    questions: Vec<Question>,
}

struct Question {
    /// Path and parameters below the version; among them the token.
    address: SecretString,
    reply: oneshot::Sender<Reply>,
}

/// Whose turn it is when a question was added.
enum Added {
    /// It opened the batch of this number: somebody has to send it after a while.
    First(u64),
    Between,
    /// It filled the batch, which goes out at once.
    Last(Vec<Question>),
}

/// What came of a call in a batch; `None` if there was no batch, or if its answer says nothing about the call.
type Reply = Option<Result<Answer, Failure>>;

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
    headers: Option<Vec<Header>>,
    #[serde(default)]
    body: Option<String>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default, deserialize_with = "decode::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "decode::text")]
    value: Option<String>,
}

impl Graph {
    /// Makes a reading call like [`Graph::send`], together with those that others make at the same moment. Who is refused there, other
    /// than by a limit, asks once more alone: what a batch makes of a token is not the token's fault.
    pub(crate) async fn ask<T: DeserializeOwned>(self: &Arc<Self>, call: Call<'_>) -> Result<T, Failure> {
        let Some(together) = self.together(&call).await? else { return self.send(call).await };
        let is_answered = together.is_ok();
        match self.attempt(&call, async { together }).await {
            Err(Failure::Refused(meaning, _))
                if is_answered && !matches!(meaning.remedy, Remedy::Wait(_)) =>
            {
                self.send(call).await
            }
            outcome => outcome,
        }
    }

    async fn together(self: &Arc<Self>, call: &Call<'_>) -> Result<Reply, Failure> {
        let Bearer::Token(token) = call.bearer else { return Ok(None) };
        self.unpaused(call.asset)?;
        let (reply, answer) = oneshot::channel();
        let added = self.batch.add(Question { address: self.relative(call, token)?, reply });
        let graph = self.clone();
        // On tasks of their own: whoever asked may go, the others still want to know.
        match added {
            Added::First(number) => drop(tokio::spawn(async move {
                tokio::time::sleep(LINGER).await;
                graph.ask_all(graph.batch.take(number)).await;
            })),
            Added::Last(all) => drop(tokio::spawn(async move { graph.ask_all(all).await })),
            Added::Between => {}
        }
        Ok(answer.await.unwrap_or(Some(Err(Failure::UNHEARD))))
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
        let items = if questions.len() > 1 { self.exchange_all(&questions).await } else { Ok(Vec::new()) };
        match items {
            Ok(items) if items.len() == questions.len() => {
                for (question, item) in questions.into_iter().zip(items) {
                    question.answer(Some(item.map(Answer::from).ok_or(Failure::UNHEARD)));
                }
            }
            // A platform that is out of order is not asked fifty times more.
            Err(failure) if failure.code().status.is_none_or(|status| status >= 500) => {
                for question in questions {
                    question.answer(Some(Err(failure)));
                }
            }
            // Whatever else is answered to the batch, a refusal or something unreadable, says nothing about a call in it.
            _ => {
                for question in questions {
                    question.answer(None);
                }
            }
        }
    }

    async fn exchange_all(&self, questions: &[Question]) -> Result<Vec<Option<Item>>, Failure> {
        let described: Vec<_> = questions
            .iter()
            .map(|question| Described { method: "GET", relative_url: question.address.expose_secret() })
            .collect();
        // Texts alone: this cannot fail.
        let described = serde_json::to_string(&described).unwrap_or_default();
        // It needs a token of its own, although every call in it has one; as a parameter, which those of the calls go before.
        let form = [("access_token", self.app_token.expose_secret()), ("batch", described.as_str())];
        self.send(Call::post("batch", &[], &form)).await
    }
}

impl Batch {
    fn add(&self, question: Question) -> Added {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.questions.push(question);
        match waiting.questions.len() {
            1 => Added::First(waiting.number),
            MOST => Added::Last(waiting.close()),
            _ => Added::Between,
        }
    }

    /// Everybody in the batch of this number, unless it went out before its time because it was full.
    fn take(&self, number: u64) -> Vec<Question> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.number == number { waiting.close() } else { Vec::new() }
    }
}

impl Waiting {
    fn close(&mut self) -> Vec<Question> {
        self.number += 1;
        std::mem::take(&mut self.questions)
    }
}

impl Question {
    fn answer(self, reply: Reply) {
        // Whoever asked may have gone.
        let _ = self.reply.send(reply);
    }
}

impl From<Item> for Answer {
    fn from(item: Item) -> Self {
        let headers: HeaderMap = item.headers.into_iter().flatten().filter_map(Header::read).collect();
        Self { status: item.code, headers, body: item.body.unwrap_or_default().into_bytes() }
    }
}

impl Header {
    fn read(self) -> Option<(HeaderName, HeaderValue)> {
        Some((self.name?.parse().ok()?, self.value?.parse().ok()?))
    }
}

//! Asks, for many at once, whether permits still stand.

use std::{collections::HashSet, sync::Arc};

use publishing::queue::{Claim, PublicationQueue};
use tokio::sync::oneshot;

use crate::batch::Batches;

struct Question {
    claim: Claim,
    answer: oneshot::Sender<bool>,
}

/// Whoever asks at the same moment is answered by one statement.
#[derive(Clone)]
pub(super) struct Permits {
    questions: Batches<Question>,
}

impl Permits {
    pub(super) fn start(queue: Arc<dyn PublicationQueue>) -> Self {
        let ask = move |questions: Vec<Question>| {
            let queue = queue.clone();
            async move { answer(queue.as_ref(), questions).await }
        };
        Self { questions: Batches::start(ask) }
    }

    /// Whether the permit stands. A database that does not say so means no: nothing is sent without it.
    pub(super) async fn stands(&self, claim: Claim) -> bool {
        let (answer, wait) = oneshot::channel();
        self.questions.add(Question { claim, answer }).await;
        wait.await.unwrap_or(false)
    }
}

async fn answer(queue: &dyn PublicationQueue, questions: Vec<Question>) {
    let claims: Vec<Claim> = questions.iter().map(|q| q.claim).collect();
    let standing: HashSet<_> = queue.confirm(&claims).await.unwrap_or_default().into_iter().collect();
    for question in questions {
        // Whoever asked may have gone meanwhile.
        let _ = question.answer.send(standing.contains(&question.claim.publication));
    }
}

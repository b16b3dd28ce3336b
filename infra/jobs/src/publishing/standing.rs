//! Asks, for many at once, whether claims still stand.

use std::{collections::HashSet, sync::Arc, time::Duration};

use publishing::queue::{Claim, PublicationQueue, Queue};
use tokio::sync::oneshot;

use crate::batch::Batches;

struct Question {
    claim: Claim,
    answer: oneshot::Sender<bool>,
}

/// Whoever asks at the same moment is answered by one statement.
#[derive(Clone)]
pub(super) struct Standing {
    questions: Batches<Question>,
}

impl Standing {
    /// For claims of a queue. A question waits so long for company.
    pub(super) fn start(rows: Arc<dyn PublicationQueue>, queue: Queue, linger: Duration) -> Self {
        let ask = move |questions: Vec<Question>| {
            let rows = rows.clone();
            async move { answer(rows.as_ref(), queue, questions).await }
        };
        Self { questions: Batches::lingering(linger, ask) }
    }

    /// Whether the claim stands. A database that does not say so means no: no token is used without it.
    pub(super) async fn stands(&self, claim: Claim) -> bool {
        let (answer, wait) = oneshot::channel();
        self.questions.add(Question { claim, answer }).await;
        wait.await.unwrap_or(false)
    }
}

async fn answer(rows: &dyn PublicationQueue, queue: Queue, questions: Vec<Question>) {
    let claims: Vec<Claim> = questions.iter().map(|q| q.claim).collect();
    let standing: HashSet<_> = rows.confirm(queue, &claims).await.unwrap_or_default().into_iter().collect();
    for question in questions {
        // Whoever asked may have gone meanwhile.
        let _ = question.answer.send(standing.contains(&question.claim.publication));
    }
}

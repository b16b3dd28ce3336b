//! The four verbs, handed to the surface that the work goes to.

use async_trait::async_trait;
use chrono::TimeDelta;
use publishing::{
    platform::Platform,
    publisher::{Finding, Handles, Live, Notebook, PrepareError, Published, Publisher, Readiness, Work},
    refusal::{PlatformCode, Reason, Refusal, Remedy},
};
use serde::Deserialize;
use url::Url;

use crate::{
    Meta,
    decode::Node,
    failure::{Failure, Verdict},
    instagram, page,
};

/// Meta drops unpublished photos and containers after 24 hours; what is older than this is made anew.
const LIFETIME: TimeDelta = TimeDelta::hours(23);

/// The preparation is gone, or about to be.
pub(crate) const PREPARATION_LOST: Refusal = Refusal::of(Reason::PreparationLost, Remedy::PrepareAgain);

#[async_trait]
impl Publisher for Meta {
    async fn prepare(&self, work: &Work, notebook: &dyn Notebook) -> Result<Handles, PrepareError> {
        match work.platform {
            Platform::Facebook => page::prepare(self, work, notebook).await,
            Platform::Instagram => instagram::prepare(self, work, notebook).await,
        }
    }

    async fn check(&self, work: &Work) -> Result<Readiness, Refusal> {
        match work.platform {
            Platform::Facebook => page::check(self, work),
            Platform::Instagram => instagram::check(self, work).await,
        }
    }

    async fn publish(&self, work: &Work) -> Published {
        let outcome = match work.platform {
            Platform::Facebook => page::publish(self, work).await,
            Platform::Instagram => instagram::publish(self, work).await,
        };
        match outcome {
            Ok(Node { id: Some(id) }) => Published::Live(Live { id, permalink: None }),
            Ok(Node { id: None }) => {
                Published::Unclear(PlatformCode { status: Some(200), ..PlatformCode::default() })
            }
            Err(failure) => match failure.on_publish() {
                Verdict::Refused(refusal) => Published::Refused(refusal),
                Verdict::Unclear(code) => Published::Unclear(code),
                Verdict::Look(refusal) => self.look_after(work, refusal).await,
            },
        }
    }

    async fn find_published(&self, work: &Work) -> Finding {
        match work.platform {
            Platform::Facebook => page::find(self, work).await,
            Platform::Instagram => instagram::find(self, work).await,
        }
    }

    async fn permalink(&self, work: &Work, id: &str) -> Result<Option<Url>, Refusal> {
        let field = match work.platform {
            Platform::Facebook => "permalink_url",
            Platform::Instagram => "permalink",
        };
        let path = [id];
        let query = [("fields", field)];
        let call = crate::call::Call::get("permalink", &path).query(&query);
        let call = call.on(&work.remote_channel).token(&work.token);
        let links: Links = self.graph.ask(call).await.map_err(|failure| read_refusal(&failure))?;
        Ok(links.permalink_url.or(links.permalink).and_then(|link| web_address(&link)))
    }
}

impl Meta {
    /// "Posted before" and "nothing there to publish" are what a platform also says after it executed a call whose answer
    /// was lost. Reading calls decide whether to believe it; the irreversible one is not made again. What they find is not
    /// taken for ours here: `work.taken` is known to looks only, and the same text may have been published a moment ago.
    async fn look_after(&self, work: &Work, refusal: Refusal) -> Published {
        let finding = match work.platform {
            Platform::Facebook => page::find(self, work).await,
            Platform::Instagram => instagram::ask_container(self, work).await,
        };
        match finding {
            Finding::Live(_) => Published::Doubtful(refusal),
            Finding::NotLive { .. } | Finding::Gone => Published::Refused(refusal),
            // Both calls say that the container is not there.
            Finding::CannotTell(PlatformCode { code: Some(100), subcode: Some(33), .. })
                if refusal.remedy == Remedy::PrepareAgain =>
            {
                Published::Refused(refusal)
            }
            Finding::LiveWithoutId | Finding::CannotTell(_) | Finding::Refused(_) => {
                Published::Unclear(refusal.code)
            }
        }
    }

    /// Whether what was prepared is so old that Meta drops it.
    pub(crate) fn is_stale(&self, handles: &Handles) -> bool {
        handles.since.is_some_and(|since| self.clock.now() - since > LIFETIME)
    }

    /// Handles for a preparation that begins now.
    pub(crate) fn fresh_handles(&self) -> Handles {
        Handles { since: Some(self.clock.now()), ..Handles::default() }
    }
}

#[derive(Deserialize)]
struct Links {
    #[serde(default, deserialize_with = "crate::decode::text")]
    permalink_url: Option<String>,
    #[serde(default, deserialize_with = "crate::decode::text")]
    permalink: Option<String>,
}

/// A link that a browser may be sent to.
pub(crate) fn web_address(link: &str) -> Option<Url> {
    Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// What a failed reading call means: an object that is not there yet is asked for again.
fn read_refusal(failure: &Failure) -> Refusal {
    let refusal = failure.refusal();
    if failure.is_missing() {
        return Refusal { reason: Reason::PlatformUnavailable, remedy: Remedy::Retry, ..refusal };
    }
    refusal
}

/// What a failed look means. Only a lost right to look is final; a limit passes by the time it names, an outage by itself.
pub(crate) fn cannot_look(failure: &Failure) -> Finding {
    let refusal = failure.refusal();
    match refusal.remedy {
        Remedy::Reconnect | Remedy::Wait(_) => Finding::Refused(refusal),
        Remedy::GiveUp | Remedy::Retry | Remedy::PrepareAgain => Finding::CannotTell(refusal.code),
    }
}

/// The limit that a failed call met, if it did, with the time to wait.
pub(crate) fn limit(failure: &Failure) -> Option<Refusal> {
    Some(failure.refusal()).filter(|refusal| matches!(refusal.remedy, Remedy::Wait(_)))
}

//! The steps of the protocol: what a worker does with a claimed publication, and what it makes of the answer.

mod follow_up;
mod look;
mod moment;
mod prepare;
mod send;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use tenancy::{
    Clock,
    sealing::{KeyChain, Place, Vault},
};
use uuid::Uuid;

use crate::{
    id::ChannelId,
    media::links::MediaLinks,
    platform::Platform,
    publication::{Step, Verdict},
    publisher::{Handles, Picture, Publisher, Work},
    queue::{Claimed, Entry, Next, Outcome},
    refusal::{Reason, Refusal, Remedy},
    timing::Timing,
};

pub use moment::{Moment, Witness, nobody};

/// The column channel tokens are sealed for.
pub const TOKEN_COLUMN: &str = "channel_tokens.sealed";

/// Told when a platform does not accept a channel's token any more.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// The token sealed under this key was refused: it must not be used again.
    async fn refused(&self, channel: ChannelId, key: Uuid);
}

/// Everything a step needs besides the claim.
pub struct Steps {
    /// Called at every named moment.
    pub witness: Witness,
    /// Told of tokens that were refused.
    pub revocations: Arc<dyn Revocations>,
    /// The platforms.
    pub publishers: BTreeMap<Platform, Arc<dyn Publisher>>,
    /// Opens tokens.
    pub vault: Arc<dyn Vault>,
    /// Makes the addresses platforms fetch pictures from.
    pub links: Arc<dyn MediaLinks>,
    /// The pauses.
    pub timing: Timing,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Draws the jitter of pauses, in 0..1.
    pub jitter: fn() -> f64,
    /// How long a platform may fetch a picture.
    pub link_life: Duration,
}

impl Steps {
    /// Tells the witness.
    pub fn at(&self, moment: Moment, claimed: &Claimed) {
        (self.witness)(moment, claimed.platform, claimed.content.format());
    }

    /// Opens the token and puts the work together. A refusal is about us, not the platform: nothing was called.
    fn work(&self, claimed: &Claimed) -> Result<(Arc<dyn Publisher>, Work), Refusal> {
        if claimed.content.hash(claimed.channel) != claimed.content_hash {
            return Err(Refusal::of(Reason::ContentChanged, Remedy::GiveUp));
        }
        let publisher = self.publishers.get(&claimed.platform).cloned();
        let publisher = publisher.ok_or(Refusal::of(Reason::AppMisconfigured, Remedy::GiveUp))?;
        let now = self.clock.now();
        let work = Work {
            publication: claimed.claim.publication,
            platform: claimed.platform,
            remote_channel: claimed.remote_channel.clone(),
            token: self.token(claimed)?,
            caption: claimed.content.caption.clone(),
            link: claimed.content.link.clone(),
            pictures: self.pictures(claimed, now),
            handles: claimed.handles.clone(),
            permitted_at: claimed.first_permitted_ago.map(|ago| now - ago),
            taken: claimed.taken.clone(),
        };
        Ok((publisher, work))
    }

    fn token(&self, claimed: &Claimed) -> Result<SecretString, Refusal> {
        let token = claimed.token.as_ref().ok_or(Refusal::of(Reason::Disconnected, Remedy::GiveUp))?;
        let place =
            Place { owner: claimed.organization.uuid(), row: claimed.channel.uuid(), column: TOKEN_COLUMN };
        // A token that does not open here may open elsewhere or later: a worker whose key ring is behind must not fail posts.
        let unreadable = Refusal::of(Reason::AppMisconfigured, Remedy::Retry);
        let bytes = self.vault.open(&token.chain, place, &token.sealed).map_err(|_| unreadable)?;
        let text = std::str::from_utf8(bytes.expose_secret()).map_err(|_| unreadable)?;
        Ok(SecretString::from(text))
    }

    fn pictures(&self, claimed: &Claimed, now: DateTime<Utc>) -> Vec<Picture> {
        let purpose = claimed.claim.publication.uuid();
        let expires = now + self.link_life;
        let link = |p: &crate::content::ApprovedPicture| Picture {
            url: self.links.link(p.media, purpose, expires),
            alt_text: p.alt_text.clone(),
        };
        claimed.content.pictures.iter().map(link).collect()
    }

    /// Passes on that the platform refused the token, if that is what came of a step.
    pub async fn report(&self, claimed: &Claimed, outcome: &Outcome) {
        let refused = outcome.entry.as_ref().is_some_and(|e| e.reason == Some(Reason::Unauthorized));
        if let (true, Some(token)) = (refused, &claimed.token)
            && let KeyChain::Organization { data, .. } = &token.chain
        {
            self.revocations.refused(claimed.channel, data.id).await;
        }
    }

    /// What follows from a definite refusal, before anything is public.
    fn refused(&self, claimed: &Claimed, step: Step, refusal: Refusal, handles: Option<Handles>) -> Outcome {
        let pause = self.timing.backoff(claimed.failures, (self.jitter)());
        let retry = |after, start_over| (Next::Scheduled { after, start_over }, Verdict::Refused);
        let (next, verdict) = match refusal.remedy {
            Remedy::GiveUp | Remedy::Reconnect => (Next::Failed, Verdict::GaveUp),
            Remedy::Retry => retry(pause, false),
            Remedy::PrepareAgain => retry(pause, true),
            // Waiting beyond the deadline would only put off saying that it was missed.
            Remedy::Wait(time) => retry(time.min(claimed.deadline_in).max(pause), false),
        };
        let entry = Entry { step, verdict, reason: Some(refusal.reason), code: refusal.code };
        Outcome { claim: claimed.claim, next, handles, entry: Some(entry) }
    }
}

/// An outcome without handles.
fn outcome(claimed: &Claimed, next: Next, entry: Option<Entry>) -> Outcome {
    Outcome { claim: claimed.claim, next, handles: None, entry }
}

/// A log line without a refusal.
fn line(step: Step, verdict: Verdict) -> Entry {
    Entry { step, verdict, reason: None, code: crate::refusal::PlatformCode::default() }
}

#[cfg(test)]
mod tests;

//! The publication queue, as workers see it: claims with a fence, permits, and results in batches.

use std::time::Duration;

use async_trait::async_trait;
use tenancy::{
    OrganizationId,
    sealing::{KeyChain, Sealed},
};
use url::Url;

use crate::{
    content::{ApprovedContent, ContentHash},
    id::{ChannelId, PublicationId},
    platform::Platform,
    publication::{Step, Verdict},
    publisher::{ClaimLost, Handles},
    refusal::{PlatformCode, Reason},
};

/// One worker process; drawn at random when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub i64);

/// The right to write about a publication, until somebody claims it after us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Which publication.
    pub publication: PublicationId,
    /// The fence: every claim counts it up, and a write names the count it belongs to.
    pub epoch: i64,
}

/// A channel's token at rest, with the keys it opens under.
#[derive(Debug, Clone)]
pub struct SealedToken {
    /// The ciphertext.
    pub sealed: Sealed,
    /// The wrapped keys.
    pub chain: KeyChain,
}

/// A claimed publication with everything its step needs.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The right to write about it.
    pub claim: Claim,
    /// The tenant.
    pub organization: OrganizationId,
    /// Where to.
    pub channel: ChannelId,
    /// The channel's platform.
    pub platform: Platform,
    /// The channel's id there.
    pub remote_channel: String,
    /// The token; `None` once the channel is disconnected.
    pub token: Option<SealedToken>,
    /// What was approved.
    pub content: ApprovedContent,
    /// The hash it was approved under.
    pub content_hash: ContentHash,
    /// What is already prepared.
    pub handles: Handles,
    /// Refusals in a row.
    pub failures: i32,
    /// Looks so far.
    pub looks: i32,
    /// Time until it is due by the database's clock; zero when it is past.
    pub due_in: Duration,
    /// Time until publishing makes no sense any more; zero when it is past.
    pub deadline_in: Duration,
    /// Time since the irreversible call was last permitted.
    pub permitted_ago: Option<Duration>,
    /// Time since it was first permitted: what is older on the platform cannot be ours.
    pub first_permitted_ago: Option<Duration>,
    /// The platform's id, for follow-ups.
    pub platform_post_id: Option<String>,
    /// Platform ids of other recent publications on the same Page or account; only filled for looks.
    pub taken: Vec<String>,
}

/// Which kind of step a worker asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Upload and create.
    Preparation,
    /// Send, or hold until due and then send.
    Permit,
    /// Find out what happened.
    Look,
    /// Fetch the permalink.
    FollowUp,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 4] = [Self::Preparation, Self::Permit, Self::Look, Self::FollowUp];
}

/// Where a publication goes after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Prepared: wait for the permit.
    Ready,
    /// The platform is still at it; or a refusal that passes. Prepare again after the pause.
    Scheduled {
        /// The pause.
        after: Duration,
        /// Whether what was prepared is to be thrown away.
        start_over: bool,
    },
    /// Public.
    Published {
        /// The platform's id.
        id: String,
        /// Where people see it, if known.
        permalink: Option<Url>,
        /// The pause after which anybody may claim it to ask for the permalink, where that is not known. Until then whoever
        /// published it still holds the claim, and may follow up under it.
        ask_after: Duration,
    },
    /// Refused for good.
    Failed,
    /// Too late.
    Missed,
    /// Nobody knows; look after the pause.
    Unconfirmed {
        /// The pause.
        look_after: Duration,
    },
    /// Nobody knows and looking did not help; a person must.
    Undecided,
    /// Not live after all: the irreversible call may be permitted again.
    SendAgain,
    /// Public; ask for the permalink again after the pause, or never if there is none.
    FollowUp {
        /// Where people see it, once known.
        permalink: Option<Url>,
        /// The pause; `None` ends the asking.
        after: Option<Duration>,
    },
}

/// What a step came to. Written only while the claim holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The claim.
    pub claim: Claim,
    /// Where it goes.
    pub next: Next,
    /// Handles to keep, where the step made some.
    pub handles: Option<Handles>,
    /// The line for the attempt log; `None` where nothing worth a line happened.
    pub entry: Option<Entry>,
}

/// A line of the attempt log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Which step.
    pub step: Step,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, where there was a refusal.
    pub reason: Option<Reason>,
    /// The platform's numbers.
    pub code: PlatformCode,
}

/// The store could not be asked.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the database did not answer")]
pub struct QueueUnavailable;

/// The queue. Claims use the database's clock only.
#[async_trait]
pub trait PublicationQueue: Send + Sync {
    /// Claims what is due, at most `limit`, each with a new epoch. Text and links have nothing to prepare: they are claimed for
    /// their permit as they were planned. For [`Queue::Permit`] this is the permit: a durable statement of intent before the call
    /// that cannot be undone.
    async fn claim(
        &self,
        queue: Queue,
        worker: WorkerId,
        limit: usize,
    ) -> Result<Vec<Claimed>, QueueUnavailable>;
    /// How long until the next step of this kind is due; `None` if nothing waits.
    async fn next_due(&self, queue: Queue) -> Result<Option<Duration>, QueueUnavailable>;
    /// Which permits, or which claims to follow up, still stand: not taken over, and the channel not disconnected since. Asked
    /// just before the call by whoever waited, so that none is made with a token whose disconnection was acknowledged.
    async fn confirm(&self, queue: Queue, claims: &[Claim]) -> Result<Vec<PublicationId>, QueueUnavailable>;
    /// Commits handles before the next call is made.
    async fn save_handles(&self, claim: Claim, handles: &Handles) -> Result<(), ClaimLost>;
    /// Writes outcomes whose claims still hold, all in one transaction with their log lines and events; says which were written.
    async fn record(&self, outcomes: &[Outcome]) -> Result<Vec<PublicationId>, QueueUnavailable>;
    /// Gives claims back untouched: they are due again at once. Permits that were not used go back to ready.
    async fn give_back(&self, queue: Queue, claims: &[Claim]) -> Result<(), QueueUnavailable>;
    /// Prolongs the leases of claims in hand. Permits are not leases: they are never prolonged.
    async fn keep(&self, claims: &[Claim]) -> Result<(), QueueUnavailable>;
}

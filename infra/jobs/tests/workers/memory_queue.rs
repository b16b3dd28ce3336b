//! A publication queue in memory, with the same fence as the real one, that remembers what was asked of it.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jobs::wake::Bell;
use publishing::{
    content::ApprovedContent,
    id::{ChannelId, PublicationId},
    platform::Platform,
    publisher::{ClaimLost, Handles},
    queue::{
        Claim, Claimed, Next, Outcome, PublicationQueue, Queue, QueueUnavailable, SealedToken, WorkerId,
    },
    step::TOKEN_COLUMN,
};
use tenancy::{
    OrganizationId,
    sealing::{KeyChain, Place, Vault},
    testing::FakeVault,
};

use crate::history::History;

/// What happened to the queue, and what the platform was told.
#[derive(Debug, Clone)]
pub(crate) enum Happened {
    Claimed(Queue, Claim),
    /// Only what was written.
    Recorded(Vec<Outcome>),
    GivenBack(Claim),
    Kept(Claim),
    /// Somebody wanted to know whether a permit stands.
    Doubted(Claim),
    /// A verb, and of which publication.
    Told(&'static str, PublicationId, Instant),
}

/// Whose a row is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Nobody,
    /// Anybody's to claim once its step is due; until then whoever claimed it last may still write.
    Kept,
    InHand,
}

struct Entry {
    row: Claimed,
    queue: Queue,
    hold: Hold,
    /// Whether its channel was disconnected.
    cut_off: bool,
    /// When its next step is due.
    step: Instant,
    /// When it is to be public.
    due: Instant,
}

#[derive(Default)]
pub(crate) struct MemoryQueue {
    rows: Mutex<BTreeMap<PublicationId, Entry>>,
    pub(crate) history: std::sync::Arc<History<Happened>>,
    /// Rings when something may have become due.
    pub(crate) bell: Bell,
    /// How many more claims, records and confirmations go unanswered.
    pub(crate) claim_outages: AtomicUsize,
    pub(crate) record_outages: AtomicUsize,
    pub(crate) confirm_outages: AtomicUsize,
}

/// A caption on its way to a channel of its own.
pub(crate) fn claimed(id: PublicationId) -> Claimed {
    let (organization, channel) = (OrganizationId::new(), ChannelId::new());
    let content = ApprovedContent { caption: id.to_string(), link: None, pictures: vec![] };
    Claimed {
        claim: Claim { publication: id, epoch: 1 },
        organization,
        channel,
        platform: Platform::Facebook,
        remote_channel: "100".into(),
        token: Some(token(organization, channel)),
        content_hash: content.hash(channel),
        content,
        handles: Handles::default(),
        failures: 0,
        looks: 0,
        due_in: Duration::ZERO,
        deadline_in: Duration::from_hours(1),
        permitted_ago: None,
        first_permitted_ago: None,
        platform_post_id: None,
        taken: vec![],
    }
}

fn token(organization: OrganizationId, channel: ChannelId) -> SealedToken {
    let vault = FakeVault;
    let root = vault.new_root_key().unwrap();
    let chain = KeyChain::Organization { data: vault.new_data_key(&root).unwrap(), organization: root };
    let place = Place { owner: organization.uuid(), row: channel.uuid(), column: TOKEN_COLUMN };
    SealedToken { sealed: vault.seal(&chain, place, b"token").unwrap(), chain }
}

impl MemoryQueue {
    /// A publication whose next step is due now, and that is to be public after so long.
    pub(crate) fn put(&self, queue: Queue, due_in: Duration) -> PublicationId {
        let row = claimed(PublicationId::new());
        let (id, now) = (row.claim.publication, Instant::now());
        self.insert(Entry { row, queue, hold: Hold::Nobody, cut_off: false, step: now, due: now + due_in });
        id
    }

    /// A row that somebody has in hand.
    pub(crate) fn put_claimed(&self, queue: Queue, row: &Claimed) {
        let now = Instant::now();
        let (row, hold) = (row.clone(), Hold::InHand);
        self.insert(Entry { row, queue, hold, cut_off: false, step: now, due: now });
    }

    fn insert(&self, entry: Entry) {
        self.rows.lock().unwrap().insert(entry.row.claim.publication, entry);
    }

    /// Another worker claims a publication after its lease has run out.
    pub(crate) fn take_over(&self, id: PublicationId) {
        self.rows.lock().unwrap().get_mut(&id).unwrap().row.claim.epoch += 1;
    }

    /// The channel of a publication is disconnected.
    pub(crate) fn cut_off(&self, id: PublicationId) {
        self.rows.lock().unwrap().get_mut(&id).unwrap().cut_off = true;
    }

    /// When a publication is to be public.
    pub(crate) fn due(&self, id: PublicationId) -> Instant {
        self.rows.lock().unwrap()[&id].due
    }

    /// Changes the row, if the claim holds.
    fn fenced(&self, claim: Claim, change: impl FnOnce(&mut Entry)) -> bool {
        let mut rows = self.rows.lock().unwrap();
        let held =
            rows.get_mut(&claim.publication).filter(|e| e.hold != Hold::Nobody && e.row.claim == claim);
        held.map(change).is_some()
    }
}

fn answers(outages: &AtomicUsize) -> Result<(), QueueUnavailable> {
    let away = outages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    away.map_or(Ok(()), |_| Err(QueueUnavailable))
}

impl Entry {
    fn claim(&mut self, now: Instant) -> Claimed {
        self.hold = Hold::InHand;
        self.row.claim.epoch += 1;
        self.row.due_in = self.due.saturating_duration_since(now);
        if self.queue == Queue::Permit {
            self.row.permitted_ago = Some(Duration::ZERO);
            self.row.first_permitted_ago.get_or_insert(Duration::ZERO);
        }
        self.row.clone()
    }

    /// Puts the row where an outcome leads; whether anything is left to do.
    fn go(&mut self, next: &Next) -> bool {
        self.hold = Hold::Nobody;
        let (queue, after) = match next {
            Next::Ready | Next::SendAgain => (Queue::Permit, Duration::ZERO),
            // As the store has it: without a channel it ends here.
            Next::Scheduled { .. } if self.cut_off => return false,
            Next::Scheduled { after, .. } => (Queue::Preparation, *after),
            Next::Unconfirmed { look_after } => (Queue::Look, *look_after),
            Next::Published { id, permalink: None, ask_after } => {
                self.row.platform_post_id = Some(id.clone());
                self.hold = Hold::Kept;
                (Queue::FollowUp, *ask_after)
            }
            Next::FollowUp { after: Some(after), .. } => (Queue::FollowUp, *after),
            Next::Published { .. }
            | Next::FollowUp { .. }
            | Next::Failed
            | Next::Missed
            | Next::Undecided => {
                return false;
            }
        };
        (self.queue, self.step) = (queue, Instant::now() + after);
        true
    }
}

#[async_trait]
impl PublicationQueue for MemoryQueue {
    async fn claim(&self, queue: Queue, _: WorkerId, limit: usize) -> Result<Vec<Claimed>, QueueUnavailable> {
        answers(&self.claim_outages)?;
        let now = Instant::now();
        let mut rows = self.rows.lock().unwrap();
        let is_due = |e: &&mut Entry| e.queue == queue && e.hold != Hold::InHand && e.step <= now;
        let due = rows.values_mut().filter(is_due);
        let claimed: Vec<_> = due.take(limit).map(|entry| entry.claim(now)).collect();
        for row in &claimed {
            self.history.add(Happened::Claimed(queue, row.claim));
        }
        Ok(claimed)
    }

    async fn next_due(&self, queue: Queue) -> Result<Option<Duration>, QueueUnavailable> {
        let rows = self.rows.lock().unwrap();
        let waiting = rows.values().filter(|entry| entry.queue == queue && entry.hold != Hold::InHand);
        Ok(waiting.map(|entry| entry.step.saturating_duration_since(Instant::now())).min())
    }

    async fn confirm(&self, _: Queue, claims: &[Claim]) -> Result<Vec<PublicationId>, QueueUnavailable> {
        for claim in claims {
            self.history.add(Happened::Doubted(*claim));
        }
        answers(&self.confirm_outages)?;
        let stands = |claim: &&Claim| {
            let rows = self.rows.lock().unwrap();
            rows.get(&claim.publication)
                .is_some_and(|e| e.hold != Hold::Nobody && !e.cut_off && e.row.claim == **claim)
        };
        Ok(claims.iter().filter(stands).map(|claim| claim.publication).collect())
    }

    async fn save_handles(&self, claim: Claim, handles: &Handles) -> Result<(), ClaimLost> {
        let saved = self.fenced(claim, |entry| entry.row.handles = handles.clone());
        if saved { Ok(()) } else { Err(ClaimLost) }
    }

    async fn record(&self, outcomes: &[Outcome]) -> Result<Vec<PublicationId>, QueueUnavailable> {
        answers(&self.record_outages)?;
        let mut written = vec![];
        for outcome in outcomes {
            let mut goes_on = true;
            if self.fenced(outcome.claim, |entry| goes_on = entry.go(&outcome.next)) {
                written.push(outcome.clone());
            }
            if !goes_on {
                self.rows.lock().unwrap().remove(&outcome.claim.publication);
            }
        }
        let ids = written.iter().map(|outcome| outcome.claim.publication).collect();
        self.history.add(Happened::Recorded(written));
        self.bell.ring();
        Ok(ids)
    }

    async fn give_back(&self, _: Queue, claims: &[Claim]) -> Result<(), QueueUnavailable> {
        for claim in claims {
            if self.fenced(*claim, |entry| entry.hold = Hold::Nobody) {
                self.history.add(Happened::GivenBack(*claim));
            }
        }
        self.bell.ring();
        Ok(())
    }

    async fn keep(&self, claims: &[Claim]) -> Result<(), QueueUnavailable> {
        for claim in claims {
            self.history.add(Happened::Kept(*claim));
        }
        Ok(())
    }
}

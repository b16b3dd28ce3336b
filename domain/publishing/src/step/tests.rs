//! The steps against a platform that remembers what it was told, and can be told to answer falsely.

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::executor::block_on;
use secrecy::SecretSlice;
use tenancy::{
    OrganizationId,
    sealing::{KeyChain, SealError, Sealed, WrappedKey},
};
use url::Url;
use uuid::Uuid;

use super::*;
use crate::{
    content::ApprovedContent,
    id::{ChannelId, MediaId, PublicationId},
    publisher::{Finding, Live, Notebook, PrepareError, Published, Readiness},
    queue::{Claim, SealedToken},
    refusal::PlatformCode,
};

const NOW: &str = "2027-03-01T12:00:00Z";

struct StillClock;
impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        NOW.parse().unwrap()
    }
}

/// Opens anything, as long as it is asked for the place tokens live at.
struct GlassVault;
impl Vault for GlassVault {
    fn new_root_key(&self) -> Result<WrappedKey, SealError> {
        unreachable!("steps make no keys")
    }
    fn new_data_key(&self, _: &WrappedKey) -> Result<WrappedKey, SealError> {
        unreachable!("steps make no keys")
    }
    fn seal(&self, _: &KeyChain, _: Place, _: &[u8]) -> Result<Sealed, SealError> {
        unreachable!("steps seal nothing")
    }
    fn open(&self, _: &KeyChain, place: Place, sealed: &Sealed) -> Result<SecretSlice<u8>, SealError> {
        if place.column == TOKEN_COLUMN && !sealed.0.is_empty() {
            Ok(sealed.0.clone().into())
        } else {
            Err(SealError::DoesNotOpen)
        }
    }
    fn rewrap(&self, key: &WrappedKey) -> Result<WrappedKey, SealError> {
        Ok(key.clone())
    }
    fn newest_ring_version(&self) -> i32 {
        1
    }
    fn lookup(&self, _: &'static str, _: &[u8]) -> [u8; 32] {
        [0; 32]
    }
}

struct PlainLinks;
impl MediaLinks for PlainLinks {
    fn link(&self, asset: MediaId, _: Uuid, _: DateTime<Utc>) -> Url {
        format!("https://media.example/{asset}").parse().unwrap()
    }
}

#[derive(Default)]
struct Reported(Mutex<Vec<Uuid>>);

#[async_trait]
impl Revocations for Reported {
    async fn refused(&self, _: ChannelId, key: Uuid) {
        self.0.lock().unwrap().push(key);
    }
}

/// How the platform answers the irreversible call.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Honest,
    /// Does it and says nothing.
    ExecuteThenSilence,
    /// Does not do it and says nothing.
    Silence,
    Refuse(Refusal),
    /// Refuses, and shows something like it.
    Doubt(Refusal),
}

struct Platform {
    answer: Mutex<Answer>,
    live: Mutex<Vec<String>>,
    finding: Mutex<Option<Finding>>,
    calls: Mutex<Vec<&'static str>>,
}

impl Platform {
    fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Publisher for Platform {
    async fn prepare(&self, work: &Work, notebook: &dyn Notebook) -> Result<Handles, PrepareError> {
        self.calls.lock().unwrap().push("prepare");
        let mut handles = work.handles.clone();
        if !work.pictures.is_empty() && handles.container.is_none() {
            handles.container = Some("c1".into());
            notebook.save(&handles).await?;
        }
        Ok(handles)
    }
    async fn check(&self, _: &Work) -> Result<Readiness, Refusal> {
        Ok(Readiness::Ready)
    }
    async fn publish(&self, work: &Work) -> Published {
        self.calls.lock().unwrap().push("publish");
        let answer = *self.answer.lock().unwrap();
        if matches!(answer, Answer::Honest | Answer::ExecuteThenSilence) {
            self.live.lock().unwrap().push(work.caption.clone());
        }
        match answer {
            Answer::Honest => Published::Live(Live { id: "1_2".into(), permalink: None }),
            Answer::Refuse(refusal) => Published::Refused(refusal),
            Answer::Doubt(refusal) => Published::Doubtful(refusal),
            Answer::Silence | Answer::ExecuteThenSilence => Published::Unclear(PlatformCode::default()),
        }
    }
    async fn find_published(&self, work: &Work) -> Finding {
        self.calls.lock().unwrap().push("look");
        if let Some(finding) = self.finding.lock().unwrap().clone() {
            return finding;
        }
        if self.live.lock().unwrap().contains(&work.caption) {
            Finding::Live(Live { id: "1_2".into(), permalink: None })
        } else {
            Finding::NotLive { definite: false }
        }
    }
    async fn permalink(&self, _: &Work, _: &str) -> Result<Option<Url>, Refusal> {
        Err(Refusal::of(Reason::Unauthorized, Remedy::Reconnect))
    }
}

/// Takes every handle, or none.
struct Queue {
    holds: bool,
}

#[async_trait]
impl crate::queue::PublicationQueue for Queue {
    async fn claim(
        &self,
        _: crate::queue::Queue,
        _: crate::queue::WorkerId,
        _: usize,
    ) -> Result<Vec<Claimed>, crate::queue::QueueUnavailable> {
        Ok(vec![])
    }
    async fn next_due(
        &self,
        _: crate::queue::Queue,
    ) -> Result<Option<Duration>, crate::queue::QueueUnavailable> {
        Ok(None)
    }
    async fn confirm(
        &self,
        _: crate::queue::Queue,
        _: &[Claim],
    ) -> Result<Vec<PublicationId>, crate::queue::QueueUnavailable> {
        Ok(vec![])
    }
    async fn save_handles(&self, _: Claim, _: &Handles) -> Result<(), crate::publisher::ClaimLost> {
        if self.holds { Ok(()) } else { Err(crate::publisher::ClaimLost) }
    }
    async fn record(&self, _: &[Outcome]) -> Result<Vec<PublicationId>, crate::queue::QueueUnavailable> {
        Ok(vec![])
    }
    async fn give_back(
        &self,
        _: crate::queue::Queue,
        _: &[Claim],
    ) -> Result<(), crate::queue::QueueUnavailable> {
        Ok(())
    }
    async fn keep(&self, _: &[Claim]) -> Result<(), crate::queue::QueueUnavailable> {
        Ok(())
    }
}

fn platform(answer: Answer) -> (Arc<Platform>, Steps) {
    let platform = Arc::new(Platform {
        answer: Mutex::new(answer),
        live: Mutex::default(),
        finding: Mutex::default(),
        calls: Mutex::default(),
    });
    let publisher: Arc<dyn Publisher> = platform.clone();
    let steps = Steps {
        witness: nobody,
        revocations: Arc::new(Reported::default()),
        publishers: [(crate::platform::Platform::Facebook, publisher)].into(),
        vault: Arc::new(GlassVault),
        links: Arc::new(PlainLinks),
        timing: Timing::default(),
        clock: Arc::new(StillClock),
        jitter: || 1.0,
        link_life: Duration::from_mins(15),
    };
    (platform, steps)
}

fn claimed(pictures: usize) -> Claimed {
    let channel = ChannelId::from_uuid(Uuid::from_u128(7));
    let picture = crate::content::ApprovedPicture {
        media: MediaId::from_uuid(Uuid::from_u128(9)),
        digest: "00".into(),
        alt_text: None,
    };
    let content = ApprovedContent { caption: "hello".into(), link: None, pictures: vec![picture; pictures] };
    let key = WrappedKey { id: Uuid::from_u128(1), ring_version: Some(1), bytes: vec![1] };
    Claimed {
        claim: Claim { publication: PublicationId::from_uuid(Uuid::from_u128(3)), epoch: 4 },
        organization: OrganizationId::from_uuid(Uuid::from_u128(5)),
        channel,
        platform: crate::platform::Platform::Facebook,
        remote_channel: "100".into(),
        token: Some(SealedToken { sealed: Sealed(b"token".to_vec()), chain: KeyChain::Root(key) }),
        content_hash: content.hash(channel),
        content,
        handles: Handles::default(),
        failures: 0,
        looks: 0,
        due_in: Duration::ZERO,
        deadline_in: Duration::from_hours(1),
        permitted_ago: Some(Duration::from_secs(1)),
        first_permitted_ago: Some(Duration::from_secs(1)),
        platform_post_id: None,
        taken: vec![],
    }
}

fn published() -> Next {
    Next::Published { id: "1_2".into(), permalink: None, ask_after: Timing::default().follow_up_pause }
}

#[test]
fn an_honest_answer_is_published() {
    let (_, steps) = platform(Answer::Honest);
    assert_eq!(block_on(steps.send(&claimed(0))).next, published());
}

#[test]
fn silence_after_sending_is_unconfirmed_and_the_look_finds_it() {
    let (platform, steps) = platform(Answer::ExecuteThenSilence);
    let sent = block_on(steps.send(&claimed(0)));
    assert_eq!(sent.next, Next::Unconfirmed { look_after: steps.timing.look_pause });
    assert_eq!(block_on(steps.look(&claimed(0))).next, published());
    assert_eq!(platform.live.lock().unwrap().len(), 1);
}

#[test]
fn an_absence_seen_too_early_proves_nothing() {
    let (_, steps) = platform(Answer::Silence);
    block_on(steps.send(&claimed(0)));
    let early = block_on(steps.look(&claimed(0)));
    assert!(matches!(early.next, Next::Unconfirmed { .. }));
    let settled = Claimed { permitted_ago: Some(steps.timing.settle), ..claimed(0) };
    assert_eq!(block_on(steps.look(&settled)).next, Next::SendAgain);
}

#[test]
fn the_objects_own_word_is_believed_sooner_than_a_list_but_not_at_once() {
    let (platform, steps) = platform(Answer::Silence);
    *platform.finding.lock().unwrap() = Some(Finding::NotLive { definite: true });
    let soon = Claimed { permitted_ago: Some(steps.timing.call_ended()), ..claimed(0) };
    assert!(matches!(block_on(steps.look(&soon)).next, Next::Unconfirmed { .. }));
    let settled = Claimed { permitted_ago: Some(steps.timing.settle_definite), ..claimed(0) };
    assert_eq!(block_on(steps.look(&settled)).next, Next::SendAgain);
}

#[test]
fn what_is_not_live_after_its_deadline_is_missed_and_not_sent_again() {
    let (_, steps) = platform(Answer::Silence);
    let late =
        Claimed { permitted_ago: Some(steps.timing.settle), deadline_in: Duration::ZERO, ..claimed(0) };
    assert_eq!(block_on(steps.look(&late)).next, Next::Missed);
}

#[test]
fn what_is_neither_live_nor_prepared_any_more_is_prepared_anew_once_lists_had_their_time() {
    let (platform, steps) = platform(Answer::Silence);
    *platform.finding.lock().unwrap() = Some(Finding::Gone);
    let early = Claimed { permitted_ago: Some(steps.timing.settle_definite), ..claimed(1) };
    assert!(matches!(block_on(steps.look(&early)).next, Next::Unconfirmed { .. }));
    let settled = Claimed { permitted_ago: Some(steps.timing.settle), ..claimed(1) };
    let outcome = block_on(steps.look(&settled));
    assert_eq!(outcome.next, Next::Scheduled { after: Duration::from_secs(1), start_over: true });
    assert_eq!(outcome.entry.unwrap().reason, Some(Reason::PreparationLost));
    let late = Claimed { deadline_in: Duration::ZERO, ..settled };
    assert_eq!(block_on(steps.look(&late)).next, Next::Missed);
    assert_eq!(platform.calls(), ["look"; 3], "nothing is sent");
}

#[test]
fn what_stays_undecided_goes_to_a_person() {
    let (platform, steps) = platform(Answer::Silence);
    for finding in [Finding::LiveWithoutId, Finding::CannotTell(PlatformCode::default())] {
        *platform.finding.lock().unwrap() = Some(finding);
        let old = Claimed { permitted_ago: Some(steps.timing.look_deadline), ..claimed(0) };
        assert_eq!(block_on(steps.look(&old)).next, Next::Undecided);
        assert!(matches!(block_on(steps.look(&claimed(0))).next, Next::Unconfirmed { .. }));
    }
}

#[test]
fn a_token_that_no_longer_lets_us_look_leaves_the_decision_to_a_person() {
    let (platform, steps) = platform(Answer::Silence);
    *platform.finding.lock().unwrap() =
        Some(Finding::Refused(Refusal::of(Reason::Unauthorized, Remedy::Reconnect)));
    assert_eq!(block_on(steps.look(&claimed(0))).next, Next::Undecided);
    let disconnected = Claimed { token: None, ..claimed(0) };
    assert_eq!(block_on(steps.look(&disconnected)).next, Next::Undecided);
}

#[test]
fn a_definite_refusal_fails_or_waits_as_its_remedy_says() {
    let wait = Duration::from_mins(20);
    for (remedy, expected) in [
        (Remedy::GiveUp, Next::Failed),
        (Remedy::Reconnect, Next::Failed),
        (Remedy::Retry, Next::Scheduled { after: Duration::from_secs(1), start_over: false }),
        (Remedy::PrepareAgain, Next::Scheduled { after: Duration::from_secs(1), start_over: true }),
        (Remedy::Wait(wait), Next::Scheduled { after: wait, start_over: false }),
    ] {
        let (_, steps) = platform(Answer::Refuse(Refusal::of(Reason::RateLimited, remedy)));
        assert_eq!(block_on(steps.send(&claimed(0))).next, expected);
    }
}

#[test]
fn a_wait_ends_at_the_deadline() {
    let day = Remedy::Wait(Duration::from_hours(24));
    let (_, steps) = platform(Answer::Refuse(Refusal::of(Reason::RateLimited, day)));
    for (deadline_in, after) in [
        (Duration::from_hours(1), Duration::from_hours(1)),
        (Duration::from_hours(30), Duration::from_hours(24)),
        (Duration::ZERO, Duration::from_secs(1)),
    ] {
        let outcome = block_on(steps.send(&Claimed { deadline_in, ..claimed(0) }));
        assert_eq!(outcome.next, Next::Scheduled { after, start_over: false });
    }
}

#[test]
fn a_duplicate_after_a_look_most_likely_is_our_own_first_try() {
    let duplicate = Refusal::of(Reason::Duplicate, Remedy::GiveUp);
    let (_, steps) = platform(Answer::Refuse(duplicate));
    assert_eq!(block_on(steps.send(&claimed(0))).next, Next::Failed);
    let second = Claimed { looks: 1, ..claimed(0) };
    assert!(matches!(block_on(steps.send(&second)).next, Next::Unconfirmed { .. }));
}

#[test]
fn a_refusal_beside_a_post_like_ours_is_looked_into_and_in_the_end_believed() {
    let duplicate = Refusal::of(Reason::Duplicate, Remedy::GiveUp);
    let (_, steps) = platform(Answer::Doubt(duplicate));
    for (looks, believed) in [(0, false), (1, false), (9, false), (10, true)] {
        let next = block_on(steps.send(&Claimed { looks, ..claimed(0) })).next;
        assert_eq!(next == Next::Failed, believed, "{looks} looks: {next:?}");
        assert!(believed || matches!(next, Next::Unconfirmed { .. }));
    }
}

#[test]
fn content_that_differs_from_what_was_approved_is_not_sent() {
    let (platform, steps) = platform(Answer::Honest);
    let mut changed = claimed(0);
    changed.content.caption.push('!');
    let outcome = block_on(steps.send(&changed));
    assert_eq!(outcome.next, Next::Failed);
    assert_eq!(outcome.entry.unwrap().reason, Some(Reason::ContentChanged));
    assert!(platform.calls().is_empty());
}

#[test]
fn nothing_is_sent_with_a_token_that_is_gone() {
    let (platform, steps) = platform(Answer::Honest);
    let outcome = block_on(steps.send(&Claimed { token: None, ..claimed(0) }));
    assert_eq!(outcome.next, Next::Failed);
    assert!(platform.calls().is_empty());
}

#[test]
fn a_token_that_does_not_open_here_delays_and_does_not_fail() {
    let (_, steps) = platform(Answer::Honest);
    let mut unreadable = claimed(0);
    unreadable.token.as_mut().unwrap().sealed = Sealed(vec![]);
    assert!(matches!(block_on(steps.send(&unreadable)).next, Next::Scheduled { .. }));
}

#[test]
fn preparation_stops_at_once_when_a_handle_cannot_be_saved() {
    let (_, steps) = platform(Answer::Honest);
    assert_eq!(block_on(steps.prepare(&Queue { holds: false }, &claimed(1))), None);
    let outcome = block_on(steps.prepare(&Queue { holds: true }, &claimed(1))).unwrap();
    assert_eq!(outcome.next, Next::Ready);
    assert_eq!(outcome.handles.unwrap().container.as_deref(), Some("c1"));
}

#[test]
fn a_caption_is_ready_without_a_line_in_the_log() {
    let (_, steps) = platform(Answer::Honest);
    let outcome = block_on(steps.prepare(&Queue { holds: false }, &claimed(0))).unwrap();
    assert_eq!((outcome.next, outcome.entry, outcome.handles), (Next::Ready, None, None));
}

#[test]
fn preparation_after_the_deadline_is_missed() {
    let (platform, steps) = platform(Answer::Honest);
    let late = Claimed { deadline_in: Duration::ZERO, ..claimed(0) };
    assert_eq!(block_on(steps.prepare(&Queue { holds: true }, &late)).unwrap().next, Next::Missed);
    assert!(platform.calls().is_empty());
}

#[test]
fn nothing_after_publication_unpublishes() {
    let (_, steps) = platform(Answer::Honest);
    for failures in 0..20 {
        let live = Claimed { platform_post_id: Some("1_2".into()), failures, ..claimed(0) };
        let outcome = block_on(steps.follow_up(&live));
        assert!(matches!(outcome.next, Next::FollowUp { permalink: None, .. }), "whatever the platform says");
    }
}

#[test]
fn what_cannot_be_ours_is_older_than_the_first_permit() {
    let (_, steps) = platform(Answer::Honest);
    let again = Claimed { first_permitted_ago: Some(Duration::from_mins(5)), ..claimed(0) };
    let (_, work) = steps.work(&again).unwrap();
    assert_eq!(work.permitted_at, Some(steps.clock.now() - TimeDelta::seconds(300)));
}

#[test]
fn a_refused_token_is_reported_with_the_key_it_was_sealed_under() {
    let (_, mut steps) = platform(Answer::Refuse(Refusal::of(Reason::Unauthorized, Remedy::Reconnect)));
    let reported = Arc::new(Reported::default());
    steps.revocations = reported.clone();
    let key = |id| WrappedKey { id: Uuid::from_u128(id), ring_version: None, bytes: vec![] };
    let mut row = claimed(0);
    row.token.as_mut().unwrap().chain = KeyChain::Organization { organization: key(1), data: key(2) };
    let outcome = block_on(steps.send(&row));
    block_on(steps.report(&row, &outcome));
    assert_eq!(*reported.0.lock().unwrap(), [Uuid::from_u128(2)]);
}

//! What each worker does with a row.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use apalis::prelude::Data;
use publishing::{
    queue::{Claimed, Next, Outcome, Queue},
    step::{Moment, Steps},
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{follow_up::FollowUps, keeper::Keeper, line::Line, source::QueueSource, standing::Standing};
use crate::{backend::Held, batch::Batches, recorder::Recorder, source::DueRows};

/// How long the knowledge that a permit stands is good for: a disconnection takes effect within this time.
const FRESH: Duration = Duration::from_millis(400);
/// A crowd that is due together asks spread over this time, so that nobody is late for the asking.
const SPREAD_MS: u64 = 250;
/// How long whoever asks ahead of its time waits for company; less than the least that it is ahead.
pub(super) const EARLY_LINGER: Duration = Duration::from_millis(25);

/// What a worker needs besides the row.
pub(super) struct Step {
    pub(super) steps: Arc<Steps>,
    pub(super) source: Arc<QueueSource>,
    pub(super) recorder: Recorder,
    pub(super) keeper: Keeper,
    /// Where claims go that were not used.
    pub(super) returns: Batches<Claimed>,
    /// Asks whether permits still stand, ahead of their time.
    pub(super) early: Standing,
    /// Asks the same when a call should begin at once.
    pub(super) permits: Standing,
    /// One for each call that may be made at once.
    pub(super) turns: Arc<Semaphore>,
    /// Takes on what was published.
    pub(super) follow_ups: Arc<FollowUps>,
    /// Where the calls that cannot be undone wait for their turns.
    pub(super) line: Line,
    pub(super) shutdown: CancellationToken,
}

/// Works on one row and writes what came of it, on a task of its own: apalis polls all jobs of a worker from one. A panic ends
/// only this row's task; its lease or permit runs out and another finds it.
pub(super) async fn handle(held: Held<Claimed>, step: Data<Arc<Step>>) {
    let claim = held.row.claim;
    let span = tracing::info_span!("step", queue = step.source.name(), publication = %claim.publication, epoch = claim.epoch);
    let work = async move {
        if let Some(mut outcome) = step.run(&held).await {
            count(&step, &held, &outcome);
            let kept = step.follow_ups.keep(&held.row, &mut outcome);
            step.recorder.record(outcome.clone()).await;
            if step.source.queue == Queue::Permit {
                step.steps.at(Moment::Recorded, &held.row);
            }
            if let Some(kept) = kept {
                step.follow_ups.begin(kept);
            }
            step.steps.report(&held.row, &outcome).await;
        }
    };
    if tokio::spawn(work.instrument(span)).await.is_err() {
        metrics::counter!("postern_panics_total").increment(1);
        tracing::error!(publication = %claim.publication, "a step panicked; what it held is taken over when its time runs out");
    }
}

impl Step {
    async fn run(&self, held: &Held<Claimed>) -> Option<Outcome> {
        let row = &held.row;
        if self.source.queue == Queue::Permit {
            return self.send(held).await;
        }
        let _kept = self.keeper.keep(row.claim);
        let Some(_turn) = self.unless_stopped(async { self.turns.acquire().await.ok() }).await else {
            self.returns.add(row.clone()).await;
            return None;
        };
        match self.source.queue {
            Queue::Preparation => {
                self.steps.at(Moment::Claimed, row);
                let outcome = self.steps.prepare(self.source.rows.as_ref(), row).await;
                self.steps.at(Moment::Prepared, row);
                outcome
            }
            Queue::Look => {
                let outcome = self.steps.look(row).await;
                self.steps.at(Moment::Looked, row);
                Some(outcome)
            }
            Queue::FollowUp | Queue::Permit => {
                let outcome = self.steps.follow_up(row).await;
                self.steps.at(Moment::FollowedUp, row);
                Some(outcome)
            }
        }
    }

    /// A turn that is waited for; at shutdown there is none.
    async fn unless_stopped<T>(&self, turn: impl Future<Output = Option<T>>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            turn = turn => turn,
        }
    }

    /// Waits for the due time and sends, if the permit still allows it. A permit that was not used goes back.
    async fn send(&self, held: &Held<Claimed>) -> Option<Outcome> {
        self.steps.at(Moment::Permitted, &held.row);
        let window = Window::of(held, self.steps.timing.permit_lead + self.steps.timing.send_window);
        let due = held.claimed_at + held.row.due_in;
        let mut known_at = held.claimed_at;
        let turn = tokio::select! {
            biased;
            standing = self.stands_until(held, due, &mut known_at) => {
                if !standing {
                    return Some(unsent(held));
                }
                self.unless_stopped(self.line.turn(held.row.organization)).await
            }
            () = self.shutdown.cancelled() => None,
        };
        if turn.is_none() || !window.is_open() {
            self.returns.add(held.row.clone()).await;
            return None;
        }
        // Whoever stood in line asks again.
        if known_at.elapsed() > FRESH && !self.permits.stands(held.row.claim).await {
            return Some(unsent(held));
        }
        // Asking takes time too: nothing is awaited between this and the call.
        if !window.is_open() {
            return Some(unsent(held));
        }
        self.steps.at(Moment::Due, &held.row);
        let outcome = self.steps.send(&held.row).await;
        self.steps.at(Moment::Sent, &held.row);
        Some(outcome)
    }
}

/// A permit that was not used and does not stand, or did not last. Nothing was sent, and this process knows it: the publication
/// goes on from the beginning, or ends if its channel is gone. If another took it over, the fence keeps this from being written.
fn unsent(held: &Held<Claimed>) -> Outcome {
    let next = Next::Scheduled { after: Duration::ZERO, start_over: false };
    Outcome { claim: held.row.claim, next, handles: None, entry: None }
}

impl Step {
    /// Waits for the due time. Just before it, asks whether the permit still stands.
    async fn stands_until(&self, held: &Held<Claimed>, due: Instant, known_at: &mut Instant) -> bool {
        let place = held.row.claim.publication.uuid().as_u64_pair().1 % SPREAD_MS;
        let ahead = Duration::from_millis(125 + place);
        let ask_at = due.checked_sub(ahead).unwrap_or(due);
        if ask_at > Instant::now() {
            tokio::time::sleep_until(ask_at.into()).await;
            *known_at = Instant::now();
            if !self.early.stands(held.row.claim).await {
                return false;
            }
        }
        tokio::time::sleep_until(due.into()).await;
        true
    }
}

/// The time in which the call may begin. Whoever inherits the publication counts on it having ended.
struct Window {
    monotonic: Instant,
    wall: SystemTime,
    length: Duration,
}

impl Window {
    fn of(held: &Held<Claimed>, length: Duration) -> Self {
        Self { monotonic: held.asked_at, wall: SystemTime::now() - held.asked_at.elapsed(), length }
    }

    /// Both clocks must agree: the monotonic one stands still while a machine sleeps, the other can be set.
    fn is_open(&self) -> bool {
        let wall = self.wall.elapsed().unwrap_or(Duration::MAX);
        self.monotonic.elapsed().max(wall) < self.length
    }
}

fn count(step: &Step, held: &Held<Claimed>, outcome: &Outcome) {
    let result = match &outcome.next {
        Next::Ready => "ready",
        Next::Scheduled { .. } => "scheduled",
        Next::Published { .. } => "published",
        Next::Failed => "failed",
        Next::Missed => "missed",
        Next::Unconfirmed { .. } => "unconfirmed",
        Next::Undecided => "undecided",
        Next::SendAgain => "send_again",
        Next::FollowUp { .. } => "follow_up",
    };
    metrics::counter!("postern_steps_total", "queue" => step.source.name(), "result" => result).increment(1);
    if step.source.queue == Queue::Permit && matches!(outcome.next, Next::Published { .. }) {
        let lateness = held.claimed_at.elapsed().saturating_sub(held.row.due_in);
        metrics::histogram!("postern_lateness_seconds").record(lateness.as_secs_f64());
    }
}

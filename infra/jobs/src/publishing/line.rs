//! The line in which calls wait that are due: they begin at a pace, no more at once than there are turns, and organization by
//! organization, so that nobody waits for all of somebody else's.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tenancy::OrganizationId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

/// The time between two calls: ten thousand a second, about what a worker on two cores can make. A thousand calls begun at one
/// instant would open the connections for a thousand; begun so, they use again what the first ones opened, if the platform is quick.
const GAP: Duration = Duration::from_micros(100);
/// How far the line may lag behind its pace and catch up: about as late as a timer is on a busy machine. What a slow platform held up
/// is not made up for.
const COARSE: Duration = Duration::from_millis(10);

/// Whoever waits gets the turn through this.
type Waiter = oneshot::Sender<OwnedSemaphorePermit>;

/// Hands out turns.
#[derive(Clone)]
pub(super) struct Line {
    turns: Arc<Semaphore>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    /// Organizations of which somebody waits, in the order in which they come next.
    round: VecDeque<OrganizationId>,
    waiters: HashMap<OrganizationId, VecDeque<Waiter>>,
    /// When the next call may begin.
    next: Option<Instant>,
    /// Whether somebody moves the line.
    moves: bool,
}

impl Waiting {
    /// Whoever is next, if the other end still waits.
    fn pop(&mut self) -> Option<Waiter> {
        while let Some(organization) = self.round.pop_front() {
            let waiters = self.waiters.entry(organization).or_default();
            let waiter = waiters.pop_front();
            if waiters.is_empty() {
                self.waiters.remove(&organization);
            } else {
                self.round.push_back(organization);
            }
            if let Some(waiter) = waiter.filter(|waiter| !waiter.is_closed()) {
                return Some(waiter);
            }
        }
        None
    }

    fn push(&mut self, organization: OrganizationId, waiter: Waiter) {
        let waiters = self.waiters.entry(organization).or_default();
        if waiters.is_empty() {
            self.round.push_back(organization);
        }
        waiters.push_back(waiter);
    }

    /// The next call's moment, which is taken by this.
    fn moment(&mut self, now: Instant) -> Instant {
        let earliest = now.checked_sub(COARSE).unwrap_or(now);
        let moment = self.next.map_or(now, |next| next.max(earliest));
        self.next = Some(moment + GAP);
        moment
    }
}

impl Line {
    /// A line for these turns.
    pub(super) fn new(turns: Arc<Semaphore>) -> Self {
        Self { turns, waiting: Arc::default() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; `None` where the process ends before there is one. Whoever stops waiting loses the place and nobody a turn.
    pub(super) async fn turn(&self, organization: OrganizationId) -> Option<OwnedSemaphorePermit> {
        let (waiter, turn) = oneshot::channel();
        if self.join(organization, waiter) {
            tokio::spawn(self.clone().serve());
        }
        turn.await.ok()
    }

    /// Whether whoever joined has to move the line.
    fn join(&self, organization: OrganizationId, waiter: Waiter) -> bool {
        let mut waiting = self.waiting();
        waiting.push(organization, waiter);
        !std::mem::replace(&mut waiting.moves, true)
    }

    /// Moves the line until nobody waits. Who is next is decided when a turn is free and its moment has come, not before.
    async fn serve(self) {
        while let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await {
            let moment = self.waiting().moment(Instant::now());
            if moment > Instant::now() {
                tokio::time::sleep_until(moment).await;
            }
            if !self.hand_out(turn) {
                return;
            }
        }
    }

    /// Gives the turn to whoever is next; whether anybody was.
    fn hand_out(&self, mut turn: OwnedSemaphorePermit) -> bool {
        let mut waiting = self.waiting();
        while let Some(waiter) = waiting.pop() {
            match waiter.send(turn) {
                Ok(()) => return true,
                Err(unused) => turn = unused,
            }
        }
        waiting.moves = false;
        false
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, future::join_all, stream::FuturesUnordered};

    use super::*;

    fn line(turns: usize) -> Line {
        Line::new(Arc::new(Semaphore::new(turns)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_is_spread_and_a_single_call_does_not_wait() {
        let (line, organization) = (line(5_000), OrganizationId::new());
        let began = Instant::now();
        let turn = line.turn(organization).await;
        assert_eq!((turn.is_some(), began.elapsed()), (true, Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = Instant::now();
        let turns = join_all((0..1_000).map(|_| line.turn(organization))).await;
        assert!(turns.iter().all(Option::is_some));
        let took = began.elapsed();
        assert!(took + COARSE >= GAP * 999 && took <= GAP * 1_000 + COARSE, "nothing is saved up: {took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_elses_single_call_comes_after_one_of_the_crowd_and_not_after_all() {
        let (line, crowd, single) = (line(1), OrganizationId::new(), OrganizationId::new());
        let held = line.turn(crowd).await;
        let order = FuturesUnordered::new();
        for organization in std::iter::repeat_n(crowd, 100).chain([single]) {
            let line = line.clone();
            order.push(tokio::spawn(async move {
                let turn = line.turn(organization).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
                drop(turn);
                organization
            }));
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(held);
        let order: Vec<_> = order.map(Result::unwrap).collect().await;
        let place = order.iter().position(|organization| *organization == single).unwrap();
        assert!(place <= 2, "place {place} of {}", order.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_platform_is_not_made_up_for_with_calls_all_at_once() {
        let (line, organization) = (line(1_000), OrganizationId::new());
        let held = join_all((0..1_000).map(|_| line.turn(organization))).await;
        let next = tokio::spawn({
            let line = line.clone();
            async move {
                let turns = join_all((0..1_000).map(|_| line.turn(organization))).await;
                (Instant::now(), turns)
            }
        });
        tokio::time::sleep(Duration::from_secs(10)).await;
        let freed = Instant::now();
        drop(held);
        let (ended, _turns) = next.await.unwrap();
        assert!(ended - freed + COARSE >= GAP * 999, "{:?}", ended - freed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_nobody_waits_for_any_more_is_the_next_ones() {
        let (line, organization) = (line(1), OrganizationId::new());
        let held = line.turn(organization).await;
        let gone = tokio::time::timeout(Duration::from_secs(1), line.turn(organization)).await;
        assert!(gone.is_err(), "there was no turn");
        drop(held);
        assert!(line.turn(organization).await.is_some());
        assert!(line.turn(OrganizationId::new()).await.is_some(), "and none is lost");
    }
}

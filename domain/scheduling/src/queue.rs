//! The queue of one channel: posts that wait, each in a slot of the posting schedule.
//!
//! * **Free** is a slot that no other post of the channel takes, whether it waits here or has a time of its own, and that keeps
//!   the spacing to all of them.
//! * **Add** takes the earliest free slot, or the earliest one behind everybody who waits. The preview shows the slots that as
//!   many additions would get.
//! * **Reorder** and **shuffle** move posts among the slots that they hold together; no slot is given up or taken.
//! * **Withdraw** frees a slot. It stays empty, or everybody behind moves up by one, or the last one comes forward. A slot
//!   that has passed stays empty.
//! * **Follow the clocks**: where the rules of the zone are new, whoever waits moves to where the slot is by now.
//! * **Pause** lets nobody go. **Resume**, and **settle** after the schedule changed, keep the order: each post keeps its slot if
//!   this is still a free slot to come and behind its predecessor's, and else takes the next one that is. Nobody gets an
//!   earlier slot. A pause is the queue's alone: what has a time of its own goes at its time.
//!
//! What each change returns are the posts whose slots changed, for somebody to write down. A post that may not be moved any
//! more does not wait: it counts among those that have a time of their own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Tz, posting::PostingSchedule, schedule::horizon};

/// A post that waits, and the instant of its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waiting<P> {
    /// The slot.
    pub at: DateTime<Utc>,
    /// Which post.
    pub post: P,
}

/// Which free slot a post takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The earliest of all.
    First,
    /// The earliest behind everybody who waits.
    #[default]
    Last,
}

/// What happens to a slot that becomes free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refill {
    /// It stays empty until somebody is added first.
    #[default]
    Leave,
    /// Everybody behind moves up by one.
    MoveUp,
    /// The last one takes it.
    PullLast,
}

/// Whether posts leave the queue when their slots come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// They do.
    #[default]
    Running,
    /// They wait until the queue is resumed.
    Paused,
}

/// What cannot be done with a queue.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum QueueError {
    /// No slot is free up to the [`horizon`].
    #[error("no slot is free before {horizon}")]
    Full {
        /// The last instant that was looked at.
        horizon: DateTime<Utc>,
    },
    /// The post waits already.
    #[error("the post is in the queue already")]
    AlreadyWaiting,
    /// The post does not wait.
    #[error("the post is not in the queue")]
    NotWaiting,
    /// A new order leaves out posts that wait, or names others or one twice.
    #[error("a new order must name each post of the queue once")]
    OtherPosts,
}

/// The queue of one channel. See the module for the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue<P> {
    pub(crate) schedule: PostingSchedule,
    pub(crate) fixed: BTreeSet<DateTime<Utc>>,
    waiting: Vec<Waiting<P>>,
    flow: Flow,
}

impl<P: Clone + Ord> Queue<P> {
    /// A queue on a channel's schedule. `fixed` are the instants of the channel's posts that do not wait here, those lately
    /// published included.
    pub fn new(
        schedule: PostingSchedule,
        fixed: BTreeSet<DateTime<Utc>>,
        mut waiting: Vec<Waiting<P>>,
        flow: Flow,
    ) -> Self {
        waiting.sort_by_key(|entry| entry.at);
        Self { schedule, fixed, waiting, flow }
    }

    /// Everybody who waits, by slot.
    pub fn waiting(&self) -> &[Waiting<P>] {
        &self.waiting
    }

    /// The zone whose clocks the slots mean.
    pub fn zone(&self) -> Tz {
        self.schedule.zone
    }

    /// Whether posts go.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Who goes next, unless the queue is paused.
    pub fn up_next(&self) -> Option<&Waiting<P>> {
        self.waiting.first().filter(|_| self.flow == Flow::Running)
    }

    /// The slots that additions would get one after another, as seen at `now`.
    pub fn preview(&self, place: Place, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let from = match place {
            Place::First => now,
            Place::Last => self.waiting.last().map_or(now, |last| last.at.max(now)),
        };
        let mut taken = &self.fixed | &self.waiting.iter().map(|entry| entry.at).collect();
        self.schedule.slots_until(from, horizon(now)).filter(move |at| {
            let free = self.schedule.spacing.leaves_room(&taken, *at);
            free && taken.insert(*at)
        })
    }

    /// Up to when the instants of the channel's other posts must be known for so many additions, at either place, or for settling as
    /// many who wait: what lies behind changes nothing. Seen with what is known; told of more, it may be later.
    pub fn known_until(&self, count: usize, now: DateTime<Utc>) -> DateTime<Utc> {
        // Nobody ends up behind the slot that they would get behind everybody: it is open to them, too.
        let Some(last) = count.checked_sub(1) else { return now };
        if self.schedule.slots_until(now, horizon(now)).next().is_none() {
            return now;
        }
        let last = self.preview(Place::Last, now).nth(last);
        last.and_then(|at| at.checked_add_signed(self.schedule.spacing.span()))
            .unwrap_or_else(|| horizon(now))
    }

    /// Takes further instants of the channel's posts that do not wait here.
    pub fn learn(&mut self, fixed: impl IntoIterator<Item = DateTime<Utc>>) {
        self.fixed.extend(fixed);
    }

    /// Adds a post and returns its slot.
    pub fn add(&mut self, post: P, place: Place, now: DateTime<Utc>) -> Result<DateTime<Utc>, QueueError> {
        if self.position(&post).is_some() {
            return Err(QueueError::AlreadyWaiting);
        }
        let slot = self.preview(place, now).next();
        let at = slot.ok_or(QueueError::Full { horizon: horizon(now) })?;
        let behind = self.waiting.partition_point(|entry| entry.at < at);
        self.waiting.insert(behind, Waiting { at, post });
        Ok(at)
    }

    /// Takes a post out and refills its slot.
    pub fn withdraw(
        &mut self,
        post: &P,
        refill: Refill,
        now: DateTime<Utc>,
    ) -> Result<Vec<Waiting<P>>, QueueError> {
        let freed = self.position(post).ok_or(QueueError::NotWaiting)?;
        let mut slots = self.slots();
        let mut posts = self.posts();
        let refill = if slots[freed] < now { Refill::Leave } else { refill };
        posts.remove(freed);
        match refill {
            Refill::Leave => drop(slots.remove(freed)),
            Refill::MoveUp => drop(slots.pop()),
            Refill::PullLast => {
                slots.pop();
                // Withdrawing the last leaves nobody to come forward.
                if freed < posts.len() {
                    posts[freed..].rotate_right(1);
                }
            }
        }
        Ok(self.seat(posts, slots))
    }

    /// Puts the posts into a new order.
    pub fn reorder(&mut self, order: Vec<P>) -> Result<Vec<Waiting<P>>, QueueError> {
        let (named, waiting): (BTreeSet<_>, BTreeSet<_>) = (order.iter().collect(), self.posts_by_id());
        if named != waiting || order.len() != self.waiting.len() {
            return Err(QueueError::OtherPosts);
        }
        let slots = self.slots();
        Ok(self.seat(order, slots))
    }

    /// Puts the posts into an order that only the seed decides.
    pub fn shuffle(&mut self, seed: u64) -> Vec<Waiting<P>> {
        let mut posts = self.posts();
        posts.sort_unstable();
        let mut random = SplitMix(seed);
        for end in (1..posts.len()).rev() {
            posts.swap(end, random.up_to(end));
        }
        let slots = self.slots();
        self.seat(posts, slots)
    }

    /// Lets nobody go from now on.
    pub fn pause(&mut self) {
        self.flow = Flow::Paused;
    }

    /// Lets posts go again, after those whose slots have passed got new ones.
    pub fn resume(&mut self, now: DateTime<Utc>) -> Result<Vec<Waiting<P>>, QueueError> {
        let changed = self.settle(now)?;
        self.flow = Flow::Running;
        Ok(changed)
    }

    /// Gives a new slot to each post whose own is none any more.
    pub fn settle(&mut self, now: DateTime<Utc>) -> Result<Vec<Waiting<P>>, QueueError> {
        let mut taken = self.fixed.clone();
        let mut to_come = self.schedule.slots_until(now, horizon(now));
        let mut seat = |held: DateTime<Utc>| {
            let at = to_come.find(|at| *at >= held && self.schedule.spacing.leaves_room(&taken, *at))?;
            taken.insert(at);
            Some(at)
        };
        let slots: Option<Vec<_>> = self.waiting.iter().map(|entry| seat(entry.at)).collect();
        let slots = slots.ok_or(QueueError::Full { horizon: horizon(now) })?;
        Ok(self.seat(self.posts(), slots))
    }

    /// Seats posts in slots one by one, and returns those who sat elsewhere before.
    pub(crate) fn seat(&mut self, posts: Vec<P>, slots: Vec<DateTime<Utc>>) -> Vec<Waiting<P>> {
        let before: BTreeMap<_, _> = self.waiting.drain(..).map(|entry| (entry.post, entry.at)).collect();
        self.waiting = slots.into_iter().zip(posts).map(|(at, post)| Waiting { at, post }).collect();
        self.waiting.iter().filter(|entry| before.get(&entry.post) != Some(&entry.at)).cloned().collect()
    }

    fn position(&self, post: &P) -> Option<usize> {
        self.waiting.iter().position(|entry| entry.post == *post)
    }

    fn slots(&self) -> Vec<DateTime<Utc>> {
        self.waiting.iter().map(|entry| entry.at).collect()
    }

    fn posts(&self) -> Vec<P> {
        self.waiting.iter().map(|entry| entry.post.clone()).collect()
    }

    fn posts_by_id(&self) -> BTreeSet<&P> {
        self.waiting.iter().map(|entry| &entry.post).collect()
    }
}

/// Sebastiano Vigna's `SplitMix64`: <https://prng.di.unimi.it/splitmix64.c>.
struct SplitMix(u64);

impl SplitMix {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `most`. The bias of the remainder is below one in 2^50 for any queue that fits the horizon.
    fn up_to(&mut self, most: usize) -> usize {
        let choices = most as u64 + 1;
        usize::try_from(self.draw() % choices).unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveTime, TimeDelta, Weekday};
    use proptest::prelude::*;
    use serde_json::json;
    use zone::Tz;

    use super::*;
    use crate::week::Week;

    fn day(date: u32) -> DateTime<Utc> {
        format!("2026-12-{date:02}T09:00:00Z").parse().unwrap()
    }

    /// One slot a day, at nine.
    fn daily() -> PostingSchedule {
        let nine = "09:00".parse().unwrap();
        let week = Week::new((0..7_u8).map(|day| (Weekday::try_from(day).unwrap(), nine))).unwrap();
        PostingSchedule { week, ..serde_json::from_value(json!({"zone": "UTC"})).unwrap() }
    }

    fn queue(waiting: &[(u32, char)]) -> Queue<char> {
        let waiting = waiting.iter().map(|(date, post)| Waiting { at: day(*date), post: *post }).collect();
        Queue::new(daily(), BTreeSet::new(), waiting, Flow::Running)
    }

    fn seats(waiting: &[Waiting<char>]) -> Vec<(u32, char)> {
        use chrono::Datelike;
        waiting.iter().map(|entry| (entry.at.day(), entry.post)).collect()
    }

    #[test]
    fn first_fills_the_earliest_gap_and_last_goes_behind_everybody() {
        let mut queue = queue(&[(1, 'a'), (3, 'b')]);
        assert_eq!(queue.add('c', Place::Last, day(1)), Ok(day(4)));
        assert_eq!(queue.add('d', Place::First, day(1)), Ok(day(2)));
        assert_eq!(seats(queue.waiting()), [(1, 'a'), (2, 'd'), (3, 'b'), (4, 'c')]);
        assert_eq!(queue.add('a', Place::First, day(1)), Err(QueueError::AlreadyWaiting));
    }

    #[test]
    fn nobody_is_added_to_a_slot_that_has_passed() {
        let mut queue = queue(&[(1, 'a'), (2, 'b')]);
        queue.pause();
        assert_eq!(queue.add('c', Place::Last, day(5)), Ok(day(5)));
        assert_eq!(queue.add('d', Place::First, day(5)), Ok(day(6)));
    }

    #[test]
    fn those_who_wait_are_read_in_any_order() {
        assert_eq!(seats(queue(&[(3, 'b'), (1, 'a')]).waiting()), [(1, 'a'), (3, 'b')]);
    }

    #[test]
    fn what_has_a_time_of_its_own_takes_its_slot_and_keeps_others_at_a_distance() {
        let mut schedule = daily();
        schedule.spacing = 120.try_into().unwrap();
        let fixed =
            BTreeSet::from([day(1), day(2) + TimeDelta::minutes(119), day(3) - TimeDelta::minutes(120)]);
        let queue = Queue::<char>::new(schedule, fixed, Vec::new(), Flow::Running);
        assert_eq!(queue.preview(Place::First, day(1)).next(), Some(day(3)));
    }

    #[test]
    fn a_queue_without_a_free_slot_says_up_to_when_it_looked() {
        let mut schedule = daily();
        schedule.week = Week::default();
        let mut queue = Queue::new(schedule, BTreeSet::new(), Vec::new(), Flow::Running);
        assert_eq!(queue.add('a', Place::Last, day(1)), Err(QueueError::Full { horizon: horizon(day(1)) }));
        assert!(queue.waiting().is_empty());
    }

    #[test]
    fn a_new_order_moves_posts_among_their_slots_and_reports_who_moved() {
        let mut queue = queue(&[(1, 'a'), (3, 'b'), (4, 'c')]);
        assert_eq!(seats(&queue.reorder(vec!['b', 'a', 'c']).unwrap()), [(1, 'b'), (3, 'a')]);
        assert_eq!(seats(queue.waiting()), [(1, 'b'), (3, 'a'), (4, 'c')]);
    }

    #[test]
    fn an_order_of_other_posts_is_refused() {
        let mut queue = queue(&[(1, 'a'), (3, 'b')]);
        for order in ["a", "ac", "abc", "aab", "aa", ""] {
            assert_eq!(queue.reorder(order.chars().collect()), Err(QueueError::OtherPosts), "{order}");
        }
        assert_eq!(seats(queue.waiting()), [(1, 'a'), (3, 'b')]);
    }

    #[test]
    fn each_order_of_three_comes_out_of_some_seed_about_equally_often() {
        let mut counts = BTreeMap::<String, u32>::new();
        for seed in 0..6_000 {
            let mut queue = queue(&[(1, 'a'), (2, 'b'), (3, 'c')]);
            queue.shuffle(seed);
            *counts.entry(queue.waiting().iter().map(|entry| entry.post).collect()).or_default() += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn the_random_numbers_are_those_of_the_reference() {
        let mut random = SplitMix(1_234_567);
        assert_eq!([random.draw(), random.draw()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn a_freed_slot_is_refilled_by_policy() {
        let refilled = |refill| {
            let mut queue = queue(&[(1, 'a'), (2, 'b'), (4, 'c'), (5, 'd'), (6, 'e')]);
            let moved = queue.withdraw(&'b', refill, day(1)).unwrap();
            (seats(queue.waiting()), seats(&moved))
        };
        assert_eq!(refilled(Refill::Leave), (vec![(1, 'a'), (4, 'c'), (5, 'd'), (6, 'e')], vec![]));
        let moved = vec![(2, 'c'), (4, 'd'), (5, 'e')];
        assert_eq!(refilled(Refill::MoveUp), ([vec![(1, 'a')], moved.clone()].concat(), moved));
        let pulled = vec![(1, 'a'), (2, 'e'), (4, 'c'), (5, 'd')];
        assert_eq!(refilled(Refill::PullLast), (pulled, vec![(2, 'e')]));
    }

    #[test]
    fn a_slot_that_has_passed_stays_empty_and_nobody_follows_the_last() {
        for refill in [Refill::Leave, Refill::MoveUp, Refill::PullLast] {
            let mut passed = queue(&[(1, 'a'), (2, 'b')]);
            assert_eq!(passed.withdraw(&'a', refill, day(2)), Ok(vec![]));
            assert_eq!(seats(passed.waiting()), [(2, 'b')]);
            let mut last = queue(&[(1, 'a'), (2, 'b')]);
            assert_eq!(last.withdraw(&'b', refill, day(1)), Ok(vec![]));
            assert_eq!(seats(last.waiting()), [(1, 'a')]);
            assert_eq!(last.withdraw(&'b', refill, day(1)), Err(QueueError::NotWaiting));
        }
    }

    #[test]
    fn nobody_goes_while_paused_and_on_resuming_those_who_sat_it_out_go_first() {
        let mut queue = queue(&[(1, 'a'), (2, 'b'), (5, 'c'), (9, 'd')]);
        queue.pause();
        assert_eq!((queue.flow(), queue.up_next()), (Flow::Paused, None));
        let moved = queue.resume(day(4)).unwrap();
        assert_eq!(seats(&moved), [(4, 'a'), (5, 'b'), (6, 'c')]);
        assert_eq!(seats(queue.waiting()), [(4, 'a'), (5, 'b'), (6, 'c'), (9, 'd')]);
        assert_eq!((queue.flow(), queue.up_next().map(|entry| entry.post)), (Flow::Running, Some('a')));
    }

    #[test]
    fn a_queue_that_cannot_be_resumed_stays_as_it_was() {
        let mut schedule = daily();
        schedule.week = Week::default();
        let waiting = vec![Waiting { at: day(1), post: 'a' }];
        let mut queue = Queue::new(schedule, BTreeSet::new(), waiting, Flow::Paused);
        let before = queue.clone();
        assert_eq!(queue.resume(day(4)), Err(QueueError::Full { horizon: horizon(day(4)) }));
        assert_eq!(queue, before);
    }

    #[test]
    fn two_posts_whose_slots_came_to_coincide_are_parted() {
        // 02:30 was a slot of its own until the rules of the zone skipped it.
        let mut queue = queue(&[(1, 'a'), (1, 'b'), (2, 'c')]);
        assert_eq!(seats(&queue.settle(day(1)).unwrap()), [(2, 'b'), (3, 'c')]);
    }

    /// What somebody does to a queue.
    #[derive(Debug, Clone)]
    enum Act {
        Add(Place),
        Withdraw(usize, Refill),
        Reverse,
        Shuffle(u64),
        Wait(i64),
    }

    fn any_act() -> impl Strategy<Value = Act> {
        let place = prop::sample::select(vec![Place::First, Place::Last]);
        let refill = prop::sample::select(vec![Refill::Leave, Refill::MoveUp, Refill::PullLast]);
        prop_oneof![
            4 => place.prop_map(Act::Add),
            2 => (any::<usize>(), refill).prop_map(|(place, refill)| Act::Withdraw(place, refill)),
            1 => Just(Act::Reverse),
            1 => any::<u64>().prop_map(Act::Shuffle),
            1 => (1..200_i64).prop_map(Act::Wait),
        ]
    }

    prop_compose! {
        fn any_queue()(
            zone in prop_oneof![(0..Tz::all().len()).prop_map(|zone| Tz::all()[zone]), Just(Tz::known("America/New_York")), Just(Tz::known("Australia/Lord_Howe"))],
            slots in prop::collection::btree_set((0..7_u8, 0..48_u32), 1..15),
            dark in prop::collection::btree_set(0..40_u64, 0..8),
            spacing in prop_oneof![Just(0_u32), 1..600_u32],
            fixed in prop::collection::btree_set(-100..60_000_i64, 0..15),
            start in 0..700_i64,
        ) -> (Queue<usize>, DateTime<Utc>) {
            let now = day(1) + TimeDelta::days(start);
            let slots = slots.into_iter().map(|(day, half_hour)| {
                let time = NaiveTime::from_num_seconds_from_midnight_opt(half_hour * 1_800, 0).unwrap();
                (Weekday::try_from(day).unwrap(), time.try_into().unwrap())
            });
            let dark: BTreeSet<_> = dark.into_iter().map(|day| now.date_naive() + Days::new(day)).collect();
            let schedule = PostingSchedule {
                zone,
                week: Week::new(slots).unwrap(),
                blackouts: dark.try_into().unwrap(),
                spacing: spacing.try_into().unwrap(),
            };
            let fixed = fixed.into_iter().map(|minute| now + TimeDelta::minutes(minute)).collect();
            (Queue::new(schedule, fixed, Vec::new(), Flow::Running), now)
        }
    }

    fn sound(queue: &Queue<usize>) -> Result<(), TestCaseError> {
        let spacing = queue.schedule.spacing.span();
        prop_assert!(queue.waiting.is_sorted_by(|one, next| one.at < next.at && next.at - one.at >= spacing));
        for entry in &queue.waiting {
            prop_assert!(!queue.fixed.contains(&entry.at));
            prop_assert!(queue.fixed.iter().all(|fixed| (*fixed - entry.at).abs() >= spacing));
            prop_assert!(queue.schedule.has_slot(entry.at));
            let shown = entry.at.with_timezone(&queue.schedule.zone).date_naive();
            prop_assert!(!queue.schedule.blackouts.contains(shown));
        }
        Ok(())
    }

    /// Whether a slot is free, found by looking at everybody.
    fn is_free(queue: &Queue<usize>, at: DateTime<Utc>) -> bool {
        let mut taken = queue.fixed.iter().copied().chain(queue.slots());
        taken.all(|other| other != at && (other - at).abs() >= queue.schedule.spacing.span())
    }

    fn act(queue: &mut Queue<usize>, act: &Act, post: usize, now: &mut DateTime<Utc>) -> Vec<Waiting<usize>> {
        match act {
            Act::Add(place) => {
                let from =
                    queue.slots().last().copied().filter(|_| *place == Place::Last).unwrap_or(*now).max(*now);
                let earliest = queue.schedule.slots(from).find(|at| is_free(queue, *at));
                let at = queue.add(post, *place, *now).unwrap();
                assert_eq!(Some(at), earliest);
                vec![Waiting { at, post }]
            }
            Act::Withdraw(place, refill) => {
                let Some(entry) = queue.waiting.get(place % queue.waiting.len().max(1)).copied() else {
                    return vec![];
                };
                queue.withdraw(&entry.post, *refill, *now).unwrap()
            }
            Act::Reverse => queue.reorder(queue.posts().into_iter().rev().collect()).unwrap(),
            Act::Shuffle(seed) => queue.shuffle(*seed),
            Act::Wait(hours) => {
                queue.pause();
                *now += TimeDelta::hours(*hours);
                let order = queue.posts();
                let moved = queue.resume(*now).unwrap();
                assert_eq!(queue.posts(), order);
                assert!(queue.waiting.iter().all(|entry| entry.at >= *now));
                moved
            }
        }
    }

    proptest! {
        #[test]
        fn whatever_is_done_no_two_share_a_slot_and_spacing_and_blackouts_are_kept(
            (mut queue, mut now) in any_queue(),
            acts in prop::collection::vec(any_act(), 1..25),
        ) {
            for (post, step) in acts.iter().enumerate() {
                let order = queue.posts();
                let before: BTreeMap<_, _> = queue.waiting.iter().map(|entry| (entry.post, entry.at)).collect();
                let changed: BTreeSet<_> = act(&mut queue, step, post, &mut now).into_iter().collect();
                sound(&queue)?;
                // What is reported is exactly what changed.
                let moved = queue.waiting.iter().filter(|entry| before.get(&entry.post) != Some(&entry.at));
                prop_assert_eq!(changed, moved.copied().collect());
                if !matches!(step, Act::Reverse | Act::Shuffle(_) | Act::Withdraw(_, Refill::PullLast)) {
                    let stayed = order.into_iter().filter(|post| queue.position(post).is_some());
                    prop_assert!(stayed.eq(queue.posts().into_iter().filter(|waiting| *waiting != post)));
                }
            }
        }

        #[test]
        fn the_preview_shows_the_slots_that_repeated_adding_gets((mut queue, now) in any_queue(), places in any::<[bool; 6]>()) {
            for (post, first) in places.into_iter().enumerate() {
                let place = if first { Place::First } else { Place::Last };
                let preview: Vec<_> = queue.preview(place, now).take(8).collect();
                let mut copy = queue.clone();
                let added: Vec<_> = (100..108).map(|post| copy.add(post, place, now).unwrap()).collect();
                prop_assert_eq!(preview, added);
                queue.add(post, place, now).unwrap();
            }
        }

        #[test]
        fn what_lies_behind_what_must_be_known_changes_nothing(
            (mut whole, now) in any_queue(),
            acts in prop::collection::vec(any_act(), 1..12),
            count in 1..12_usize,
        ) {
            let mut later = now;
            for (post, step) in acts.iter().enumerate() {
                act(&mut whole, step, post, &mut later);
            }
            for settles in [false, true] {
                let count = if settles { whole.waiting.len() } else { count };
                let (mut part, mut known) = (Queue { fixed: BTreeSet::new(), ..whole.clone() }, DateTime::<Utc>::MIN_UTC);
                while count > 0 && part.known_until(count, later) >= known {
                    known = part.known_until(count, later) + TimeDelta::minutes(1);
                    part.learn(whole.fixed.range(..known).copied());
                }
                if settles {
                    prop_assert_eq!(part.settle(later), whole.clone().settle(later));
                } else {
                    for place in [Place::First, Place::Last] {
                        let (some, all) = (part.preview(place, later), whole.preview(place, later));
                        prop_assert!(some.take(count).eq(all.take(count)));
                    }
                }
            }
        }

        #[test]
        fn resuming_at_once_moves_nobody_and_settling_twice_is_settling_once((mut queue, now) in any_queue(), hours in 0..2_000_i64) {
            for post in 0..12 {
                queue.add(post, Place::First, now).unwrap();
            }
            prop_assert_eq!(queue.resume(now), Ok(vec![]));
            let later = now + TimeDelta::hours(hours);
            queue.settle(later).unwrap();
            prop_assert_eq!(queue.settle(later), Ok(vec![]));
        }

        #[test]
        fn a_shuffle_depends_on_the_posts_and_the_seed_alone(seed: u64, other: u64) {
            let mut one = queue(&[(1, 'a'), (2, 'b'), (4, 'c'), (5, 'd')]);
            let mut two = one.clone();
            one.shuffle(seed);
            two.shuffle(other);
            two.shuffle(seed);
            prop_assert_eq!(one, two);
        }
    }
}

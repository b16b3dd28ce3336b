//! Queues whose zone has new rules: a slot is a time on the wall, so whoever waits in one moves to where it is by now.
//!
//! Only instants are kept of those who wait, and a change of the schedule leaves nobody where there is no slot. So whoever waits
//! at an instant to come that is none is there because the rules of the zone are others than when it got the slot.
//!
//! * How far the clocks were moved shows in all of those for whom they have the same offset by now: it is the shortest shift that
//!   brings each of them to a slot. Others who wait within the same days shift with them, so that those who came to stand in
//!   each other's slots are told apart and the order is kept.
//! * Where no one shift fits all, each goes to the nearest slot of its day, and where the day has none, to the next one.
//! * A slot that is taken is left to whoever has it; then it is the next free one.
//!
//! Where every slot of some days came to stand at the instant of another slot, nothing shows, and nobody moves.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::{
    LocalSchedule,
    posting::PostingSchedule,
    queue::{Queue, Waiting},
    schedule::horizon,
    slots::Slots,
};

/// The furthest that clocks are moved: over the date line, and an hour or two on top.
const FURTHEST: TimeDelta = TimeDelta::hours(26);

/// Days within which the clocks were moved by one shift.
struct Stretch {
    offset: TimeDelta,
    first: NaiveDate,
    last: NaiveDate,
    shift: TimeDelta,
}

impl Stretch {
    /// Where somebody who waits within it belongs.
    fn shifted(&self, schedule: &PostingSchedule, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (offset, date) = shown(schedule, at);
        let within = offset == self.offset && (self.first..=self.last).contains(&date);
        at.checked_add_signed(self.shift).filter(|to| within && schedule.has_slot(*to))
    }
}

impl<P: Clone + Ord> Queue<P> {
    /// Moves whoever waits in a slot that the rules of the zone have moved, and says who that is. See the module for the rule.
    pub fn follow_clocks(&mut self, now: DateTime<Utc>) -> Vec<Waiting<P>> {
        let is_astray = |at: &DateTime<Utc>| *at >= now && !self.schedule.has_slot(*at);
        let astray: BTreeSet<_> = self.waiting().iter().map(|entry| entry.at).filter(is_astray).collect();
        if astray.is_empty() {
            return Vec::new();
        }
        let stretches = stretches(&self.schedule, &astray);
        let wanted = |at: DateTime<Utc>| {
            let shifted = || stretches.iter().find_map(|stretch| stretch.shifted(&self.schedule, at));
            let lost = || astray.contains(&at).then(|| nearest(&self.schedule, at)).flatten();
            // What should have gone by now, as in a queue that was paused, waits for somebody to let it go.
            Some(at).filter(|at| *at < now).or_else(shifted).or_else(lost).unwrap_or(at)
        };
        let entries: Vec<_> = self.waiting().iter().map(|entry| (wanted(entry.at), entry.clone())).collect();
        let stay = entries.iter().filter(|(to, entry)| *to == entry.at).map(|(to, _)| *to);
        let mut taken: BTreeSet<_> = self.fixed.iter().copied().chain(stay).collect();
        let mut seated = Vec::with_capacity(entries.len());
        for (to, Waiting { at, post }) in entries {
            let at = if to == at { at } else { self.free_from(to, now, &taken).unwrap_or(at) };
            taken.insert(at);
            seated.push((at, post));
        }
        seated.sort_by_key(|(at, _)| *at);
        let (slots, posts) = seated.into_iter().unzip();
        self.seat(posts, slots)
    }

    /// This slot, unless it is taken or has passed; then the next one that is free.
    fn free_from(
        &self,
        slot: DateTime<Utc>,
        now: DateTime<Utc>,
        taken: &BTreeSet<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        if slot >= now && !taken.contains(&slot) {
            return Some(slot);
        }
        let mut to_come = self.schedule.slots_until(slot.max(now), horizon(now));
        to_come.find(|at| self.schedule.spacing.leaves_room(taken, *at))
    }
}

/// How far the clocks of the schedule are ahead of UTC at an instant, and the date they show.
fn shown(schedule: &PostingSchedule, at: DateTime<Utc>) -> (TimeDelta, NaiveDate) {
    let local = LocalSchedule::showing(at, schedule.zone).local;
    (local - at.naive_utc(), local.date())
}

fn stretches(schedule: &PostingSchedule, astray: &BTreeSet<DateTime<Utc>>) -> Vec<Stretch> {
    let mut groups: BTreeMap<TimeDelta, Vec<DateTime<Utc>>> = BTreeMap::new();
    for at in astray {
        groups.entry(shown(schedule, *at).0).or_default().push(*at);
    }
    let stretch = |(offset, group): (TimeDelta, Vec<DateTime<Utc>>)| {
        let (first, last) = (*group.first()?, *group.last()?);
        let mut shifts: Vec<_> = around(schedule, first).map(|slot| slot - first).collect();
        shifts.sort_by_key(TimeDelta::abs);
        let fits = |shift: &TimeDelta| group.iter().all(|at| schedule.has_slot(*at + *shift));
        let shift = shifts.into_iter().find(fits)?;
        Some(Stretch { offset, first: shown(schedule, first).1, last: shown(schedule, last).1, shift })
    };
    groups.into_iter().filter_map(stretch).collect()
}

/// The nearest slot on the day of an instant, else the next one.
fn nearest(schedule: &PostingSchedule, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let date = shown(schedule, at).1;
    let of_day = around(schedule, at).filter(|slot| shown(schedule, *slot).1 == date);
    of_day.min_by_key(|slot| (*slot - at).abs()).or_else(|| schedule.slots(at).next())
}

/// The slots to which clocks that were moved may have moved an instant.
fn around(schedule: &PostingSchedule, at: DateTime<Utc>) -> Slots<'_> {
    let from = at.checked_sub_signed(FURTHEST).unwrap_or(at);
    schedule.slots_until(from, at.checked_add_signed(FURTHEST).unwrap_or(at))
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Tz, queue::Flow, week::Week};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn daily(zone: &str, times: &[&str]) -> PostingSchedule {
        let days = (0..7_u8).map(|day| Weekday::try_from(day).unwrap());
        let slots = days.flat_map(|day| times.iter().map(move |time| (day, time.parse().unwrap())));
        let schedule: PostingSchedule = serde_json::from_value(json!({ "zone": zone })).unwrap();
        PostingSchedule { week: Week::new(slots).unwrap(), ..schedule }
    }

    /// A queue of those who wait at these instants, in the order of the alphabet.
    fn queue(schedule: PostingSchedule, fixed: &[&str], at: &[DateTime<Utc>]) -> Queue<char> {
        let waiting = at.iter().zip('a'..).map(|(at, post)| Waiting { at: *at, post }).collect();
        Queue::new(schedule, fixed.iter().map(|at| utc(at)).collect(), waiting, Flow::Running)
    }

    fn seats(queue: &Queue<char>) -> Vec<(DateTime<Utc>, char)> {
        queue.waiting().iter().map(|entry| (entry.at, entry.post)).collect()
    }

    const NOW: &str = "2027-10-20T00:00:00Z";

    #[test]
    fn who_waits_where_the_clocks_were_is_moved_to_the_same_time_on_the_wall_and_loses_no_day() {
        let schedule = daily("Asia/Tokyo", &["09:30"]);
        let right: Vec<_> = schedule.slots(utc(NOW)).take(3).collect();
        for shift in [-24 * 60, -60, -30, 30, 60, 120] {
            let before: Vec<_> = right.iter().map(|at| *at + TimeDelta::minutes(shift)).collect();
            let mut queue = queue(schedule.clone(), &[], &before[1..]);
            let moved = queue.follow_clocks(utc(NOW));
            if shift % (24 * 60) == 0 {
                // Nothing shows: the instants are those of other slots.
                assert!(moved.is_empty());
            } else {
                assert_eq!(seats(&queue), [(right[1], 'a'), (right[2], 'b')], "{shift}");
                assert_eq!(moved, queue.waiting());
            }
            assert!(queue.follow_clocks(utc(NOW)).is_empty(), "once");
        }
    }

    #[test]
    fn only_the_part_of_the_year_that_changed_moves() {
        let schedule = daily("America/New_York", &["09:30"]);
        // Summer as it is, and winter as if it had been summer time for good.
        let summer = utc("2027-10-28T13:30:00Z");
        let winter = [utc("2027-11-20T13:30:00Z"), utc("2027-11-22T13:30:00Z")];
        let mut queue = queue(schedule, &[], &[summer, winter[0], winter[1]]);
        let moved: Vec<_> = queue.follow_clocks(utc(NOW)).into_iter().map(|entry| entry.post).collect();
        assert_eq!(moved, ['b', 'c']);
        let hour = TimeDelta::hours(1);
        assert_eq!(seats(&queue), [(summer, 'a'), (winter[0] + hour, 'b'), (winter[1] + hour, 'c')]);
    }

    #[test]
    fn who_came_to_stand_in_the_slot_of_another_is_told_apart_by_those_who_show_how_far_the_clocks_moved() {
        let schedule = daily("Asia/Tokyo", &["09:30", "10:00", "10:30"]);
        let right: Vec<_> = schedule.slots(utc(NOW)).take(9).collect();
        // On the day in the middle only the first slot is held, and an hour later there is one, too.
        let held: Vec<_> = [0, 1, 2, 3, 6, 8].into_iter().map(|n| right[n]).collect();
        let before: Vec<_> = held.iter().map(|at| *at + TimeDelta::hours(1)).collect();
        let mut queue = queue(schedule, &[], &before);
        queue.follow_clocks(utc(NOW));
        assert_eq!(seats(&queue), held.into_iter().zip('a'..).collect::<Vec<_>>());
    }

    #[test]
    fn a_slot_that_somebody_else_has_by_now_is_left_to_them() {
        let schedule = daily("Asia/Tokyo", &["09:30"]);
        let right: Vec<_> = schedule.slots(utc(NOW)).take(3).collect();
        let fixed = right[0].to_rfc3339();
        let mut queue = queue(schedule, &[&fixed], &[right[0] + TimeDelta::hours(1)]);
        assert_eq!(queue.follow_clocks(utc(NOW)), [Waiting { at: right[1], post: 'a' }]);
    }

    #[test]
    fn without_slots_or_after_their_time_everybody_stays() {
        let at = [utc("2027-10-10T00:00:00Z"), utc("2027-11-01T00:00:00Z")];
        let mut idle = queue(daily("UTC", &[]), &[], &at);
        assert!(idle.follow_clocks(utc(NOW)).is_empty());
        let mut paused = queue(daily("UTC", &["09:30"]), &[], &at);
        assert_eq!(paused.follow_clocks(utc(NOW)).len(), 1);
        assert_eq!(paused.waiting()[0].at, at[0]);
    }

    proptest! {
        #[test]
        fn whatever_the_clocks_did_everybody_sits_in_a_slot_of_their_own(
            zone in prop::sample::select(vec![Tz::UTC, Tz::known("Europe/Tallinn"), Tz::known("America/New_York")]),
            slots in prop::collection::btree_set((0..7_u8, 0..96_u32), 1..20),
            held in prop::collection::btree_set(0..60_usize, 1..25),
            shift in -1_500..1_500_i64,
        ) {
            let now = utc(NOW);
            let slots = slots.into_iter().map(|(day, quarter)| {
                let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(quarter * 900, 0).unwrap();
                (Weekday::try_from(day).unwrap(), time.try_into().unwrap())
            });
            let schedule = PostingSchedule { zone, week: Week::new(slots).unwrap(), ..daily("UTC", &[]) };
            let all: Vec<_> = schedule.slots(now).take(60).collect();
            let waiting: Vec<_> = held.iter().filter_map(|n| all.get(*n)).map(|at| *at + TimeDelta::minutes(shift)).collect();
            let mut queue = queue(schedule.clone(), &[], &waiting);
            let before: BTreeMap<_, _> = queue.waiting().iter().map(|entry| (entry.post, entry.at)).collect();
            let moved: BTreeSet<_> = queue.follow_clocks(now).into_iter().collect();
            prop_assert!(queue.waiting().is_sorted_by(|one, next| one.at < next.at));
            prop_assert!(queue.waiting().iter().all(|entry| entry.at < now || schedule.has_slot(entry.at)));
            let changed = queue.waiting().iter().filter(|entry| before[&entry.post] != entry.at);
            prop_assert_eq!(moved, changed.copied().collect());
            prop_assert!(queue.follow_clocks(now).is_empty());
        }
    }
}

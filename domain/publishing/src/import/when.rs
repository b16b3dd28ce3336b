//! When a row is to go out: on all of its channels, and on those that have a time of their own.

use scheduling::{LocalSchedule, Schedule};
use zone::Tz;

use super::{
    Column, NamedChannel,
    cells::{Cells, Faults},
    channels,
    times::{self, NoTime},
};
use crate::{
    id::ChannelId,
    post::{Target, TargetTime},
};

impl Cells {
    /// The time of the row; those of channels are put into their targets.
    pub(super) fn when(
        &self,
        default: Option<Tz>,
        channels: &[NamedChannel],
        targets: &mut [Target],
        faults: &mut Faults,
    ) -> Option<Schedule> {
        let schedules = match self.action.as_str() {
            "schedule" => true,
            // An export says when a post that was taken back would have gone out.
            "draft" => return None,
            "" => false,
            _ => {
                faults.report(Column::Action, "not_allowed", "An action is `draft` or `schedule`.");
                return None;
            }
        };
        let has_time = [&self.at, &self.local_time, &self.channel_times].iter().any(|text| !text.is_empty());
        if schedules && !has_time {
            faults.report(Column::Action, "schedule_invalid", "What is to be scheduled needs a time.");
            return None;
        }
        let schedule = self.times(default, channels, targets, faults);
        let says_when = schedule.is_some() || targets.iter().any(|target| target.time != TargetTime::Post);
        if !schedules && says_when {
            let message = "Write `schedule` into this column, or `draft` if the time does not count.";
            faults.report(Column::Action, "schedule_invalid", message);
        }
        if schedules && faults.is_empty() {
            complete(schedule, targets, faults);
        }
        schedule
    }

    fn times(
        &self,
        default: Option<Tz>,
        channels: &[NamedChannel],
        targets: &mut [Target],
        faults: &mut Faults,
    ) -> Option<Schedule> {
        let zone = match self.time_zone.parse::<Tz>() {
            Ok(zone) => Some(zone),
            Err(_) if self.time_zone.is_empty() => default,
            Err(_) => {
                let message = "A time zone is a name of the IANA database, such as Europe/Berlin.";
                faults.report(Column::TimeZone, "schedule_invalid", message);
                return None;
            }
        };
        self.own_times(zone, channels, targets, faults);
        match (self.at.is_empty(), self.local_time.is_empty()) {
            (true, true) => None,
            (false, true) => self.instant(faults),
            (true, false) => self.local(zone, faults),
            (false, false) => {
                faults.report(Column::At, "schedule_invalid", "Give either an instant or a local time.");
                None
            }
        }
    }

    fn instant(&self, faults: &mut Faults) -> Option<Schedule> {
        let at = times::read_instant(&self.at);
        if at.is_none() {
            let message = "An instant is written like 2027-03-01T09:30:00Z or 2027-03-01T10:30:00+01:00.";
            faults.report(Column::At, "schedule_invalid", message);
        }
        at
    }

    fn local(&self, zone: Option<Tz>, faults: &mut Faults) -> Option<Schedule> {
        let local = times::read_local(&self.local_time);
        if local.is_none() {
            let message = "A local time is written like 2027-03-01 09:30, and there must be such a date.";
            faults.report(Column::LocalTime, "schedule_invalid", message);
        }
        if zone.is_none() {
            let message = "A local time needs a time zone, here or for the whole import.";
            faults.report(Column::TimeZone, "schedule_invalid", message);
        }
        Some(Schedule::Local(LocalSchedule { local: local?, zone: zone? }))
    }

    fn own_times(
        &self,
        zone: Option<Tz>,
        channels: &[NamedChannel],
        targets: &mut [Target],
        faults: &mut Faults,
    ) {
        let mut seen: Vec<ChannelId> = Vec::new();
        for entry in self.channel_times.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
            // A name may have an equals sign of its own, a time has none.
            let (name, time) = entry.rsplit_once('=').unwrap_or((entry, ""));
            let time = match times::read_own(time.trim(), zone) {
                Ok(time) => time,
                Err(wrong) => {
                    faults.report(Column::ChannelTimes, "schedule_invalid", message(wrong));
                    continue;
                }
            };
            let channel = channels::find(channels, name.trim()).ok();
            let target = targets.iter_mut().find(|target| Some(target.channel) == channel);
            let Some(target) = target else {
                let message = "A channel that has a time must stand in the column `channels` too.";
                faults.report(Column::ChannelTimes, "channel_unknown", message);
                continue;
            };
            if seen.contains(&target.channel) {
                faults.report(Column::ChannelTimes, "channel_repeated", "A channel has two times.");
            }
            seen.push(target.channel);
            target.time = time;
        }
    }
}

fn message(wrong: NoTime) -> &'static str {
    match wrong {
        NoTime::Unreadable => {
            "A channel and its time are written like `chan_…=2027-03-01 09:30 Europe/Berlin`, \
             `chan_…=2027-03-01T09:30:00Z` or `chan_…=unplanned`."
        }
        NoTime::NoZone => {
            "A local time needs a time zone: behind it, in its column, or for the whole import."
        }
    }
}

/// Refuses a row some of whose channels have no time, or all of whose channels have none.
fn complete(schedule: Option<Schedule>, targets: &[Target], faults: &mut Faults) {
    let goes_with_post = |target: &Target| target.time == TargetTime::Post;
    if schedule.is_none() && targets.iter().any(goes_with_post) {
        let message = "Give the row a time, or each of its channels one.";
        faults.report(Column::ChannelTimes, "schedule_invalid", message);
    } else if !targets.is_empty() && targets.iter().all(|target| target.time == TargetTime::Unplanned) {
        let message = "What is to be scheduled needs a time on one channel at least.";
        faults.report(Column::ChannelTimes, "schedule_invalid", message);
    }
}

//! Times of posts and of publications, as they are asked for and shown.

use chrono::NaiveDateTime;
use poem_openapi::Object;
use publishing::{id::Channel, post::OwnTime};
use scheduling::{LocalSchedule, Schedule};

use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Id, Instant, Zone},
};

/// When a post is due: the intent, and the instant it means.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ScheduleView {
    /// The instant.
    at: Instant,
    /// The wall-clock time, if it was scheduled by one.
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// When to publish: either an instant, or a wall-clock time with its zone. A local time that the clocks skip moves forward by
/// the gap; one that occurs twice means the first.
#[derive(Object)]
pub(super) struct NewSchedule {
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

/// When to publish a post: as in `NewSchedule`, and where channels have times of their own, those.
#[derive(Object)]
pub(super) struct PostSchedule {
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
    /// Channels that have times of their own. With one for each channel the post needs none.
    #[oai(default, validator(max_items = 50))]
    targets: Vec<TargetSchedule>,
}

/// When to publish on one channel: an instant, or a wall-clock time with its zone.
#[derive(Object)]
struct TargetSchedule {
    /// The channel, one of the post's.
    channel_id: Id<Channel>,
    /// The instant.
    at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    local_time: Option<String>,
    /// The zone of the wall-clock time.
    time_zone: Option<Zone>,
}

impl From<Schedule> for ScheduleView {
    fn from(schedule: Schedule) -> Self {
        let (local_time, time_zone) = match schedule {
            Schedule::At(_) => (None, None),
            Schedule::Local(wall) => {
                (Some(wall.local.format("%Y-%m-%dT%H:%M:%S").to_string()), Some(Zone(wall.zone)))
            }
        };
        Self { at: schedule.resolve().into(), local_time, time_zone }
    }
}

impl NewSchedule {
    /// A schedule from its parts.
    pub(super) const fn of(at: Option<Instant>, local_time: Option<String>, time_zone: Option<Zone>) -> Self {
        Self { at, local_time, time_zone }
    }

    /// The schedule that is meant, if it is one.
    pub(super) fn read(self) -> Result<Schedule, Problem> {
        self.below(&Pointer::default())
    }

    fn below(self, place: &Pointer) -> Result<Schedule, Problem> {
        let wrong = |member: &str, detail: &str| {
            Problem::invalid(vec![Violation::body(place.member(member), "schedule_invalid", detail)])
        };
        match (self.at, self.local_time, self.time_zone) {
            (Some(at), None, None) => Ok(Schedule::At(at.0)),
            (None, Some(local), Some(zone)) => {
                let full = if local.len() == 16 { format!("{local}:00") } else { local };
                let local: NaiveDateTime =
                    full.parse().map_err(|_| wrong("local_time", "There is no such date or time."))?;
                Ok(Schedule::Local(LocalSchedule { local, zone: zone.0 }))
            }
            _ => Err(wrong("at", "Give either `at`, or `local_time` and `time_zone` together.")),
        }
    }
}

impl PostSchedule {
    /// The times that are meant, if they are: the post's and those of channels.
    pub(super) fn read(self) -> Result<(Option<Schedule>, Vec<OwnTime>), Problem> {
        let own = |(n, one): (usize, TargetSchedule)| {
            let schedule = NewSchedule::of(one.at, one.local_time, one.time_zone);
            let schedule = schedule.below(&Pointer::to("targets").element(n))?;
            Ok(OwnTime { channel: one.channel_id.0, schedule })
        };
        let nothing = self.at.is_none() && self.local_time.is_none() && self.time_zone.is_none();
        let post = if nothing && !self.targets.is_empty() {
            None
        } else {
            Some(NewSchedule::of(self.at, self.local_time, self.time_zone).read()?)
        };
        Ok((post, self.targets.into_iter().enumerate().map(own).collect::<Result<_, Problem>>()?))
    }
}

//! Posting schedules, as they are given and shown.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Weekday};
use poem_openapi::{Enum, Object};
use publishing::posting::{ChannelPosting, WorkspacePosting};
use scheduling::{
    ChannelSchedule, PostingSchedule,
    posting::{Blackouts, PostingError, Spacing},
    queue, week,
};

use crate::{
    problem::{Pointer, Problem, Violation},
    value::{Date, SlotText, Zone},
};

/// The slots of a week: the times of day at which something may go out. A day that is absent has none.
#[derive(Object, Clone, Default)]
#[oai(rename = "PostingWeek", default)]
struct Week {
    /// Of each Monday.
    #[oai(default, validator(max_items = 96, unique_items))]
    monday: Vec<SlotText>,
    /// Of each Tuesday.
    #[oai(default, validator(max_items = 96, unique_items))]
    tuesday: Vec<SlotText>,
    /// Of each Wednesday.
    #[oai(default, validator(max_items = 96, unique_items))]
    wednesday: Vec<SlotText>,
    /// Of each Thursday.
    #[oai(default, validator(max_items = 96, unique_items))]
    thursday: Vec<SlotText>,
    /// Of each Friday.
    #[oai(default, validator(max_items = 96, unique_items))]
    friday: Vec<SlotText>,
    /// Of each Saturday.
    #[oai(default, validator(max_items = 96, unique_items))]
    saturday: Vec<SlotText>,
    /// Of each Sunday.
    #[oai(default, validator(max_items = 96, unique_items))]
    sunday: Vec<SlotText>,
}

/// What happens to a slot that becomes free: `leave` leaves it empty, with `move_up` everybody behind moves up by one, with
/// `pull_last` the last one takes it.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Default)]
#[oai(rename = "QueueRefill", rename_all = "snake_case")]
enum Refill {
    #[default]
    Leave,
    MoveUp,
    PullLast,
}

/// When a workspace publishes.
#[derive(Object)]
#[oai(rename = "PostingSchedule")]
pub(super) struct WorkspaceSchedule {
    /// The zone whose clocks the slots and the blackout dates mean.
    time_zone: Zone,
    /// The slots of each week.
    #[oai(default)]
    week: Week,
    /// Days without slots.
    #[oai(default, validator(max_items = 732, unique_items))]
    blackout_dates: Vec<Date>,
    /// The least time between two posts of one channel, in minutes.
    #[oai(default, validator(maximum(value = "10080")))]
    spacing_minutes: u32,
    /// What happens to a slot that becomes free.
    #[oai(default)]
    refill: Refill,
}

/// What a channel does differently from its workspace. What is absent is as there.
#[derive(Object)]
#[oai(rename = "ChannelPostingSchedule", skip_serializing_if_is_none)]
pub(super) struct OwnSchedule {
    /// Another zone. Slots that come from the workspace are read in it, too.
    time_zone: Option<Zone>,
    /// Other slots.
    week: Option<Week>,
    /// Further days without slots.
    #[oai(default, validator(max_items = 732, unique_items))]
    blackout_dates: Vec<Date>,
    /// Another spacing.
    #[oai(validator(maximum(value = "10080")))]
    spacing_minutes: Option<u32>,
}

/// The slots that count for a channel.
#[derive(Object)]
struct EffectiveSchedule {
    /// The zone whose clocks the slots and the blackout dates mean.
    time_zone: Zone,
    /// The slots of each week.
    week: Week,
    /// Days without slots.
    blackout_dates: Vec<Date>,
    /// The least time between two posts, in minutes.
    spacing_minutes: u32,
}

/// When a channel publishes.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct ChannelTimes {
    /// What it does differently from its workspace; absent if nothing.
    own: Option<OwnSchedule>,
    /// What follows from that and from the workspace.
    effective: EffectiveSchedule,
}

/// What the document cannot say about a schedule: it keeps every bound, so this is for what slips through.
fn wrong(member: &str) -> impl Fn(PostingError) -> Problem {
    move |error| Problem::invalid(vec![Violation::body(Pointer::to(member), "invalid", error.to_string())])
}

fn blackouts(days: Vec<Date>) -> Result<Blackouts, Problem> {
    let days: BTreeSet<NaiveDate> = days.into_iter().map(|day| day.0).collect();
    days.try_into().map_err(wrong("blackout_dates"))
}

fn days(blackouts: &Blackouts) -> Vec<Date> {
    blackouts.iter().map(Date).collect()
}

impl TryFrom<Week> for week::Week {
    type Error = Problem;

    fn try_from(days: Week) -> Result<Self, Problem> {
        let days = [
            (Weekday::Mon, days.monday),
            (Weekday::Tue, days.tuesday),
            (Weekday::Wed, days.wednesday),
            (Weekday::Thu, days.thursday),
            (Weekday::Fri, days.friday),
            (Weekday::Sat, days.saturday),
            (Weekday::Sun, days.sunday),
        ];
        let slots =
            days.into_iter().flat_map(|(day, slots)| slots.into_iter().map(move |slot| (day, slot.0)));
        Self::new(slots).map_err(|error| {
            Problem::invalid(vec![Violation::body(Pointer::to("week"), "invalid", error.to_string())])
        })
    }
}

impl From<&week::Week> for Week {
    fn from(week: &week::Week) -> Self {
        let on = |day| week.on(day).map(SlotText).collect();
        Self {
            monday: on(Weekday::Mon),
            tuesday: on(Weekday::Tue),
            wednesday: on(Weekday::Wed),
            thursday: on(Weekday::Thu),
            friday: on(Weekday::Fri),
            saturday: on(Weekday::Sat),
            sunday: on(Weekday::Sun),
        }
    }
}

impl From<Refill> for queue::Refill {
    fn from(refill: Refill) -> Self {
        match refill {
            Refill::Leave => Self::Leave,
            Refill::MoveUp => Self::MoveUp,
            Refill::PullLast => Self::PullLast,
        }
    }
}

impl From<queue::Refill> for Refill {
    fn from(refill: queue::Refill) -> Self {
        match refill {
            queue::Refill::Leave => Self::Leave,
            queue::Refill::MoveUp => Self::MoveUp,
            queue::Refill::PullLast => Self::PullLast,
        }
    }
}

impl WorkspaceSchedule {
    /// The schedule that is meant, and what happens to a slot that becomes free.
    pub(super) fn read(self) -> Result<(PostingSchedule, queue::Refill), Problem> {
        let schedule = PostingSchedule {
            zone: self.time_zone.0,
            week: self.week.try_into()?,
            blackouts: blackouts(self.blackout_dates)?,
            spacing: self.spacing_minutes.try_into().map_err(wrong("spacing_minutes"))?,
        };
        Ok((schedule, self.refill.into()))
    }
}

impl OwnSchedule {
    /// The schedule that is meant.
    pub(super) fn read(self) -> Result<ChannelSchedule, Problem> {
        let spacing: Option<Spacing> =
            self.spacing_minutes.map(TryInto::try_into).transpose().map_err(wrong("spacing_minutes"))?;
        Ok(ChannelSchedule {
            zone: self.time_zone.map(|zone| zone.0),
            week: self.week.map(TryInto::try_into).transpose()?,
            blackouts: blackouts(self.blackout_dates)?,
            spacing,
        })
    }
}

impl From<WorkspacePosting> for WorkspaceSchedule {
    fn from(posting: WorkspacePosting) -> Self {
        let schedule = posting.schedule;
        Self {
            time_zone: Zone(schedule.zone),
            week: (&schedule.week).into(),
            blackout_dates: days(&schedule.blackouts),
            spacing_minutes: schedule.spacing.into(),
            refill: posting.refill.into(),
        }
    }
}

impl From<ChannelSchedule> for OwnSchedule {
    fn from(own: ChannelSchedule) -> Self {
        Self {
            time_zone: own.zone.map(Zone),
            week: own.week.as_ref().map(Into::into),
            blackout_dates: days(&own.blackouts),
            spacing_minutes: own.spacing.map(Into::into),
        }
    }
}

impl From<ChannelPosting> for ChannelTimes {
    fn from(posting: ChannelPosting) -> Self {
        let effective = posting.effective;
        Self {
            own: posting.own.map(Into::into),
            effective: EffectiveSchedule {
                time_zone: Zone(effective.zone),
                week: (&effective.week).into(),
                blackout_dates: days(&effective.blackouts),
                spacing_minutes: effective.spacing.into(),
            },
        }
    }
}

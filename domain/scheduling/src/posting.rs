//! A posting schedule: when a workspace, or one of its channels, wants to publish.
//!
//! * The slots of the [`Week`] are times on the wall of one zone of the IANA time zone database.
//! * On a blackout date there is no slot. The date is the one that the clocks of the zone show.
//! * The spacing is the least time between any two posts of one channel, whether they wait in its queue or have a time of
//!   their own.
//! * A channel may have its own zone, week and spacing in place of the workspace's, and blackout dates besides them.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Included},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use zone::Tz;

use crate::week::Week;

/// The longest spacing, in minutes: a week.
pub const LONGEST_SPACING_MINUTES: u32 = 7 * 24 * 60;

/// How many blackout dates one list may have: the days of two years.
pub const MOST_BLACKOUTS: usize = 2 * 366;

/// When a workspace wants to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostingSchedule {
    /// The zone whose clocks the slots and the blackout dates mean.
    pub zone: Tz,
    /// The slots of each week.
    #[serde(default)]
    pub week: Week,
    /// The days without slots.
    #[serde(default)]
    pub blackouts: Blackouts,
    /// The least time between two posts of one channel.
    #[serde(default, rename = "spacing_minutes")]
    pub spacing: Spacing,
}

/// What one channel does differently from its workspace. What is absent is as in the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelSchedule {
    /// Another zone. A week that comes from the workspace is read in it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Tz>,
    /// Other slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week: Option<Week>,
    /// Further days without slots.
    pub blackouts: Blackouts,
    /// Another spacing.
    #[serde(rename = "spacing_minutes", skip_serializing_if = "Option::is_none")]
    pub spacing: Option<Spacing>,
}

/// Days without slots, at most [`MOST_BLACKOUTS`]. Written as a list of dates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<NaiveDate>", into = "BTreeSet<NaiveDate>")]
pub struct Blackouts(BTreeSet<NaiveDate>);

/// The least time between two posts of one channel: whole minutes, at most [`LONGEST_SPACING_MINUTES`]. Zero only forbids two
/// at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Spacing(u32);

/// A posting schedule that cannot be.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum PostingError {
    /// The spacing is longer than [`LONGEST_SPACING_MINUTES`].
    #[error("the spacing may be at most {LONGEST_SPACING_MINUTES} minutes")]
    SpacingTooLong,
    /// There are more dates than [`MOST_BLACKOUTS`].
    #[error("there may be at most {MOST_BLACKOUTS} blackout dates")]
    TooManyBlackouts,
}

impl PostingSchedule {
    /// The schedule of a channel that does some things differently.
    #[must_use]
    pub fn for_channel(&self, own: &ChannelSchedule) -> Self {
        Self {
            zone: own.zone.unwrap_or(self.zone),
            week: own.week.as_ref().unwrap_or(&self.week).clone(),
            // Both lists are valid, and what reads them does not depend on their length.
            blackouts: Blackouts(&self.blackouts.0 | &own.blackouts.0),
            spacing: own.spacing.unwrap_or(self.spacing),
        }
    }
}

impl Blackouts {
    /// Whether a day is without slots.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.0.contains(&date)
    }

    /// The days, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> {
        self.0.iter().copied()
    }
}

impl TryFrom<BTreeSet<NaiveDate>> for Blackouts {
    type Error = PostingError;

    fn try_from(dates: BTreeSet<NaiveDate>) -> Result<Self, PostingError> {
        if dates.len() > MOST_BLACKOUTS { Err(PostingError::TooManyBlackouts) } else { Ok(Self(dates)) }
    }
}

impl From<Blackouts> for BTreeSet<NaiveDate> {
    fn from(Blackouts(dates): Blackouts) -> Self {
        dates
    }
}

impl Spacing {
    /// The spacing as a span of time.
    pub fn span(self) -> TimeDelta {
        TimeDelta::minutes(self.0.into())
    }

    /// Whether a post may go out at an instant beside those that are taken.
    pub fn leaves_room(self, taken: &BTreeSet<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
        let earlier = at.checked_sub_signed(self.span()).map_or(Included(DateTime::<Utc>::MIN_UTC), Excluded);
        let later = at.checked_add_signed(self.span()).map_or(Included(DateTime::<Utc>::MAX_UTC), Excluded);
        // A range from an instant to itself without both ends would be none.
        !taken.contains(&at) && (self.0 == 0 || taken.range((earlier, later)).next().is_none())
    }
}

impl TryFrom<u32> for Spacing {
    type Error = PostingError;

    fn try_from(minutes: u32) -> Result<Self, PostingError> {
        if minutes > LONGEST_SPACING_MINUTES { Err(PostingError::SpacingTooLong) } else { Ok(Self(minutes)) }
    }
}

impl From<Spacing> for u32 {
    fn from(Spacing(minutes): Spacing) -> Self {
        minutes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schedule() -> PostingSchedule {
        serde_json::from_value(json!({
            "zone": "Europe/Tallinn",
            "week": {"monday": ["09:00"]},
            "blackouts": ["2026-12-24"],
            "spacing_minutes": 30,
        }))
        .unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_zone_is_enough_for_a_schedule_and_an_unknown_field_is_refused() {
        let bare: PostingSchedule = serde_json::from_value(json!({"zone": "Europe/Tallinn"})).unwrap();
        assert!(bare.week.is_empty());
        assert_eq!(bare.spacing.span(), TimeDelta::zero());
        let offset = json!({"zone": "Europe/Tallinn", "offset": 2});
        assert!(serde_json::from_value::<PostingSchedule>(offset).is_err());
        assert!(serde_json::from_value::<ChannelSchedule>(json!({"spacing": 2})).is_err());
    }

    #[test]
    fn a_schedule_reads_back_from_its_written_form() {
        let written = serde_json::to_value(schedule()).unwrap();
        assert_eq!(written["spacing_minutes"], 30);
        assert_eq!(written["blackouts"], json!(["2026-12-24"]));
        assert_eq!(serde_json::from_value::<PostingSchedule>(written).unwrap(), schedule());
    }

    #[test]
    fn what_a_channel_leaves_out_is_as_in_the_workspace() {
        assert_eq!(schedule().for_channel(&ChannelSchedule::default()), schedule());
        assert_eq!(serde_json::to_value(ChannelSchedule::default()).unwrap(), json!({"blackouts": []}));
    }

    #[test]
    fn a_channel_replaces_zone_week_and_spacing_and_adds_blackouts() {
        let own: ChannelSchedule = serde_json::from_value(json!({
            "zone": "Asia/Kolkata",
            "week": {"sunday": []},
            "blackouts": ["2026-11-08"],
            "spacing_minutes": 0,
        }))
        .unwrap();
        let channel = schedule().for_channel(&own);
        assert_eq!(channel.zone, Tz::known("Asia/Kolkata"));
        assert!(channel.week.is_empty());
        assert_eq!(channel.spacing, Spacing::default());
        let dates: Vec<_> = channel.blackouts.iter().map(|date| date.to_string()).collect();
        assert_eq!(dates, ["2026-11-08", "2026-12-24"]);
    }

    #[test]
    fn a_spacing_of_more_than_a_week_and_blackouts_for_more_than_two_years_are_refused() {
        assert!(Spacing::try_from(10_080).is_ok());
        assert_eq!(Spacing::try_from(10_081), Err(PostingError::SpacingTooLong));
        let first: NaiveDate = "2026-01-01".parse().unwrap();
        let days = |count| first.iter_days().take(count).collect::<BTreeSet<_>>();
        assert!(Blackouts::try_from(days(732)).is_ok());
        assert_eq!(Blackouts::try_from(days(733)), Err(PostingError::TooManyBlackouts));
    }

    #[test]
    fn exactly_the_spacing_away_there_is_room_and_a_moment_nearer_there_is_none() {
        let taken = BTreeSet::from([utc("2026-11-22T09:00:00Z")]);
        let half_hour = Spacing::try_from(30).unwrap();
        let room = |text| half_hour.leaves_room(&taken, utc(text));
        assert!(room("2026-11-22T08:30:00Z") && room("2026-11-22T09:30:00Z"));
        assert!(
            !room("2026-11-22T08:30:01Z") && !room("2026-11-22T09:29:59Z") && !room("2026-11-22T09:00:00Z")
        );
        assert!(half_hour.leaves_room(&taken, DateTime::<Utc>::MAX_UTC));
    }

    #[test]
    fn without_a_spacing_only_the_same_instant_is_taken() {
        let taken = BTreeSet::from([utc("2026-11-22T09:00:00Z")]);
        assert!(!Spacing::default().leaves_room(&taken, utc("2026-11-22T09:00:00Z")));
        assert!(Spacing::default().leaves_room(&taken, utc("2026-11-22T09:00:01Z")));
    }
}

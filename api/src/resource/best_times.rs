//! Best times: hours at which earlier posts did better than usual.

use std::sync::Arc;

use poem_openapi::{Enum, Object, OpenApi, param::Path};
use publishing::{
    id::Channel,
    posting::{self, Posting},
};
use scheduling::best_times::Suggestion;

use super::Chapter;
use crate::{
    answer::Found,
    problem::Answer,
    request::{Access, permissions::ReadPosts},
    value::{Id, Zone},
};

/// A day of the week.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<chrono::Weekday> for Weekday {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

/// An hour that did better than usual, and the evidence.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct BestTime {
    /// The day; absent means any.
    weekday: Option<Weekday>,
    /// The hour, from 0 to 23.
    hour: u32,
    /// How many posts were published then.
    samples: u64,
    /// How many of them did better than usual.
    better: u64,
    /// How often people engaged with such a post: the median.
    median: f64,
    /// The median of all posts.
    usual: f64,
    /// How many posts there are in all.
    of: u64,
    /// By how much the median exceeds the usual one: 0.5 means half as much again.
    uplift: f64,
    /// The probability that so many do better by luck.
    chance: f64,
    /// The evidence in a sentence.
    because: String,
}

impl From<Suggestion> for BestTime {
    fn from(Suggestion { window, evidence }: Suggestion) -> Self {
        Self {
            weekday: window.weekday.map(Into::into),
            hour: window.hour,
            samples: evidence.samples as u64,
            better: evidence.better as u64,
            median: evidence.median,
            usual: evidence.usual,
            of: evidence.of as u64,
            uplift: evidence.uplift,
            chance: evidence.chance,
            because: evidence.to_string(),
        }
    }
}

/// What is suggested.
#[derive(Object)]
struct BestTimes {
    /// The zone whose hours are meant: that of the posting schedule.
    time_zone: Zone,
    /// The hours, best first. Empty where there is too little evidence.
    data: Vec<BestTime>,
    /// What the suggestions rest on, or why there are none, in a sentence.
    basis: String,
}

impl From<posting::BestTimes> for BestTimes {
    fn from(found: posting::BestTimes) -> Self {
        let data = found.suggestions.into_iter().map(Into::into).collect();
        Self { time_zone: Zone(found.zone), data, basis: found.basis }
    }
}

/// Best times.
pub struct BestTimesResource {
    /// The use cases.
    pub posting: Arc<Posting>,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Queues")]
impl BestTimesResource {
    /// Get the best times of a channel
    ///
    /// Hours at which its own posts did better than usual, with the evidence, and nothing where there is none.
    #[oai(path = "/channels/:id/best_times", method = "get", operation_id = "getBestTimes")]
    async fn get(&self, caller: Access<ReadPosts>, id: Path<Id<Channel>>) -> Answer<Found<BestTimes>> {
        Ok(Found::plain(self.posting.best_times(&caller, id.0.0).await?.into()))
    }
}

//! The distance between equal captions on a channel: platforms hold the same text again and again for spam.

use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use scheduling::recurrence::{Occurrence, captions_needed, first_repeated_too_soon};

use super::{MOST_CAPTIONS, Series};
use crate::{
    platform::Platform,
    post::{Target, Violation, store::Facts},
};

/// How far ahead captions are compared: past one winter and one summer, so that each change of the clocks is seen.
const AHEAD: TimeDelta = TimeDelta::days(400);

/// Which captions come again too soon, one violation for each channel.
pub(super) fn objections(series: &Series, facts: &Facts, now: DateTime<Utc>) -> Vec<Violation> {
    let Some(first) = series.upcoming(now).next() else { return Vec::new() };
    let upcoming: Vec<_> = series.upcoming(first.due).take_while(|one| one.due - first.due < AHEAD).collect();
    let objection = |(place, target): (usize, &Target)| {
        let channel = facts.channels.iter().find(|channel| channel.id == target.channel)?;
        too_soon(series, &upcoming, place, target, channel.platform)
    };
    series.targets.iter().enumerate().filter_map(objection).collect()
}

fn too_soon(
    series: &Series,
    upcoming: &[Occurrence],
    place: usize,
    target: &Target,
    platform: Platform,
) -> Option<Violation> {
    let hours = platform.capabilities().repeat_after_hours;
    let distance = TimeDelta::hours(hours.into());
    let captions = upcoming.iter().map(|one| (one.due, series.caption_at(one, target)));
    let close = first_repeated_too_soon(captions.filter(|(_, caption)| !caption.is_empty()), distance)?;
    let (pointer, remedy) = if target.change.caption.is_some() {
        (format!("/targets/{place}/caption"), "leave the caption of the channel out".to_owned())
    } else {
        let most = NonZeroU32::new(MOST_CAPTIONS)?;
        let remedy = match captions_needed(upcoming, distance, most) {
            Some(needed) => format!("{needed} different captions in `captions` are enough"),
            None => "no number of captions is enough".to_owned(),
        };
        (if series.captions.is_empty() { "/caption" } else { "/captions" }.to_owned(), remedy)
    };
    let (first, second) = (close.first.to_rfc3339(), close.second.to_rfc3339());
    let detail = format!(
        "The same caption would come on {first} and again on {second}, which is sooner than {hours} hours on {platform}; {remedy}."
    );
    Some(Violation::new(pointer, "caption_repeated", detail))
}

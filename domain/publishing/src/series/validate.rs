//! What stands against a series: what stands against any of its posts, and captions that come again too soon.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use scheduling::recurrence::{ChangeError, SeriesError};

use super::{MOST_CAPTIONS, Recurrence, Series, spacing};
use crate::{
    content::Content,
    post::{PostError, Violation, store::Facts, validate::validate},
};

impl Recurrence {
    /// What validation of a series needs to know.
    pub(super) async fn facts(&self, series: &Series) -> Result<Facts, PostError> {
        let channels: Vec<_> = series.targets.iter().map(|target| target.channel).collect();
        let changes = series.targets.iter().map(|target| &target.change).chain(series.edits.values());
        let replaced = changes.filter_map(|change| change.media.as_ref()).flatten();
        let media: Vec<_> = series.content.media.iter().chain(replaced).map(|one| one.media).collect();
        let facts = self.posts.store.facts(series.organization, series.workspace, &channels, &media).await?;
        facts.ok_or(PostError::NotFound)
    }
}

/// Refuses a series of which something stands against a post.
pub(super) fn acceptable(series: &Series, facts: &Facts, now: DateTime<Utc>) -> Result<(), PostError> {
    let mut found = contents(series, facts);
    // Who is told that a channel is unknown need not hear what would come of it.
    if found.is_empty() {
        found = spacing::objections(series, facts, now);
    }
    if found.is_empty() { Ok(()) } else { Err(PostError::Invalid(found)) }
}

fn contents(series: &Series, facts: &Facts) -> Vec<Violation> {
    if series.captions.len() > MOST_CAPTIONS as usize {
        let detail = format!("A series has at most {MOST_CAPTIONS} captions.");
        return vec![Violation::new("/captions", "captions_too_many", detail)];
    }
    if series.captions.is_empty() {
        return validate(&series.content, &series.targets, facts);
    }
    let of_one = |(place, caption): (usize, &String)| {
        let content = Content { caption: caption.clone(), ..series.content.clone() };
        let at_its_place = move |mut wrong: Violation| {
            if wrong.pointer == "/caption" {
                wrong.pointer = format!("/captions/{place}");
            }
            wrong
        };
        validate(&content, &series.targets, facts).into_iter().map(at_its_place).collect::<Vec<_>>()
    };
    let mut seen = BTreeSet::new();
    let all = series.captions.iter().enumerate().flat_map(of_one);
    all.filter(|wrong| seen.insert((wrong.pointer.clone(), wrong.code))).collect()
}

/// A plan that is none, as what is wrong with the request.
pub(super) fn no_plan(error: SeriesError) -> PostError {
    let (pointer, code) = match error {
        SeriesError::Time { .. } => ("/start/local_time", "local_time_out_of_range"),
        SeriesError::NeverOccurs | SeriesError::EndsBefore { .. } => ("/rule", "rule_never_occurs"),
        SeriesError::Exception(_) => ("/rule", "exceptions_too_many"),
    };
    refused(pointer, code, error.to_string())
}

/// A change of one occurrence that cannot be.
pub(super) fn no_change(error: ChangeError) -> PostError {
    match error {
        ChangeError::NotAnOccurrence { .. } => PostError::NotFound,
        ChangeError::TooMany => refused("", "exceptions_too_many", error.to_string()),
        ChangeError::Time { .. } => refused("/local_time", "local_time_out_of_range", error.to_string()),
    }
}

/// One thing that is wrong.
pub(super) fn refused(pointer: &str, code: &'static str, detail: impl Into<String>) -> PostError {
    PostError::Invalid(vec![Violation { pointer: pointer.to_owned(), code, detail: detail.into() }])
}

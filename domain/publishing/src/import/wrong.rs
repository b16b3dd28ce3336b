//! What is wrong with a post, said of the cells of its row.

use scheduling::Schedule;

use super::{CellViolation, Column};
use crate::post::Violation;

/// The column that a violation of a post is about.
fn column_of(violation: &Violation, has_instant: bool) -> Column {
    let mut path = violation.pointer.split('/').skip(1);
    match path.next() {
        Some("targets") if path.nth(1) == Some("at") => Column::ChannelTimes,
        Some("targets") => Column::Channels,
        Some("media") => Column::MediaIds,
        Some("link") => Column::Link,
        Some("at") if has_instant => Column::At,
        Some("at" | "local_time") => Column::LocalTime,
        _ => Column::Caption,
    }
}

/// What the violations of a post say about the cells of its row.
pub(super) fn violations_of(wrong: &[Violation], schedule: Option<Schedule>) -> Vec<CellViolation> {
    let has_instant = matches!(schedule, Some(Schedule::At(_)));
    let cell = |wrong: &Violation| {
        CellViolation::of(Some(column_of(wrong, has_instant)), wrong.code, wrong.detail.clone())
    };
    wrong.iter().map(cell).collect()
}

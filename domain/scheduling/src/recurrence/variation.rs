//! Several captions for one series: which occurrence uses which, and how soon one comes again.
//!
//! Platforms hold the same text again and again for spam. A series can therefore have several captions; its occurrences use
//! them in turn, by their index. The index counts skipped occurrences too, so skipping one changes no other's caption.

use std::{collections::HashMap, hash::Hash, num::NonZeroU32};

use chrono::{DateTime, TimeDelta, Utc};

use super::occurrences::Occurrence;

/// Two posts of one caption that are too close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooClose {
    /// When the caption is posted.
    pub first: DateTime<Utc>,
    /// When it is posted again, too soon.
    pub second: DateTime<Utc>,
}

/// Which of `captions` the occurrence of this index uses, from 0 on: each in turn.
pub fn variation(index: u32, captions: NonZeroU32) -> u32 {
    index % captions
}

/// The first time a caption comes again sooner than `distance` after it was posted, if there is one. Captions are compared as
/// whole values: pass what the platform would compare, such as a digest of the final text, and all posts of the channel
/// near the window, in any order.
pub fn first_repeated_too_soon<C: Eq + Hash>(
    posts: impl IntoIterator<Item = (DateTime<Utc>, C)>,
    distance: TimeDelta,
) -> Option<TooClose> {
    let mut posts: Vec<_> = posts.into_iter().collect();
    posts.sort_by_key(|(due, _)| *due);
    let mut latest = HashMap::new();
    posts.into_iter().find_map(|(second, caption)| {
        let first = latest.insert(caption, second)?;
        (second - first < distance).then_some(TooClose { first, second })
    })
}

/// How few captions are enough for these occurrences, so that none comes again sooner than `distance`; none if more than `most`
/// would be needed.
pub fn captions_needed(
    occurrences: &[Occurrence],
    distance: TimeDelta,
    most: NonZeroU32,
) -> Option<NonZeroU32> {
    (1..=most.get()).filter_map(NonZeroU32::new).find(|captions| {
        let posts = occurrences.iter().map(|found| (found.due, variation(found.index, *captions)));
        first_repeated_too_soon(posts, distance).is_none()
    })
}

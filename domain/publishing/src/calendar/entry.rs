//! An entry of a calendar: a publication, a post that has a time and is not planned for it, or an occurrence of a series that has
//! no post yet.

use chrono::{DateTime, Utc};
use scheduling::LocalSchedule;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::EntryStatus;
use crate::{
    id::{ChannelId, MediaId, PostId, PublicationId},
    post::OccurrenceKey,
};

/// The longest excerpt in characters.
pub(super) const EXCERPT: usize = 140;

/// How much of a caption an excerpt is made of at most, in characters: it may begin with much white space.
pub(super) const EXCERPT_OF: u32 = 1_000;

/// One entry.
#[derive(Clone)]
pub struct Entry {
    /// When it is due.
    pub at: DateTime<Utc>,
    /// The post; none of an occurrence that has none yet.
    pub post: Option<PostId>,
    /// Its publication; none for a post that is not planned.
    pub publication: Option<PublicationId>,
    /// The occurrence that has no post yet, if it is one.
    pub occurrence: Option<OccurrenceKey>,
    /// The publication's channel.
    pub channel: Option<ChannelId>,
    /// What the channel is called.
    pub channel_name: Option<String>,
    /// The wall-clock time that it was scheduled by on this channel, if it was.
    pub local: Option<LocalSchedule>,
    /// Where it stands: what a post with this publication alone shows.
    pub status: EntryStatus,
    /// The text as this channel gets it, or its beginning.
    pub caption: String,
    /// The first picture.
    pub media: Option<MediaId>,
    /// Where it is seen.
    pub permalink: Option<Url>,
    /// Rises with every change of plan.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Where an entry stands in the order of a calendar: by time, then channel, then id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// When it is due.
    pub at: DateTime<Utc>,
    /// The channel; zero for a post that is not planned.
    pub channel: Uuid,
    /// The publication, the post that is not planned, or what stands for an occurrence.
    pub id: Uuid,
}

impl Entry {
    /// Where it stands in the order of a calendar.
    pub fn position(&self) -> Position {
        let channel = self.channel.map_or(Uuid::nil(), |channel| channel.uuid());
        let kept = self.publication.map(|publication| publication.uuid());
        let kept = kept.or_else(|| self.post.map(|post| post.uuid()));
        let id = kept.or_else(|| self.occurrence.map(known_by)).unwrap_or_default();
        Position { at: self.at, channel, id }
    }

    /// The beginning of the caption in one line, of at most 140 characters.
    pub fn excerpt(&self) -> String {
        let mut line = String::new();
        for word in self.caption.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        match line.char_indices().nth(EXCERPT) {
            None => line,
            Some(_) => line.chars().take(EXCERPT - 1).chain(['…']).collect(),
        }
    }
}

/// What stands for an occurrence in the order of a calendar: the id of its series, told apart by the time it is known by. A
/// position is sought again in the next part, and must be the same then.
pub(super) fn known_by(occurrence: OccurrenceKey) -> Uuid {
    let time = occurrence.original.and_utc().timestamp().unsigned_abs();
    Uuid::from_u128(occurrence.series.uuid().as_u128() ^ u128::from(time))
}

// Captions are the tenants' words: they must not reach a log by way of a derived `Debug`.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("at", &self.at).field("post", &self.post).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(caption: &str) -> Entry {
        Entry {
            at: DateTime::UNIX_EPOCH,
            post: Some(PostId::from_uuid(Uuid::from_u128(7))),
            publication: None,
            occurrence: None,
            channel: None,
            channel_name: None,
            local: None,
            status: EntryStatus::Draft,
            caption: caption.into(),
            media: None,
            permalink: None,
            revision: 1,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_excerpt_is_one_line_and_says_when_something_is_left_out() {
        assert_eq!(entry("  Fresh\r\n\r\nbread \t at seven. ").excerpt(), "Fresh bread at seven.");
        assert_eq!(entry("").excerpt(), "");
        let whole = "ü".repeat(EXCERPT);
        assert_eq!(entry(&whole).excerpt(), whole);
        let cut = entry(&format!("{whole}ü")).excerpt();
        assert_eq!((cut.chars().count(), cut.chars().last()), (EXCERPT, Some('…')));
    }

    #[test]
    fn an_entry_does_not_print_its_caption() {
        assert!(!format!("{:?}", entry("CANARY")).contains("CANARY"));
    }

    #[test]
    fn entries_are_in_the_order_of_their_time_first() {
        let (mut early, late) = (entry("a").position(), entry("b").position());
        early.at -= chrono::TimeDelta::seconds(1);
        early.id = Uuid::max();
        assert!(early < late);
    }
}

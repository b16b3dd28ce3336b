//! The status a post shows, derived from its publications and from nothing else.

use std::{fmt, str::FromStr};

use crate::publication::{State, UnknownWord, words};

words! {
    /// What a post's list entry says.
    PostStatus {
        /// Being written.
        Draft => "draft",
        /// Every channel waits for its time.
        Scheduled => "scheduled",
        /// On its way on at least one channel.
        Publishing => "publishing",
        /// Public on every channel.
        Published => "published",
        /// Public on some channels, not on others.
        PartiallyPublished => "partially_published",
        /// Refused on every channel.
        Failed => "failed",
        /// Not published in time.
        Missed => "missed",
        /// Taken back.
        Cancelled => "cancelled",
        /// A person must look at least at one channel.
        NeedsAttention => "needs_attention",
    }
}

/// One publication, as far as the status depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Where it stands.
    pub state: State,
    /// Whether only a person can decide.
    pub needs_person: bool,
}

/// Derives the status. Cancelled parts count only when there is nothing else.
pub fn derive(parts: &[Part]) -> PostStatus {
    let any = |state: State| parts.iter().any(|p| p.state == state);
    let live = parts.iter().filter(|p| p.state != State::Cancelled).count();
    let published = parts.iter().filter(|p| p.state == State::Published).count();
    if parts.is_empty() {
        PostStatus::Draft
    } else if live == 0 {
        PostStatus::Cancelled
    } else if parts.iter().any(|p| p.needs_person) {
        PostStatus::NeedsAttention
    } else if published == live {
        PostStatus::Published
    } else if parts.iter().all(|p| p.state.is_final()) {
        match (published > 0, any(State::Failed)) {
            (true, _) => PostStatus::PartiallyPublished,
            (false, true) => PostStatus::Failed,
            (false, false) => PostStatus::Missed,
        }
    } else if published > 0 || any(State::Publishing) || any(State::Unconfirmed) {
        PostStatus::Publishing
    } else {
        PostStatus::Scheduled
    }
}

/// Every part that, alone, shows one of these statuses. A draft has no parts, and no part shows one.
pub fn parts_that_show(statuses: &[PostStatus]) -> Vec<Part> {
    let all = State::ALL.iter().flat_map(|state| [false, true].map(|person| (*state, person)));
    let parts = all.map(|(state, needs_person)| Part { state, needs_person });
    parts.filter(|part| statuses.contains(&derive(&[*part]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Cancelled, Failed, Missed, Preparing, Published, Publishing, Ready, Scheduled, Unconfirmed};

    fn of(states: &[State]) -> PostStatus {
        derive(&states.iter().map(|&state| Part { state, needs_person: false }).collect::<Vec<_>>())
    }

    #[test]
    fn the_status_follows_from_the_parts() {
        assert_eq!(of(&[]), PostStatus::Draft);
        assert_eq!(of(&[Scheduled, Preparing, Ready]), PostStatus::Scheduled);
        assert_eq!(of(&[Publishing, Ready]), PostStatus::Publishing);
        assert_eq!(of(&[Published, Ready]), PostStatus::Publishing);
        assert_eq!(of(&[Published, Unconfirmed]), PostStatus::Publishing);
        assert_eq!(of(&[Published, Published]), PostStatus::Published);
        assert_eq!(of(&[Published, Cancelled]), PostStatus::Published);
        assert_eq!(of(&[Published, Failed]), PostStatus::PartiallyPublished);
        assert_eq!(of(&[Failed, Missed]), PostStatus::Failed);
        assert_eq!(of(&[Missed]), PostStatus::Missed);
        assert_eq!(of(&[Cancelled]), PostStatus::Cancelled);
    }

    #[test]
    fn the_parts_that_show_a_status_are_those_from_which_it_is_derived() {
        let states = |statuses: &[PostStatus]| {
            parts_that_show(statuses).iter().map(|part| (part.state, part.needs_person)).collect::<Vec<_>>()
        };
        assert_eq!(states(&[PostStatus::Missed]), [(Missed, false)]);
        assert!(states(&[PostStatus::Scheduled]).contains(&(Ready, false)));
        assert!(states(&[PostStatus::NeedsAttention]).contains(&(Unconfirmed, true)));
        assert!(!states(&[PostStatus::Publishing]).contains(&(Unconfirmed, true)));
        assert!(states(&[PostStatus::Draft, PostStatus::PartiallyPublished]).is_empty());
    }

    #[test]
    fn a_part_that_needs_a_person_outshines_the_rest() {
        let parts =
            [Part { state: Published, needs_person: false }, Part { state: Unconfirmed, needs_person: true }];
        assert_eq!(derive(&parts), PostStatus::NeedsAttention);
    }
}

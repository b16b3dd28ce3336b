//! "This and following": a series in two, and the second one changed.

use chrono::NaiveDateTime;
use tenancy::{Caller, idempotency::Fence};

use super::{
    Recurrence, Series, SeriesPatch, SeriesState, SeriesView,
    store::{Change, Following},
    validate::{acceptable, no_change, refused},
};
use crate::{
    id::SeriesId,
    post::{PostError, Violation},
};

/// Where to split, and what changes from there on.
#[derive(Debug, Clone)]
pub struct SplitOff {
    /// The first occurrence of the second series, by its original local time.
    pub at: NaiveDateTime,
    /// What changes from there on.
    pub changes: SeriesPatch,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

impl Recurrence {
    /// Splits a series whose version is still `expected` and gives the second one, to which later occurrences belong from now on,
    /// with their posts. A series that is split at its first occurrence is cancelled; all of it goes on in the second.
    pub async fn split(
        &self,
        caller: &Caller,
        id: SeriesId,
        expected: i64,
        split: SplitOff,
    ) -> Result<SeriesView, PostError> {
        let before = self.to_change(caller, id, expected).await?;
        let SplitOff { at, changes, fence } = split;
        if !before.plan.has(at) {
            return Err(refused("/at", "occurrence_unknown", "The series has no occurrence at that time."));
        }
        let now = self.posts.clock.now();
        let (head, tail) = before.split_at(at)?;
        let head = Series { updated_at: now, version: expected + 1, ..head };
        let mut following = tail.reshaped(changes).map_err(below_changes)?;
        self.goes_on(&following).map_err(below_changes)?;
        self.instructed(caller, &mut following);
        (following.version, following.created_at) = (1, now);
        let facts = self.facts(&following).await?;
        acceptable(&following, &facts, now).map_err(below_changes)?;
        let made = self.store.made_since(id, Series::well_before(now).max(at), now).await?;
        let made = made.into_iter().filter(|one| one.original >= at).collect();
        let adjustments = self.adjustments(&following, made, &facts).map_err(below_changes)?;
        let following = Following { series: following, from: at };
        let change = Change { series: head, expected, following: Some(following), adjustments, fence };
        self.store.save(&change).await?;
        let id = change.following.as_ref().map_or(id, |following| following.series.id);
        let series = self.store.get(caller, id).await?;
        self.begin(caller, &series).await
    }
}

impl Series {
    /// The part before an occurrence, and the part from it on under a new id.
    fn split_at(mut self, at: NaiveDateTime) -> Result<(Self, Self), PostError> {
        let split = self.plan.clone().split(at).map_err(no_change)?;
        let edits = self.edits.split_off(&at);
        let following = Self { id: SeriesId::new(), plan: split.following, edits, ..self.clone() };
        if let Some(plan) = split.before {
            self.plan = plan;
        } else {
            (self.state, self.next_at) = (SeriesState::Cancelled, None);
        }
        Ok((self, following))
    }
}

/// The same error with its places below `/changes`.
fn below_changes(error: PostError) -> PostError {
    let below = |wrong: Violation| Violation { pointer: format!("/changes{}", wrong.pointer), ..wrong };
    match error {
        PostError::Invalid(found) => PostError::Invalid(found.into_iter().map(below).collect()),
        other => other,
    }
}

//! Changing all of a series.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use scheduling::{
    LocalSchedule,
    recurrence::{Occurrence, Rule},
};
use tenancy::{Caller, Scope};

use super::{
    Recurrence, Series, SeriesState, SeriesView,
    store::{Adjustment, Becomes, Change, Made},
    validate::{acceptable, no_plan},
};
use crate::{
    id::SeriesId,
    post::{Post, PostError, PostPatch, PostView, TargetTime, store::Facts, write},
    publication::{CancelReason, State},
};

/// What changes; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct SeriesPatch {
    /// The content and the channels.
    pub post: PostPatch,
    /// The captions to use in turn.
    pub captions: Option<Vec<String>>,
    /// The start. With another time of day all occurrences move to it.
    pub start: Option<LocalSchedule>,
    /// The rule.
    pub rule: Option<Rule>,
}

impl Made {
    /// Whether the post can still be planned anew or taken back.
    pub(super) fn is_open(&self) -> bool {
        let states = || self.post.iter().flat_map(|view| &view.publications).map(|one| one.state);
        states().any(State::can_be_taken_back) && !states().any(is_under_way)
    }

    /// Whether the post was taken back because a channel was disconnected, and for no other reason.
    pub(super) fn went_with_its_channel(&self) -> bool {
        let gone = Some(CancelReason::ChannelDisconnected);
        let is_it = |view: &PostView| {
            view.post.scheduled
                && view.publications.iter().any(|one| one.cancelled == gone)
                && !view.publications.iter().any(|one| is_under_way(one.state))
        };
        self.is_untouched() && self.post.as_ref().is_some_and(is_it)
    }

    /// Whether nobody changed the post by hand.
    pub(super) fn is_untouched(&self) -> bool {
        self.post.as_ref().is_some_and(|view| view.post.version == self.version)
    }
}

/// Whether it is, or may be, public.
pub(super) fn is_under_way(state: State) -> bool {
    matches!(state, State::Publishing | State::Unconfirmed | State::Published)
}

impl Series {
    /// The same with changes to all of it. What differs in single occurrences stays with their days.
    pub(super) fn reshaped(mut self, patch: SeriesPatch) -> Result<Self, PostError> {
        write::apply(&mut self.content, &mut self.targets, TargetTime::Post, patch.post);
        if let Some(captions) = patch.captions {
            self.captions = captions;
        }
        if patch.start.is_some() || patch.rule.is_some() {
            let start = patch.start.unwrap_or_else(|| self.plan.start());
            let rule = patch.rule.unwrap_or_else(|| self.plan.rule());
            self.plan = self.plan.replan(start, rule).map_err(no_plan)?.series;
            let edits = std::mem::take(&mut self.edits).into_iter();
            self.edits = edits.filter_map(|(time, edit)| Some((self.counterpart(time)?, edit))).collect();
        }
        Ok(self)
    }

    /// The local time two days before an instant: a clock differs from UTC by less than one.
    pub(super) fn well_before(now: DateTime<Utc>) -> NaiveDateTime {
        (now - TimeDelta::days(2)).naive_utc()
    }
}

impl Recurrence {
    /// Changes all of a series whose version is still `expected`. Posts that are under way stay as they are, and those that
    /// somebody changed by hand.
    pub async fn change(
        &self,
        caller: &Caller,
        id: SeriesId,
        expected: i64,
        patch: SeriesPatch,
    ) -> Result<SeriesView, PostError> {
        let before = self.to_change(caller, id, expected).await?;
        let mut series = before.reshaped(patch)?;
        self.goes_on(&series)?;
        self.instructed(caller, &mut series);
        let now = self.posts.clock.now();
        let facts = self.facts(&series).await?;
        acceptable(&series, &facts, now)?;
        let made = self.store.made_since(id, Series::well_before(now), now).await?;
        let adjustments = self.adjustments(&series, made, &facts)?;
        let change = Change { series, expected, following: None, adjustments, fence: None };
        self.store.save(&change).await?;
        self.begin(caller, &change.series).await
    }

    /// A series that a caller is about to change.
    pub(super) async fn to_change(
        &self,
        caller: &Caller,
        id: SeriesId,
        expected: i64,
    ) -> Result<Series, PostError> {
        caller.may(Scope::PostsPublish)?;
        let series = self.store.get(caller, id).await?;
        if series.version != expected {
            return Err(PostError::Stale);
        }
        if series.state == SeriesState::Cancelled { Err(PostError::WrongState) } else { Ok(series) }
    }

    /// Marks a series as changed, from now on on the word of this caller.
    pub(super) fn instructed(&self, caller: &Caller, series: &mut Series) {
        self.look_ahead(series);
        series.instructor = (&caller.actor).into();
        series.version += 1;
        series.updated_at = self.posts.clock.now();
    }

    /// What becomes of the posts of a series by a change to all of it.
    pub(super) fn adjustments(
        &self,
        series: &Series,
        made: Vec<Made>,
        facts: &Facts,
    ) -> Result<Vec<Adjustment>, PostError> {
        let adjusted = |one: Made| {
            let original = one.original;
            Ok(Adjustment { original, becomes: self.adjusted(series, one, facts)? })
        };
        made.into_iter().map(adjusted).collect()
    }

    fn adjusted(&self, series: &Series, made: Made, facts: &Facts) -> Result<Becomes, PostError> {
        let follows = made.is_open() && made.is_untouched();
        let post = made.post.filter(|_| follows).map(|view| view.post);
        let Some(original) = series.counterpart(made.original) else {
            return Ok(post.map_or(Becomes::Known(made.original), |post| Becomes::Gone(Some(post.id))));
        };
        // What would have been due already, by its new time, keeps its old one.
        let now = self.posts.clock.now();
        let occurrence = series.plan.occurrence(original).filter(|occurrence| occurrence.due >= now);
        match (occurrence, post) {
            (Some(occurrence), Some(post)) => self.planned_anew(series, &occurrence, &post, facts),
            _ => Ok(Becomes::Known(original)),
        }
    }

    /// The post of an occurrence as its series now has it.
    pub(super) fn planned_anew(
        &self,
        series: &Series,
        occurrence: &Occurrence,
        before: &Post,
        facts: &Facts,
    ) -> Result<Becomes, PostError> {
        let expected = before.version;
        let (id, author, created_at) = (before.id, before.author, before.created_at);
        let fresh = self.new_post(series, occurrence);
        let post = Post { id, author, created_at, version: expected + 1, ..fresh };
        let plan = Box::new(self.plan(series, &post, facts)?);
        Ok(Becomes::Planned { original: occurrence.original, post: Box::new(post), expected, plan })
    }
}

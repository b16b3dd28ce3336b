//! Changing one occurrence: another time, another content, skipped, or again as the series has it.

use chrono::NaiveDateTime;
use scheduling::recurrence::Occurrence;
use tenancy::Caller;

use super::{
    OccurrenceView, Recurrence, Series,
    change::is_under_way,
    spacing,
    store::{Adjustment, Becomes, Change, Made},
    validate::{no_change, refused},
};
use crate::{
    content::Override,
    id::SeriesId,
    post::{PostError, schedule::time_violation, store::Facts, validate::validate},
};

/// What is to become of one occurrence.
#[derive(Debug, Clone)]
pub enum OccurrenceEdit {
    /// It does not take place.
    Skip,
    /// It is again as the series has it.
    Restore,
    /// It takes place at another time, or says something else. A skipped one takes place again.
    Change {
        /// The other local time; none leaves it.
        local: Option<NaiveDateTime>,
        /// What differs; none leaves it.
        content: Override,
    },
}

impl Series {
    fn edited(mut self, original: NaiveDateTime, edit: &OccurrenceEdit) -> Result<Self, PostError> {
        let was_skipped = self.plan.has(original) && self.plan.occurrence(original).is_none();
        let plan = match edit {
            OccurrenceEdit::Skip => self.plan.skip(original),
            OccurrenceEdit::Change { local: Some(local), .. } => self.plan.move_one(original, *local),
            OccurrenceEdit::Change { .. } if !was_skipped && self.plan.has(original) => Ok(self.plan),
            OccurrenceEdit::Change { .. } | OccurrenceEdit::Restore => self.plan.restore(original),
        };
        self.plan = plan.map_err(no_change)?;
        match edit {
            OccurrenceEdit::Restore => drop(self.edits.remove(&original)),
            OccurrenceEdit::Change { content, .. } if *content != Override::default() => {
                let known = self.edits.entry(original).or_default();
                known.caption = content.caption.clone().or(known.caption.take());
                known.link = content.link.clone().or(known.link.take());
                known.media = content.media.clone().or(known.media.take());
            }
            OccurrenceEdit::Skip | OccurrenceEdit::Change { .. } => {}
        }
        if self.edits.len() > scheduling::recurrence::MOST_EXCEPTIONS {
            return Err(no_change(scheduling::recurrence::ChangeError::TooMany));
        }
        Ok(self)
    }
}

impl Recurrence {
    /// Changes the occurrence that is known by this original local time, of a series whose version is still `expected`, with its
    /// post if it has one.
    pub async fn change_one(
        &self,
        caller: &Caller,
        id: SeriesId,
        original: NaiveDateTime,
        expected: i64,
        edit: OccurrenceEdit,
    ) -> Result<(OccurrenceView, i64), PostError> {
        let before = self.to_change(caller, id, expected).await?;
        let was_skipped = before.plan.occurrence(original).is_none();
        let mut series = before.edited(original, &edit)?;
        self.instructed(caller, &mut series);
        let facts = self.facts(&series).await?;
        let occurrence = series.plan.occurrence(original);
        if let Some(occurrence) = &occurrence {
            let is_moved = matches!(edit, OccurrenceEdit::Change { local: Some(_), .. });
            self.can_take_place(&series, occurrence, is_moved, &facts)?;
        }
        let made = self.store.made_since(id, original, self.posts.clock.now()).await?;
        let made = made.into_iter().find(|one| one.original == original);
        let taken_back =
            made.as_ref().and_then(|made| made.post.as_ref()).is_some_and(|one| !one.post.scheduled);
        if taken_back && !was_skipped && matches!(edit, OccurrenceEdit::Change { .. }) {
            // Somebody took the post back by hand: only who restores the occurrence wants it published.
            return Err(PostError::WrongState);
        }
        let becomes = made.map(|made| self.becomes(&series, occurrence, &edit, made, &facts)).transpose()?;
        let adjustments =
            becomes.flatten().into_iter().map(|becomes| Adjustment { original, becomes }).collect();
        let change = Change { series, expected, following: None, adjustments, fence: None };
        self.store.save(&change).await?;
        let series = self.begin(caller, &change.series).await?.series;
        let mut shown: Vec<_> = series.one(original).into_iter().collect();
        self.with_posts(&series, &mut shown).await?;
        shown.pop().map(|one| (one, series.version)).ok_or(PostError::NotFound)
    }

    fn can_take_place(
        &self,
        series: &Series,
        occurrence: &Occurrence,
        is_moved: bool,
        facts: &Facts,
    ) -> Result<(), PostError> {
        let now = self.posts.clock.now();
        if occurrence.due < now {
            return Err(refused("/local_time", "time_passed", "The time of the occurrence has passed."));
        }
        // What the rule puts there is far ahead for a while only; what somebody moves has to be a time that a post can have.
        let moved = series.schedule_at(occurrence);
        if is_moved && let Err(error) = moved.due(now) {
            return Err(PostError::Invalid(vec![time_violation("", moved, error)]));
        }
        let mut found = validate(&series.content_at(occurrence), &series.targets, facts);
        if found.is_empty() {
            found = spacing::objections(series, facts, now);
        }
        if found.is_empty() { Ok(()) } else { Err(PostError::Invalid(found)) }
    }

    /// What becomes of the post of the occurrence; none where nothing does.
    fn becomes(
        &self,
        series: &Series,
        occurrence: Option<Occurrence>,
        edit: &OccurrenceEdit,
        made: Made,
        facts: &Facts,
    ) -> Result<Option<Becomes>, PostError> {
        let is_open = made.is_open();
        let Some(view) = made.post else {
            // Nobody brings back a deleted post but by restoring the occurrence: then it is made again.
            return Ok(matches!(edit, OccurrenceEdit::Restore).then_some(Becomes::Gone(None)));
        };
        if view.publications.iter().any(|one| is_under_way(one.state)) {
            return Err(PostError::PublishingBegan);
        }
        match occurrence {
            None => Ok(is_open.then_some(Becomes::TakenBack(view.post.id))),
            Some(occurrence) => self.planned_anew(series, &occurrence, &view.post, facts).map(Some),
        }
    }
}

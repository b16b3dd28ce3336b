//! Reading series and their occurrences.

use chrono::{DateTime, NaiveDateTime, Utc};
use scheduling::{LocalSchedule, recurrence::Exception};
use tenancy::{Caller, Scope};

use super::{
    OccurrenceState, Recurrence, SHOWN_AHEAD, Series, SeriesState, SeriesView, store::SeriesFilter,
    validate::refused,
};
use crate::{
    id::{PostId, SeriesId},
    post::PostError,
};

/// One occurrence of a series, as it is shown.
#[derive(Debug, Clone)]
pub struct OccurrenceView {
    /// By what it is known.
    pub original: NaiveDateTime,
    /// The local time at which it takes place; of a skipped one, at which it would.
    pub local: NaiveDateTime,
    /// The instant this means.
    pub due: DateTime<Utc>,
    /// What it says, apart from what differs per channel; a post that was changed by hand may say something else. None where it
    /// is skipped.
    pub caption: Option<String>,
    /// What became of it.
    pub state: OccurrenceState,
    /// Its post, if it has one.
    pub post: Option<PostId>,
}

/// A place in a list of occurrences.
pub type Place = (DateTime<Utc>, NaiveDateTime);

/// Which occurrences to list.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From this instant on.
    pub from: DateTime<Utc>,
    /// Before this one.
    pub until: DateTime<Utc>,
    /// After this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

impl Recurrence {
    /// One series.
    pub async fn get(&self, caller: &Caller, id: SeriesId) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsRead)?;
        Ok(self.view(self.store.get(caller, id).await?))
    }

    /// A series that this caller made, as it is now.
    pub async fn planned(&self, caller: &Caller, id: SeriesId) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsPublish)?;
        Ok(self.view(self.store.get(caller, id).await?))
    }

    /// Series, newest first.
    pub async fn list(&self, caller: &Caller, filter: &SeriesFilter) -> Result<Vec<SeriesView>, PostError> {
        caller.may(Scope::PostsRead)?;
        if filter.workspace.is_some_and(|workspace| !caller.reaches(workspace)) {
            return Err(PostError::NotFound);
        }
        let found = self.store.list(caller, filter).await?;
        Ok(found.into_iter().map(|series| self.view(series)).collect())
    }

    /// The occurrences of a series within a window, in the order of their instants, those that were skipped among them.
    pub async fn occurrences(
        &self,
        caller: &Caller,
        id: SeriesId,
        window: Window,
    ) -> Result<Vec<OccurrenceView>, PostError> {
        caller.may(Scope::PostsRead)?;
        let series = self.store.get(caller, id).await?;
        let mut found: Vec<_> = series.within(&window)?;
        found.sort_by_key(OccurrenceView::place);
        let after = |one: &OccurrenceView| window.after.is_none_or(|place| one.place() > place);
        let mut page: Vec<_> = found.into_iter().filter(after).take(window.limit).collect();
        self.with_posts(&series, &mut page).await?;
        Ok(page)
    }

    /// Completes occurrences with what became of them.
    pub(super) async fn with_posts(
        &self,
        series: &Series,
        page: &mut [OccurrenceView],
    ) -> Result<(), PostError> {
        let originals: Vec<_> = page.iter().map(|one| one.original).collect();
        let made = self.store.made(series.id, &originals).await?;
        let now = self.posts.clock.now();
        for one in page {
            let found = made.iter().find(|(original, _)| *original == one.original).map(|(_, post)| *post);
            one.post = found.flatten();
            one.state = match (one.state, found) {
                (OccurrenceState::Skipped, _) => OccurrenceState::Skipped,
                (_, Some(Some(_))) => OccurrenceState::Made,
                (_, Some(None)) => OccurrenceState::Deleted,
                (_, None) if one.due < now => OccurrenceState::Passed,
                (_, None) if series.state == SeriesState::Cancelled => OccurrenceState::Cancelled,
                (_, None) => OccurrenceState::Planned,
            };
        }
        Ok(())
    }

    /// A series with what comes next.
    pub(super) fn view(&self, series: Series) -> SeriesView {
        let next = match series.state {
            SeriesState::Cancelled => Vec::new(),
            _ => series.upcoming(self.posts.clock.now()).take(SHOWN_AHEAD).collect(),
        };
        SeriesView { series, next }
    }
}

impl OccurrenceView {
    /// Where it stands in a list.
    pub fn place(&self) -> Place {
        (self.due, self.original)
    }
}

impl Series {
    fn within(&self, window: &Window) -> Result<Vec<OccurrenceView>, PostError> {
        let found = self.plan.occurrences(window.from, window.until);
        let found = found.map_err(|error| refused("/to", "window_too_long", error.to_string()))?;
        let took_place =
            found.map(|one| self.shown(one.original, one.local, Some(self.content_at(&one).caption)));
        let skipped = self.plan.exceptions().iter().filter(|(_, what)| **what == Exception::Skipped);
        let skipped = skipped.map(|(original, _)| self.skipped(*original));
        let is_within = |one: &OccurrenceView| (window.from..window.until).contains(&one.due);
        Ok(took_place.chain(skipped.filter(is_within)).collect())
    }

    /// One occurrence, whether it is skipped or not; none where the rule has none.
    pub(super) fn one(&self, original: NaiveDateTime) -> Option<OccurrenceView> {
        let found = self.plan.occurrence(original);
        let taking_place =
            found.map(|one| self.shown(original, one.local, Some(self.content_at(&one).caption)));
        taking_place.or_else(|| self.plan.has(original).then(|| self.skipped(original)))
    }

    fn skipped(&self, original: NaiveDateTime) -> OccurrenceView {
        let state = OccurrenceState::Skipped;
        OccurrenceView { state, ..self.shown(original, original, None) }
    }

    fn shown(
        &self,
        original: NaiveDateTime,
        local: NaiveDateTime,
        caption: Option<String>,
    ) -> OccurrenceView {
        let due = LocalSchedule { local, zone: self.plan.start().zone }.resolve();
        OccurrenceView { original, local, due, caption, state: OccurrenceState::Planned, post: None }
    }
}

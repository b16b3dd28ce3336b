//! Reading series and their occurrences.

use chrono::{DateTime, NaiveDateTime, Utc};
use scheduling::{LocalSchedule, Schedule, Tz, recurrence::Exception};
use tenancy::{Caller, Scope};

use super::{
    Next, OccurrenceState, Recurrence, SHOWN_AHEAD, Series, SeriesState, SeriesView,
    store::{Known, Made, SeriesFilter},
    validate::refused,
};
use crate::{
    id::{PostId, SeriesId},
    post::{PostError, PostView},
    publication::State,
    status::PostStatus,
};

/// One occurrence of a series, as it is shown.
#[derive(Debug, Clone)]
pub struct OccurrenceView {
    /// By what it is known.
    pub original: NaiveDateTime,
    /// The local time at which it takes place, or its post does; of a skipped one, at which it would.
    pub local: NaiveDateTime,
    /// The instant this means.
    pub due: DateTime<Utc>,
    /// What it says, or its post does, apart from what differs per channel. None where it is skipped.
    pub caption: Option<String>,
    /// What became of it.
    pub state: OccurrenceState,
    /// Its post, if it has one.
    pub post: Option<PostId>,
    /// Where the post stands.
    pub post_status: Option<PostStatus>,
    /// Whether somebody changed the post by hand, moved it or took it back.
    pub edited_by_hand: bool,
    /// Where the series has it: a post that somebody moved keeps its place in the list.
    place: Place,
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
        self.view(self.store.get(caller, id).await?).await
    }

    /// A series that this caller made, as it is now.
    pub async fn planned(&self, caller: &Caller, id: SeriesId) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsPublish)?;
        self.view(self.store.get(caller, id).await?).await
    }

    /// Series, newest first.
    pub async fn list(&self, caller: &Caller, filter: &SeriesFilter) -> Result<Vec<SeriesView>, PostError> {
        caller.may(Scope::PostsRead)?;
        if filter.workspace.is_some_and(|workspace| !caller.reaches(workspace)) {
            return Err(PostError::NotFound);
        }
        let found = self.store.list(caller, filter).await?;
        self.views(found).await
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
        let made = self.store.made_at(series.id, &originals).await?;
        let now = self.posts.clock.now();
        for one in page {
            let found = made.iter().find(|made| made.original == one.original);
            if let Some(made) = found {
                one.with_post(made, series.plan.start().zone);
            }
            one.state = match (one.state, found.map(|made| made.post.is_some())) {
                (OccurrenceState::Skipped, _) => OccurrenceState::Skipped,
                (_, Some(true)) => OccurrenceState::Made,
                (_, Some(false)) => OccurrenceState::Deleted,
                (_, None) if one.due < now => OccurrenceState::Passed,
                (_, None) if series.state == SeriesState::Cancelled => OccurrenceState::Cancelled,
                (_, None) => OccurrenceState::Planned,
            };
        }
        Ok(())
    }

    /// A series with what comes next.
    pub(super) async fn view(&self, series: Series) -> Result<SeriesView, PostError> {
        self.views(vec![series]).await?.pop().ok_or(PostError::NotFound)
    }

    async fn views(&self, all: Vec<Series>) -> Result<Vec<SeriesView>, PostError> {
        let now = self.posts.clock.now();
        let ids: Vec<_> = all.iter().map(|series| series.id).collect();
        let known = self.store.known_since(&ids, Series::well_before(now), now).await?;
        let view = |series: Series| SeriesView { next: series.next(&known, now), series };
        Ok(all.into_iter().map(view).collect())
    }
}

impl OccurrenceView {
    /// Where it stands in a list.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Completes it with its post, which says what will happen from now on.
    fn with_post(&mut self, made: &Made, zone: Tz) {
        let Some(view) = &made.post else { return };
        self.post = Some(view.post.id);
        self.post_status = Some(view.status());
        self.edited_by_hand = !made.is_untouched();
        if self.state == OccurrenceState::Skipped {
            return;
        }
        self.caption = Some(view.post.content.caption.clone());
        if let Some(due) = due(view) {
            (self.due, self.local) = (due, shown_at(due, view.post.schedule, zone));
        }
    }
}

/// When a post is due: with the first of its publications that were not taken back, if there are any.
fn due(view: &PostView) -> Option<DateTime<Utc>> {
    let live = view.publications.iter().filter(|one| one.state != State::Cancelled);
    let first = live.map(|one| one.due_at).min();
    first.or_else(|| view.post.schedule.map(|schedule| schedule.resolve()))
}

/// What the clocks of a zone show at an instant; the time as it was meant, where it was meant there.
fn shown_at(due: DateTime<Utc>, meant: Option<Schedule>, zone: Tz) -> NaiveDateTime {
    match meant {
        Some(Schedule::Local(wall)) if wall.zone == zone && wall.resolve() == due => wall.local,
        _ => LocalSchedule::showing(due, zone).local,
    }
}

impl Series {
    /// What is to come: posts that wait for their time, and occurrences that have none yet.
    pub(super) fn next(&self, known: &[Known], now: DateTime<Utc>) -> Vec<Next> {
        if self.state == SeriesState::Cancelled {
            return Vec::new();
        }
        let zone = self.plan.start().zone;
        let own = || known.iter().filter(|one| one.series == self.id);
        let has_none = |original: NaiveDateTime| own().all(|one| one.original != original);
        let planned = self.upcoming(now).filter(|one| has_none(one.original)).take(SHOWN_AHEAD);
        let planned =
            planned.map(|one| Next { original: one.original, local: one.local, due: one.due, post: None });
        let waiting = own().filter_map(|one| {
            let due = one.due.filter(|due| *due >= now)?;
            let meant = self.plan.occurrence(one.original);
            let meant = meant.map(|meant| Schedule::Local(LocalSchedule { local: meant.local, zone }));
            Some(Next { original: one.original, local: shown_at(due, meant, zone), due, post: one.post })
        });
        let mut next: Vec<_> = planned.chain(waiting).collect();
        next.sort_by_key(|one| (one.due, one.original));
        next.truncate(SHOWN_AHEAD);
        next
    }

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
        OccurrenceView {
            original,
            local,
            due,
            caption,
            state: OccurrenceState::Planned,
            post: None,
            post_status: None,
            edited_by_hand: false,
            place: (due, original),
        }
    }
}

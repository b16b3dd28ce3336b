//! Series: posts that recur.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use publishing::{
    id::{Series as SeriesTag, SeriesId},
    post::PostError,
    series::{Place, Recurrence, SeriesView, SplitOff, Window, store::SeriesFilter},
};
use tenancy::id::Workspace;

use super::{
    Chapter,
    occurrence_view::{Occurrence, OccurrencePatch},
    series_view::{NewSeries, NewSplit, Series, SeriesPatch, time},
};
use crate::{
    answer::{Created, Found},
    problem::{Answer, Code, Part, Pointer, Problem, Violation},
    request::{
        Access, After, Cursors, IfMatch, Limit, Once, Page, latest,
        permissions::{PublishPosts, ReadPosts},
    },
    strict::{MergePatch, StrictJson},
    value::{Id, Instant, LocalTime},
};

/// How many days are listed where nobody says until when.
const USUAL_DAYS: i64 = 90;
/// The most days that are listed at once.
const MOST_DAYS: i64 = 366;

fn shown(view: SeriesView) -> Found<Series> {
    let version = view.series.version;
    Found::versioned(view.into(), version)
}

fn made(view: SeriesView) -> Created<Series> {
    let (place, version) = (format!("/v1/series/{}", view.series.id), view.series.version);
    Created::at(place, view.into()).version(version)
}

/// Series.
pub struct SeriesResource {
    /// The use cases.
    pub series: Arc<Recurrence>,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

impl SeriesResource {
    /// Changes a series whose version is the one that the caller named; where none was named, whichever there is.
    async fn at_version<T, F>(
        &self,
        caller: &tenancy::Caller,
        id: SeriesId,
        expected: Option<i64>,
        change: impl Fn(i64) -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Result<T, PostError>>,
    {
        if let Some(version) = expected {
            return Ok(change(version).await?);
        }
        latest(|| async { change(self.series.planned(caller, id).await?.series.version).await }).await
    }

    fn window(
        &self,
        from: Option<Instant>,
        to: Option<Instant>,
    ) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
        let from = from.map_or_else(|| self.series.posts.clock.now(), |from| from.0);
        let usual = from.checked_add_signed(TimeDelta::days(USUAL_DAYS)).unwrap_or(from);
        let to = to.map_or(usual, |to| to.0);
        if from < to && to - from <= TimeDelta::days(MOST_DAYS) {
            return Ok((from, to));
        }
        let detail = format!("This must lie after `from`, by at most {MOST_DAYS} days.");
        let wrong = Violation { part: Part::Query, pointer: Pointer::to("to"), code: "out_of_range", detail };
        Err(Problem { code: Code::InvalidParameters, ..Problem::invalid(vec![wrong]) })
    }
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Publishing")]
impl SeriesResource {
    /// List series
    ///
    /// Newest first.
    #[oai(path = "/series", method = "get", operation_id = "listSeries")]
    async fn list(
        &self,
        caller: Access<ReadPosts>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only of this workspace.
        workspace_id: Query<Option<Id<Workspace>>>,
    ) -> Answer<Found<Page<Series>>> {
        let list = self.cursors.list("series", caller.organization, limit.0);
        let part = list.part(after.0.as_deref())?;
        let workspace = workspace_id.0.map(|id| id.0);
        let filter = SeriesFilter { workspace, after: part.after, limit: part.limit.into() };
        // As for a workspace that does not exist: there is nothing in it.
        let rows = match filter.workspace {
            Some(workspace) if !caller.reaches(workspace) => Vec::new(),
            _ => self.series.list(&caller, &filter).await?,
        };
        Ok(Found::plain(list.page(rows, |one| one.series.id)?))
    }

    /// Make a series
    ///
    /// It is the standing instruction to publish its posts: whether whoever gave it still may is asked again for each post.
    /// Occurrences become posts some days ahead, the next ones at once. A time that the clocks skip moves forward by the gap; one
    /// that occurs twice means the first.
    #[oai(path = "/series", method = "post", operation_id = "createSeries")]
    async fn create(
        &self,
        caller: Access<PublishPosts>,
        idempotency_key: Once,
        body: StrictJson<NewSeries>,
    ) -> Answer<Created<Series>> {
        let StrictJson(body) = body;
        Ok(made(match idempotency_key {
            Once::Made(id) => self.series.planned(&caller, SeriesId::from_uuid(id)).await?,
            Once::Make(fence) => self.series.create(&caller, body.read(fence)?).await?,
        }))
    }

    /// Get a series
    #[oai(path = "/series/:id", method = "get", operation_id = "getSeries")]
    async fn get(&self, caller: Access<ReadPosts>, id: Path<Id<SeriesTag>>) -> Answer<Found<Series>> {
        Ok(shown(self.series.get(&caller, id.0.0).await?))
    }

    /// Change all of a series
    ///
    /// Posts that were made already change with it, unless they are under way or somebody changed them by hand. What differs in
    /// single occurrences stays with their days. From then on its posts are published on the word of whoever changed it.
    #[oai(path = "/series/:id", method = "patch", operation_id = "updateSeries")]
    async fn update(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<SeriesTag>>,
        if_match: IfMatch,
        body: MergePatch<SeriesPatch>,
    ) -> Answer<Found<Series>> {
        let MergePatch(body) = body;
        let patch = body.read(&Pointer::default())?;
        let change = |version| self.series.change(&caller, id.0.0, version, patch.clone());
        self.at_version(&caller, id.0.0, if_match.version(), change).await.map(shown)
    }

    /// Cancel a series
    ///
    /// It makes no more posts, and those that are to come are taken back. What is under way, or public, stays.
    #[oai(path = "/series/:id/cancel", method = "post", operation_id = "cancelSeries")]
    async fn cancel(&self, caller: Access<PublishPosts>, id: Path<Id<SeriesTag>>) -> Answer<Found<Series>> {
        latest(|| self.series.cancel(&caller, id.0.0)).await.map(shown)
    }

    /// Resume a paused series
    ///
    /// From then on its posts are published on the word of whoever resumed it. What would have been due meanwhile is passed over.
    /// Posts that were cancelled because a channel was disconnected, and are still to come, are planned again, unless somebody
    /// changed them by hand.
    #[oai(path = "/series/:id/resume", method = "post", operation_id = "resumeSeries")]
    async fn resume(&self, caller: Access<PublishPosts>, id: Path<Id<SeriesTag>>) -> Answer<Found<Series>> {
        latest(|| self.series.resume(&caller, id.0.0)).await.map(shown)
    }

    /// Change this and the following occurrences
    ///
    /// The series ends before the occurrence, and a new one goes on from there, with the changes. Posts that were made already
    /// belong to the new one and change as when all of a series is changed. Split at its first occurrence, the series is
    /// cancelled, and all of it goes on in the new one.
    #[oai(path = "/series/:id/split", method = "post", operation_id = "splitSeries")]
    async fn split(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<SeriesTag>>,
        idempotency_key: Once,
        body: StrictJson<NewSplit>,
    ) -> Answer<Created<Series>> {
        let StrictJson(body) = body;
        let fence = match idempotency_key {
            Once::Made(id) => return Ok(made(self.series.planned(&caller, SeriesId::from_uuid(id)).await?)),
            Once::Make(fence) => fence,
        };
        let changes = body.changes.map(|changes| changes.read(&Pointer::to("changes"))).transpose()?;
        let at = time(&body.at, Pointer::to("at"))?;
        let split = SplitOff { at, changes: changes.unwrap_or_default(), fence };
        let split = |version| self.series.split(&caller, id.0.0, version, split.clone());
        self.at_version(&caller, id.0.0, None, split).await.map(made)
    }

    /// List the occurrences of a series
    ///
    /// In the order in which the series has them, those that were skipped among them. Where there is a post, it says when and what.
    #[oai(path = "/series/:id/occurrences", method = "get", operation_id = "listOccurrences")]
    async fn occurrences(
        &self,
        caller: Access<ReadPosts>,
        id: Path<Id<SeriesTag>>,
        limit: Query<Limit>,
        after: Query<After>,
        /// Only those that the series has at or after this instant; now, where it is absent.
        from: Query<Option<Instant>>,
        /// Only those that the series has before this instant, at most 366 days later; 90 days later, where it is absent.
        to: Query<Option<Instant>>,
    ) -> Answer<Found<Page<Occurrence>>> {
        const LIST: &str = "occurrences";
        let owner = caller.organization;
        let after = after.0.map(|cursor| self.cursors.open::<Place>(LIST, owner, &cursor)).transpose()?;
        let (from, until) = self.window(from.0, to.0)?;
        let size = usize::from(limit.0.0);
        let window = Window { from, until, after, limit: size + 1 };
        let mut rows = self.series.occurrences(&caller, id.0.0, window).await?;
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(publishing::series::OccurrenceView::place);
        let next_cursor = last.map(|place| self.cursors.seal(LIST, owner, &place)).transpose()?;
        Ok(Found::plain(Page { data: rows.into_iter().map(Into::into).collect(), next_cursor }))
    }

    /// Change one occurrence of a series
    ///
    /// Its post, if it has one, is changed, taken back or planned anew with it; refused once publishing has begun. The `ETag` is
    /// that of the series.
    #[oai(path = "/series/:id/occurrences/:original", method = "patch", operation_id = "updateOccurrence")]
    async fn update_occurrence(
        &self,
        caller: Access<PublishPosts>,
        id: Path<Id<SeriesTag>>,
        /// By what the occurrence is known: the wall-clock time that the rule gives it.
        original: Path<LocalTime>,
        if_match: IfMatch,
        body: MergePatch<OccurrencePatch>,
    ) -> Answer<Found<Occurrence>> {
        let MergePatch(body) = body;
        let edit = body.read()?;
        let original = original.0.time().ok_or_else(Problem::not_found)?;
        let change = |version| self.series.change_one(&caller, id.0.0, original, version, edit.clone());
        let (view, version) = self.at_version(&caller, id.0.0, if_match.version(), change).await?;
        Ok(Found::versioned(view.into(), version))
    }
}

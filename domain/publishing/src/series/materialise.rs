//! Making posts of occurrences that come within the horizon.

use chrono::{DateTime, TimeDelta, Utc};
use scheduling::recurrence::Occurrence;

use super::{
    PauseReason, Recurrence, Series, SeriesState, instruction,
    store::{Batch, NewOccurrence},
};
use crate::{
    approval::Approval,
    id::{PostId, SeriesId},
    post::{
        OccurrenceKey, Post, PostError, Violation,
        store::{Facts, Plan},
    },
};

/// The most posts that one transaction makes.
const BATCH: usize = 25;

impl Recurrence {
    /// Makes the posts that are to be there by now, of some series; says how many. Any number of workers may do so at once.
    /// `passed_over` hears of every series that is left to the next sweep, and why; the others go on.
    pub async fn sweep(
        &self,
        most: u32,
        passed_over: impl Fn(SeriesId, &PostError) + Send + Sync,
    ) -> Result<u64, PostError> {
        let mut made = 0;
        for series in self.store.claim(self.until(), most).await? {
            // Somebody may have changed the series meanwhile, or the store fails at this one only: the next sweep sees.
            match self.materialise(&series).await {
                Ok(more) => made += more,
                Err(error) => passed_over(series.id, &error),
            }
        }
        Ok(made)
    }

    /// Makes the posts of one series that are to be there by now, in batches, or pauses it.
    pub(super) async fn materialise(&self, series: &Series) -> Result<u64, PostError> {
        let (SeriesState::Active, Some(next)) = (series.state, series.next_at) else { return Ok(0) };
        let until = self.until();
        if next >= until {
            return Ok(0);
        }
        // A zone may have got other rules since, and what was to come may come earlier.
        let from = (next - TimeDelta::days(1)).max(series.updated_at);
        if let Err(reason) = instruction::stands(series.instructor, &self.store.instructor(series).await?) {
            return self.store.pause(series, reason).await.map(|()| 0);
        }
        let facts = self.facts(series).await?;
        let due: Vec<_> = series.upcoming(from).take_while(|one| one.due < until).collect();
        let originals: Vec<_> = due.iter().map(|one| one.original).collect();
        let made = self.store.made(series.id, &originals).await?;
        let is_fresh = |one: &Occurrence| made.iter().all(|(original, _)| *original != one.original);
        let fresh: Vec<_> = due.into_iter().filter(is_fresh).collect();
        match self.make(series, &fresh, &facts).await {
            Err(PostError::Invalid(found)) => self.store.pause(series, reason(&found)).await.map(|()| 0),
            done => done,
        }
    }

    async fn make(&self, series: &Series, fresh: &[Occurrence], facts: &Facts) -> Result<u64, PostError> {
        let after = series.upcoming(self.until()).next().map(|next| next.due);
        let (mut made, mut rest) = (0, fresh);
        loop {
            let (now, later) = rest.split_at(rest.len().min(BATCH));
            let occurrences = now.iter().map(|one| self.new_occurrence(series, one, facts));
            let occurrences = occurrences.collect::<Result<_, _>>()?;
            let next_at = later.first().map(|one| one.due).or(after);
            let batch = Batch { series: series.id, version: series.version, occurrences, next_at };
            made += self.store.materialise(&batch).await?;
            rest = later;
            if rest.is_empty() {
                return Ok(made);
            }
        }
    }

    /// Until when occurrences become posts.
    fn until(&self) -> DateTime<Utc> {
        let horizon = TimeDelta::from_std(self.horizon).unwrap_or(TimeDelta::days(14));
        self.posts.clock.now() + horizon
    }

    fn new_occurrence(
        &self,
        series: &Series,
        occurrence: &Occurrence,
        facts: &Facts,
    ) -> Result<NewOccurrence, PostError> {
        let post = self.new_post(series, occurrence);
        let plan = self.plan(series, &post, facts)?;
        Ok(NewOccurrence { original: occurrence.original, post, plan })
    }

    /// The post of an occurrence.
    pub(super) fn new_post(&self, series: &Series, occurrence: &Occurrence) -> Post {
        let now = self.posts.clock.now();
        Post {
            id: PostId::new(),
            organization: series.organization,
            workspace: series.workspace,
            content: series.content_at(occurrence),
            targets: series.targets.clone(),
            schedule: Some(series.schedule_at(occurrence)),
            late_limit: None,
            scheduled: true,
            version: 1,
            author: series.instructor,
            occurrence: Some(OccurrenceKey { series: series.id, original: occurrence.original }),
            created_at: now,
            updated_at: now,
        }
    }

    /// The publications of the post of an occurrence, on the word on which the series publishes.
    pub(super) fn plan(&self, series: &Series, post: &Post, facts: &Facts) -> Result<Plan, PostError> {
        let now = self.posts.clock.now();
        let approve = |covers| Approval::by_instruction(series.instructor, now, covers);
        self.posts.plan_by(approve, post, facts)
    }
}

/// Why a series pauses of which a post is refused.
fn reason(found: &[Violation]) -> PauseReason {
    let is_of_channel = |wrong: &Violation| wrong.code.starts_with("channel_");
    if found.iter().any(is_of_channel) {
        PauseReason::ChannelNotConnected
    } else {
        PauseReason::ContentRefused
    }
}

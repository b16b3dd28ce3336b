//! Making a series.

use std::collections::BTreeMap;

use scheduling::{
    LocalSchedule,
    recurrence::{self, Rule},
};
use tenancy::{Caller, Scope, WorkspaceId, idempotency::Fence};

use super::{
    Recurrence, Series, SeriesState, SeriesView,
    validate::{acceptable, no_plan, refused},
};
use crate::{
    content::Content,
    id::SeriesId,
    post::{PostError, Target},
};

/// A series as it comes in.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What its posts say.
    pub content: Content,
    /// Where to.
    pub targets: Vec<Target>,
    /// Captions to use in turn.
    pub captions: Vec<String>,
    /// The first time, or any before the first that fits the rule.
    pub start: LocalSchedule,
    /// How it recurs.
    pub rule: Rule,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

impl Recurrence {
    /// Makes a series, and the posts of its next days. What the request itself shows to be wrong is refused before anything is
    /// looked up.
    pub async fn create(&self, caller: &Caller, new: NewSeries) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsPublish)?;
        if !caller.reaches(new.workspace) {
            return Err(PostError::NotFound);
        }
        let now = self.posts.clock.now();
        let mut series = Series {
            id: SeriesId::new(),
            organization: caller.organization,
            workspace: new.workspace,
            content: new.content,
            targets: new.targets,
            captions: new.captions,
            plan: recurrence::Series::new(new.start, new.rule).map_err(no_plan)?,
            edits: BTreeMap::new(),
            state: SeriesState::Active,
            next_at: None,
            instructor: (&caller.actor).into(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.look_ahead(&mut series);
        self.goes_on(&series)?;
        let facts = self.facts(&series).await?;
        acceptable(&series, &facts, now)?;
        self.store.insert(&series, new.fence).await?;
        self.begin(caller, &series).await
    }

    /// Notes which occurrence comes next.
    pub(super) fn look_ahead(&self, series: &mut Series) {
        let next = series.upcoming(self.posts.clock.now()).next().map(|next| next.due);
        series.next_at = next.filter(|_| series.state == SeriesState::Active);
    }

    /// Refuses a series of which nothing is to come.
    pub(super) fn goes_on(&self, series: &Series) -> Result<(), PostError> {
        let next = series.upcoming(self.posts.clock.now()).next();
        let over = || refused("/rule", "time_passed", "The last time of the series has passed.");
        next.map(|_| ()).ok_or_else(over)
    }

    /// Makes the posts that are to be there already, and shows the series.
    pub(super) async fn begin(&self, caller: &Caller, series: &Series) -> Result<SeriesView, PostError> {
        // The series is kept; where this does not succeed, the next sweep does it.
        let _ = self.materialise(series).await;
        self.view(self.store.get(caller, series.id).await?).await
    }
}

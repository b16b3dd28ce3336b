//! Cancelling a series, and resuming one that was paused.

use tenancy::{Caller, Scope};

use super::{
    Recurrence, Series, SeriesState, SeriesView,
    store::{Adjustment, Becomes, Change, Made},
    validate::acceptable,
};
use crate::{id::SeriesId, post::PostError};

impl Recurrence {
    /// Cancels a series and takes back its posts that are to come, by hand changed ones too. What is under way, or public,
    /// stays.
    pub async fn cancel(&self, caller: &Caller, id: SeriesId) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsPublish)?;
        let mut series = self.store.get(caller, id).await?;
        if series.state == SeriesState::Cancelled {
            return Err(PostError::WrongState);
        }
        let expected = series.version;
        let now = self.posts.clock.now();
        (series.state, series.next_at, series.updated_at) = (SeriesState::Cancelled, None, now);
        series.version += 1;
        let made = self.store.made_since(id, Series::well_before(now), now).await?;
        let open = made.into_iter().filter(Made::is_open);
        let taken_back = |one: Made| {
            let post = one.post?.post.id;
            Some(Adjustment { original: one.original, becomes: Becomes::TakenBack(post) })
        };
        let adjustments = open.filter_map(taken_back).collect();
        let change = Change { series, expected, following: None, adjustments, fence: None };
        self.store.save(&change).await?;
        Ok(self.view(change.series))
    }

    /// Lets a paused series go on, on the word of this caller. What would have been due meanwhile is passed over.
    pub async fn resume(&self, caller: &Caller, id: SeriesId) -> Result<SeriesView, PostError> {
        caller.may(Scope::PostsPublish)?;
        let mut series = self.store.get(caller, id).await?;
        if !matches!(series.state, SeriesState::Paused(_)) {
            return Err(PostError::WrongState);
        }
        let expected = series.version;
        series.state = SeriesState::Active;
        self.goes_on(&series)?;
        self.instructed(caller, &mut series);
        let facts = self.facts(&series).await?;
        acceptable(&series, &facts, self.posts.clock.now())?;
        let change = Change { series, expected, following: None, adjustments: Vec::new(), fence: None };
        self.store.save(&change).await?;
        self.begin(caller, &change.series).await
    }
}

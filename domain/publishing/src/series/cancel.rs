//! Cancelling a series, and resuming one that was paused.

use tenancy::{Caller, Scope};

use super::{
    Recurrence, Series, SeriesState, SeriesView,
    store::{Adjustment, Becomes, Change, Made},
    validate::acceptable,
};
use crate::{
    id::SeriesId,
    post::{PostError, store::Facts},
};

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
        self.view(change.series).await
    }

    /// Lets a paused series go on, on the word of this caller. What would have been due meanwhile is passed over. Posts that went
    /// with a channel that was disconnected are planned again, as far as their time is still to come and nobody changed them by
    /// hand.
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
        let now = self.posts.clock.now();
        acceptable(&series, &facts, now)?;
        let made = self.store.made_since(id, Series::well_before(now), now).await?;
        let adjustments = self.planned_again(&series, made, &facts)?;
        let change = Change { series, expected, following: None, adjustments, fence: None };
        self.store.save(&change).await?;
        self.begin(caller, &change.series).await
    }

    /// The posts that went with a channel, as the series has them now.
    fn planned_again(
        &self,
        series: &Series,
        made: Vec<Made>,
        facts: &Facts,
    ) -> Result<Vec<Adjustment>, PostError> {
        let now = self.posts.clock.now();
        let again = |one: Made| {
            let original = one.original;
            let occurrence = series.plan.occurrence(original).filter(|occurrence| occurrence.due >= now)?;
            let post = &one.post.as_ref().filter(|_| one.went_with_its_channel())?.post;
            let becomes = self.planned_anew(series, &occurrence, post, facts);
            Some(becomes.map(|becomes| Adjustment { original, becomes }))
        };
        made.into_iter().filter_map(again).collect()
    }
}

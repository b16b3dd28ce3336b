//! Many at once: each with its own outcome, or all of them together. The rules of each are those of the single operation.

use std::collections::{BTreeMap, BTreeSet};

use scheduling::Schedule;
use tenancy::{Caller, Scope, WorkspaceId, idempotency::Fence};
use uuid::Uuid;

use super::{
    Composed, Post, PostError, PostView, Posts, Target, Violation, When,
    store::{BulkKey, Draft, Facts, InTheWay, Rescheduled},
    write::named,
};
use crate::{content::Content, id::PostId};

/// The most posts of one request.
pub const MAX_ITEMS: usize = 1_000;

/// What one item of a request asks for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The post.
    pub draft: Draft,
    /// When to publish it; `None` leaves it a draft. An error is what the request says that makes no schedule.
    pub schedule: Result<Option<Schedule>, Violation>,
}

/// What came of many.
#[derive(Debug)]
pub enum Bulk {
    /// Each has its own outcome.
    Each(Vec<Result<PostView, PostError>>),
    /// They were to be made together, and these stood in the way: nothing was made.
    Refused(Vec<(usize, PostError)>),
}

type Outcome<T> = Result<T, PostError>;

/// The items that are well, with their places; or, if they belong together, those that stand in the way.
fn sift<T>(items: Vec<Outcome<T>>, together: bool, refused: &mut Vec<(usize, PostError)>) -> Vec<(usize, T)> {
    let mut good = Vec::with_capacity(items.len());
    for (place, item) in items.into_iter().enumerate() {
        match item {
            Ok(item) => good.push((place, item)),
            Err(error) => refused.push((place, error)),
        }
    }
    if together && !refused.is_empty() {
        good.clear();
    }
    good
}

/// Puts views and refusals back into the order of the request.
fn in_order(count: usize, made: Vec<(usize, Outcome<PostView>)>, refused: Vec<(usize, PostError)>) -> Bulk {
    let mut all: BTreeMap<usize, Outcome<PostView>> = made.into_iter().collect();
    all.extend(refused.into_iter().map(|(place, error)| (place, Err(error))));
    // Whatever has no outcome was deleted by somebody else while it was being made.
    Bulk::Each((0..count).map(|place| all.remove(&place).unwrap_or(Err(PostError::NotFound))).collect())
}

impl Posts {
    /// Writes many posts, and schedules those that say when.
    pub async fn create_all(
        &self,
        caller: &Caller,
        wishes: Vec<Wish>,
        together: bool,
        fence: Option<Fence>,
    ) -> Result<Bulk, PostError> {
        caller.may(Scope::PostsWrite)?;
        let count = wishes.len();
        let drafts = wishes
            .iter()
            .map(|wish| (wish.draft.workspace, &wish.draft.content, wish.draft.targets.as_slice()));
        let facts = self.facts_of_all(caller, drafts).await?;
        let composed = wishes.into_iter().map(|wish| self.grant(caller, wish, &facts)).collect();
        let mut refused = Vec::new();
        let (places, good): (Vec<usize>, Vec<Composed>) =
            sift(composed, together, &mut refused).into_iter().unzip();
        if together && !refused.is_empty() {
            return Ok(Bulk::Refused(refused));
        }
        let key =
            fence.map(|fence| BulkKey { fence, id: Uuid::now_v7(), places: places.clone(), asked: count });
        let kept = self.store.insert_all(&good, together, key.as_ref()).await?;
        let gone = places.iter().zip(&kept).filter(|(_, kept)| !**kept);
        refused.extend(gone.map(|(place, _)| (*place, PostError::Stale)));
        if together && !refused.is_empty() {
            return Ok(Bulk::Refused(refused));
        }
        let ids = places.iter().zip(&good).zip(&kept).filter(|(_, kept)| **kept);
        let made = ids.map(|((place, one), _)| (*place, one.post.id)).collect::<Vec<_>>();
        Ok(in_order(count, self.views(caller, made).await?, refused))
    }

    /// What an earlier request with the same key made, as it is now. An item that it did not make is [`PostError::Superseded`].
    pub async fn created_before(&self, caller: &Caller, bulk: Uuid) -> Result<Bulk, PostError> {
        caller.may(Scope::PostsWrite)?;
        let ids = self.store.made(caller, bulk).await?.ok_or(PostError::Superseded)?;
        let count = ids.len();
        let places = || ids.iter().copied().enumerate();
        let refused =
            places().filter(|(_, id)| id.is_none()).map(|(place, _)| (place, PostError::Superseded));
        let made = places().filter_map(|(place, id)| Some((place, id?))).collect();
        Ok(in_order(count, self.views(caller, made).await?, refused.collect()))
    }

    /// Schedules many posts, each at its time.
    pub async fn schedule_all(
        &self,
        caller: &Caller,
        wanted: Vec<(PostId, Result<Schedule, Violation>)>,
        together: bool,
    ) -> Result<Bulk, PostError> {
        caller.may(Scope::PostsPublish)?;
        let count = wanted.len();
        let ids: Vec<PostId> = wanted.iter().map(|(id, _)| *id).collect();
        let mut posts: BTreeMap<PostId, Post> = self.known(caller, &ids).await?;
        let contents = posts.values().map(|post| (post.workspace, &post.content, post.targets.as_slice()));
        let facts = self.facts_of_all(caller, contents).await?;
        let mut seen = BTreeSet::new();
        let changes = wanted.into_iter().map(|(id, schedule)| {
            once(&mut seen, id)?;
            let post = posts.remove(&id).ok_or(PostError::NotFound)?;
            let schedule = schedule.map_err(|wrong| PostError::Invalid(vec![wrong]))?;
            let facts = facts.get(&post.workspace).ok_or(PostError::NotFound)?;
            self.schedule_anew(caller, post, When::Later(schedule), facts)
        });
        let mut refused = Vec::new();
        let good: Vec<(usize, Rescheduled)> = sift(changes.collect(), together, &mut refused);
        if !together {
            let mut done = Vec::with_capacity(good.len());
            for (place, change) in good {
                done.push((place, self.store.save(&change.post, change.expected, Some(&change.plan)).await));
            }
            return Ok(in_order(count, done, refused));
        }
        if !refused.is_empty() {
            return Ok(Bulk::Refused(refused));
        }
        let changes: Vec<Rescheduled> = good.into_iter().map(|(_, change)| change).collect();
        all_or_none(self.store.save_together(&changes).await.map_err(|one| vec![one]))
    }

    /// Takes many posts back.
    pub async fn cancel_all(
        &self,
        caller: &Caller,
        ids: &[PostId],
        together: bool,
    ) -> Result<Bulk, PostError> {
        caller.may(Scope::PostsPublish)?;
        let mut seen = BTreeSet::new();
        let mut refused = Vec::new();
        let distinct = ids.iter().map(|id| once(&mut seen, *id).map(|()| *id)).collect();
        let good = sift(distinct, together, &mut refused);
        if !together {
            let mut done = Vec::with_capacity(good.len());
            for (place, id) in good {
                done.push((place, self.store.cancel(caller, id).await));
            }
            return Ok(in_order(ids.len(), done, refused));
        }
        if !refused.is_empty() {
            return Ok(Bulk::Refused(refused));
        }
        all_or_none(self.store.cancel_together(caller, ids).await)
    }

    fn grant(&self, caller: &Caller, wish: Wish, facts: &BTreeMap<WorkspaceId, Facts>) -> Outcome<Composed> {
        let schedule = wish.schedule.map_err(|wrong| PostError::Invalid(vec![wrong]))?;
        Self::admit(caller, &wish.draft, schedule)?;
        let facts = facts.get(&wish.draft.workspace).ok_or(PostError::NotFound)?;
        self.compose(caller, wish.draft, schedule, facts)
    }

    /// The facts of each workspace, asked for once, as far as the caller reaches it.
    async fn facts_of_all<'a>(
        &self,
        caller: &Caller,
        contents: impl Iterator<Item = (WorkspaceId, &'a Content, &'a [Target])>,
    ) -> Result<BTreeMap<WorkspaceId, Facts>, PostError> {
        let mut wanted: BTreeMap<_, (BTreeSet<_>, BTreeSet<_>)> = BTreeMap::new();
        for (workspace, content, targets) in contents.filter(|(workspace, ..)| caller.reaches(*workspace)) {
            let (channels, media) = named(content, targets);
            let known = wanted.entry(workspace).or_default();
            known.0.extend(channels);
            known.1.extend(media);
        }
        let mut all = BTreeMap::new();
        for (workspace, (channels, media)) in wanted {
            let (channels, media): (Vec<_>, Vec<_>) =
                (channels.into_iter().collect(), media.into_iter().collect());
            let facts = self.store.facts(caller.organization, workspace, &channels, &media).await?;
            all.extend(facts.map(|facts| (workspace, facts)));
        }
        Ok(all)
    }

    async fn known(&self, caller: &Caller, ids: &[PostId]) -> Result<BTreeMap<PostId, Post>, PostError> {
        let views = self.store.get_all(caller, ids).await?;
        Ok(views.into_iter().map(|view| (view.post.id, view.post)).collect())
    }

    /// The posts at these places as they are now.
    async fn views(
        &self,
        caller: &Caller,
        made: Vec<(usize, PostId)>,
    ) -> Result<Vec<(usize, Outcome<PostView>)>, PostError> {
        let ids: Vec<PostId> = made.iter().map(|(_, id)| *id).collect();
        let views = self.store.get_all(caller, &ids).await?;
        let mut views: BTreeMap<PostId, PostView> =
            views.into_iter().map(|view| (view.post.id, view)).collect();
        Ok(made
            .into_iter()
            .map(|(place, id)| (place, views.remove(&id).ok_or(PostError::NotFound)))
            .collect())
    }
}

/// Refuses a post that the request named before.
fn once(seen: &mut BTreeSet<PostId>, id: PostId) -> Result<(), PostError> {
    if seen.insert(id) {
        return Ok(());
    }
    let wrong = Violation::new("/post_id", "post_repeated", "An item before this one names the same post.");
    Err(PostError::Invalid(vec![wrong]))
}

fn all_or_none(done: Result<Vec<PostView>, Vec<InTheWay>>) -> Result<Bulk, PostError> {
    match done {
        Ok(views) => Ok(Bulk::Each(views.into_iter().map(Ok).collect())),
        Err(all) if all.iter().any(|(_, error)| matches!(error, PostError::Unavailable)) => {
            Err(PostError::Unavailable)
        }
        Err(all) => Ok(Bulk::Refused(all)),
    }
}

//! Putting a new post together: a draft, and the plan of one that is scheduled at once.

use chrono::{DateTime, Utc};
use scheduling::Schedule;
use tenancy::{Caller, Scope};

use super::{
    Post, PostError, Posts, Violation,
    schedule::time_violation,
    store::{Draft, Facts, Plan},
    write::acceptable,
};
use crate::id::PostId;

/// A new post that is not kept yet.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The post.
    pub post: Post,
    /// Its publications and their approval, if it is scheduled at once.
    pub plan: Option<Plan>,
}

impl Draft {
    /// Whether one of its channels has a time for itself.
    fn has_own_time(&self) -> bool {
        self.targets.iter().any(|target| target.time.own().is_some())
    }
}

impl Posts {
    /// Whether the caller may make this: a draft needs one scope, a schedule another.
    pub(crate) fn admit(caller: &Caller, draft: &Draft, schedule: Option<Schedule>) -> Result<(), PostError> {
        caller.may(Scope::PostsWrite)?;
        if schedule.is_some() || draft.has_own_time() {
            caller.may(Scope::PostsPublish)?;
        }
        if caller.reaches(draft.workspace) { Ok(()) } else { Err(PostError::NotFound) }
    }

    /// Makes a post of a draft; with a schedule, for all of it or for one of its channels, one that is planned and approved by the
    /// caller. `facts` are those of its workspace and may hold more than this draft names.
    pub(crate) fn compose(
        &self,
        caller: &Caller,
        draft: Draft,
        schedule: Option<Schedule>,
        facts: &Facts,
    ) -> Result<Composed, PostError> {
        Self::admit(caller, &draft, schedule)?;
        let (now, is_planned) = (self.clock.now(), schedule.is_some() || draft.has_own_time());
        let post = Post {
            id: PostId::new(),
            organization: caller.organization,
            workspace: draft.workspace,
            content: draft.content,
            targets: draft.targets,
            schedule,
            late_limit: draft.late_limit,
            scheduled: is_planned,
            version: 1,
            author: (&caller.actor).into(),
            occurrence: None,
            created_at: now,
            updated_at: now,
        };
        if !is_planned {
            acceptable(&post.content, &post.targets, facts)?;
            return Ok(Composed { post, plan: None });
        }
        let impossible = impossible_times(&post, now);
        if !impossible.is_empty() {
            return Err(PostError::Invalid(impossible));
        }
        let plan = Some(self.plan(caller, &post, facts)?);
        Ok(Composed { post, plan })
    }
}

/// The times of a post that cannot be kept.
fn impossible_times(post: &Post, now: DateTime<Utc>) -> Vec<Violation> {
    let own = post.targets.iter().enumerate();
    let own = own.filter_map(|(n, target)| Some((format!("/targets/{n}"), target.time.own()?)));
    let all = post.schedule.map(|schedule| (String::new(), schedule)).into_iter().chain(own);
    all.filter_map(|(place, time)| Some(time_violation(&place, time, time.due(now).err()?))).collect()
}

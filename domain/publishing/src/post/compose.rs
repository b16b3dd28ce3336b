//! Putting a new post together: a draft, and the plan of one that is scheduled at once.

use scheduling::Schedule;
use tenancy::{Caller, Scope};

use super::{
    Post, PostError, Posts,
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

impl Posts {
    /// Whether the caller may make this: a draft needs one scope, a schedule another.
    pub(crate) fn admit(caller: &Caller, draft: &Draft, schedule: Option<Schedule>) -> Result<(), PostError> {
        caller.may(Scope::PostsWrite)?;
        if schedule.is_some() {
            caller.may(Scope::PostsPublish)?;
        }
        if caller.reaches(draft.workspace) { Ok(()) } else { Err(PostError::NotFound) }
    }

    /// Makes a post of a draft; with a schedule one that is planned and approved by the caller. `facts` are those of its workspace
    /// and may hold more than this draft names.
    pub(crate) fn compose(
        &self,
        caller: &Caller,
        draft: Draft,
        schedule: Option<Schedule>,
        facts: &Facts,
    ) -> Result<Composed, PostError> {
        Self::admit(caller, &draft, schedule)?;
        let now = self.clock.now();
        let post = Post {
            id: PostId::new(),
            organization: caller.organization,
            workspace: draft.workspace,
            content: draft.content,
            targets: draft.targets,
            schedule,
            late_limit: draft.late_limit,
            scheduled: schedule.is_some(),
            version: 1,
            author: (&caller.actor).into(),
            occurrence: None,
            created_at: now,
            updated_at: now,
        };
        let Some(schedule) = schedule else {
            acceptable(&post.content, &post.targets, facts)?;
            return Ok(Composed { post, plan: None });
        };
        schedule.due(now).map_err(|error| PostError::Invalid(vec![time_violation("", schedule, error)]))?;
        let plan = Some(self.plan(caller, &post, facts)?);
        Ok(Composed { post, plan })
    }
}

//! Scheduling: when, and the approval that the act of scheduling is.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{MissedPolicy, Schedule, ScheduleError};
use tenancy::{Caller, Scope, WorkspaceId};

use super::{
    Post, PostError, PostView, Posts, Target, Violation,
    store::{ChannelFacts, Facts, Plan, Planned, Rescheduled},
    validate,
};
use crate::{
    approval::Approval,
    content::{Content, ContentHash},
    id::{ChannelId, PostId, PublicationId},
};

/// When to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as it is prepared.
    Now,
    /// At its time.
    Later(Schedule),
}

impl Posts {
    /// Says what stands against scheduling this content, without keeping anything.
    pub async fn validate(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        content: &Content,
        targets: &[Target],
    ) -> Result<Vec<Violation>, PostError> {
        caller.may(Scope::PostsRead)?;
        if !caller.reaches(workspace) {
            return Err(PostError::NotFound);
        }
        let facts = self.facts(caller, workspace, content, targets).await?;
        Ok(validate::validate(content, targets, &facts))
    }

    /// Schedules a post, or schedules it anew, on every channel where nothing is, or may be, public yet.
    pub async fn schedule(&self, caller: &Caller, id: PostId, when: When) -> Result<PostView, PostError> {
        caller.may(Scope::PostsPublish)?;
        let post = self.store.get(caller, id).await?.post;
        let facts = self.facts(caller, post.workspace, &post.content, &post.targets).await?;
        let change = self.schedule_anew(caller, post, when, &facts)?;
        self.store.save(&change.post, change.expected, Some(&change.plan)).await
    }

    /// The change that scheduling a post, for the first time or anew, makes.
    pub(super) fn schedule_anew(
        &self,
        caller: &Caller,
        mut post: Post,
        when: When,
        facts: &Facts,
    ) -> Result<Rescheduled, PostError> {
        caller.may(Scope::PostsPublish)?;
        let now = self.clock.now();
        let schedule = match when {
            When::Now => Schedule::At(now),
            When::Later(schedule) => schedule,
        };
        let due_at = schedule.due(now).map_err(|error| PostError::Invalid(vec![time_violation(error)]))?;
        let expected = post.version;
        post.schedule = Some(schedule);
        post.scheduled = true;
        post.version += 1;
        post.updated_at = now;
        let plan = self.plan(caller, &post, facts, due_at)?;
        Ok(Rescheduled { post, expected, plan })
    }

    /// The publications and the approval for a valid post.
    pub(super) fn plan(
        &self,
        caller: &Caller,
        post: &Post,
        facts: &Facts,
        due_at: DateTime<Utc>,
    ) -> Result<Plan, PostError> {
        let approve = |covers| Approval::by_scheduling(&caller.actor, self.clock.now(), covers);
        self.plan_by(approve, post, facts, due_at)
    }

    /// The publications of a valid post, under the approval that `approve` gives for what they cover.
    pub(crate) fn plan_by(
        &self,
        approve: impl FnOnce(Vec<(ChannelId, ContentHash)>) -> Approval,
        post: &Post,
        facts: &Facts,
        due_at: DateTime<Utc>,
    ) -> Result<Plan, PostError> {
        let violations = validate::validate(&post.content, &post.targets, facts);
        if !violations.is_empty() {
            return Err(PostError::Invalid(violations));
        }
        let planned = |target: &Target| {
            let channel = facts.channels.iter().find(|c| c.id == target.channel)?;
            self.planned(post, target, channel, facts, due_at)
        };
        let publications = post.targets.iter().map(planned).collect::<Option<Vec<_>>>();
        let publications = publications.ok_or(PostError::NotFound)?;
        let covers = publications.iter().map(|p| (p.channel, p.content_hash)).collect();
        Ok(Plan { approval: approve(covers), publications })
    }

    fn planned(
        &self,
        post: &Post,
        target: &Target,
        channel: &ChannelFacts,
        facts: &Facts,
        due_at: DateTime<Utc>,
    ) -> Option<Planned> {
        let content = validate::approve(&post.content, target, channel, facts)?;
        let lead = TimeDelta::from_std(self.timing.lead(content.format())).ok()?;
        let own = post.late_limit.map(|limit| Duration::from_mins(limit.minutes().into()));
        let late = MissedPolicy { publish_late_by: own.unwrap_or(facts.publish_late_by) };
        Some(Planned {
            id: PublicationId::new(),
            channel: channel.id,
            platform: channel.platform,
            content_hash: content.hash(channel.id),
            content,
            due_at,
            deadline_at: late.last_chance(due_at),
            next_step_at: (due_at - lead).max(self.clock.now()),
        })
    }
}

pub(super) fn time_violation(error: ScheduleError) -> Violation {
    let code = match error {
        ScheduleError::Past { .. } => "time_passed",
        ScheduleError::TooFar { .. } => "time_too_far",
    };
    Violation::new("/at", code, error.to_string())
}

//! Scheduling: when, and the approval that the act of scheduling is.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use scheduling::{MissedPolicy, Schedule, ScheduleError, schedule::horizon};
use tenancy::{Caller, Scope, WorkspaceId};

use super::{
    Post, PostError, PostView, Posts, Target, TargetTime, Violation,
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

/// A time that one channel has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnTime {
    /// Which channel.
    pub channel: ChannelId,
    /// When.
    pub schedule: Schedule,
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
        self.schedule_each(caller, id, Some(when), &[]).await
    }

    /// The same with times of their own for some channels. The post's own time may be left out if each channel has one.
    pub async fn schedule_each(
        &self,
        caller: &Caller,
        id: PostId,
        when: Option<When>,
        own: &[OwnTime],
    ) -> Result<PostView, PostError> {
        caller.may(Scope::PostsPublish)?;
        let mut post = self.store.get(caller, id).await?.post;
        set_times(&mut post, when, own, self.clock.now())?;
        self.approve(caller, post).await
    }

    /// Saves a post with new times: whoever says when it goes out approves what goes out.
    pub(super) async fn approve(&self, caller: &Caller, post: Post) -> Result<PostView, PostError> {
        let facts = self.facts(caller, post.workspace, &post.content, &post.targets).await?;
        let change = self.approved(caller, post, &facts)?;
        self.store.save(&change.post, change.expected, Some(&change.plan)).await
    }

    /// The change that scheduling a post, for the first time or anew, on all of its channels makes.
    pub(super) fn schedule_anew(
        &self,
        caller: &Caller,
        mut post: Post,
        when: When,
        facts: &Facts,
    ) -> Result<Rescheduled, PostError> {
        caller.may(Scope::PostsPublish)?;
        set_times(&mut post, Some(when), &[], self.clock.now())?;
        self.approved(caller, post, facts)
    }

    fn approved(&self, caller: &Caller, mut post: Post, facts: &Facts) -> Result<Rescheduled, PostError> {
        let expected = post.version;
        post.version += 1;
        post.updated_at = self.clock.now();
        self.rescheduled(caller, post, expected, facts)
    }

    /// A changed post that is scheduled, with what follows from its times.
    pub(super) fn rescheduled(
        &self,
        caller: &Caller,
        mut post: Post,
        expected: i64,
        facts: &Facts,
    ) -> Result<Rescheduled, PostError> {
        let plan = self.plan(caller, &post, facts)?;
        // A change may have removed the last channel that it was planned for.
        post.scheduled = !plan.publications.is_empty();
        Ok(Rescheduled { post, expected, plan })
    }

    /// The publications and the approval for a valid post.
    pub(super) fn plan(&self, caller: &Caller, post: &Post, facts: &Facts) -> Result<Plan, PostError> {
        let approve = |covers| Approval::by_scheduling(&caller.actor, self.clock.now(), covers);
        self.plan_by(approve, post, facts)
    }

    /// The publications of a valid post, under the approval that `approve` gives for what they cover.
    pub(crate) fn plan_by(
        &self,
        approve: impl FnOnce(Vec<(ChannelId, ContentHash)>) -> Approval,
        post: &Post,
        facts: &Facts,
    ) -> Result<Plan, PostError> {
        let violations = validate::validate(&post.content, &post.targets, facts);
        if !violations.is_empty() {
            return Err(PostError::Invalid(violations));
        }
        let now = self.clock.now();
        let planned = |target: &Target| {
            let due_at = match target.time {
                // Only who holds the queue knows the slot; it moves what is planned there from here.
                TargetTime::Queued(_) => horizon(now),
                TargetTime::Post | TargetTime::Own(_) | TargetTime::Unplanned => post.time_on(target)?,
            };
            let channel = facts.channels.iter().find(|c| c.id == target.channel);
            Some(
                channel
                    .and_then(|channel| self.planned(post, target, channel, facts, due_at))
                    .ok_or(PostError::NotFound),
            )
        };
        let publications = post.targets.iter().filter_map(planned).collect::<Result<Vec<_>, _>>()?;
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

/// Gives a post its time and some of its channels times of their own. Everything that is wrong is said at once, at its place in
/// the request.
fn set_times(
    post: &mut Post,
    when: Option<When>,
    own: &[OwnTime],
    now: DateTime<Utc>,
) -> Result<(), PostError> {
    let mut violations = Vec::new();
    let unknown =
        own.iter().enumerate().filter(|(_, time)| !post.targets.iter().any(|t| t.channel == time.channel));
    violations.extend(unknown.map(|(n, _)| {
        Violation::new(
            format!("/targets/{n}/channel_id"),
            "channel_unknown",
            "The post does not name the channel.",
        )
    }));
    let mut seen = BTreeSet::new();
    for (n, time) in own.iter().enumerate() {
        if !seen.insert(time.channel) {
            let pointer = format!("/targets/{n}/channel_id");
            violations.push(Violation::new(pointer, "channel_repeated", "The channel is named twice."));
        }
        let wrong = time.schedule.due(now).err();
        violations.extend(wrong.map(|error| time_violation(&format!("/targets/{n}"), time.schedule, error)));
    }
    post.schedule = match when {
        Some(When::Now) => Some(Schedule::At(now)),
        Some(When::Later(schedule)) => Some(schedule),
        None => None,
    };
    violations.extend(post.schedule.and_then(|at| Some(time_violation("", at, at.due(now).err()?))));
    for target in &mut post.targets {
        let time = own.iter().find(|time| time.channel == target.channel);
        target.time = time.map_or(TargetTime::Post, |time| TargetTime::Own(time.schedule));
    }
    if post.schedule.is_none() && post.targets.iter().any(|target| target.time == TargetTime::Post) {
        let detail = "Say when the post goes out, or say it for each of its channels.";
        violations.push(Violation::new("/at", "schedule_invalid", detail));
    }
    if violations.is_empty() { Ok(()) } else { Err(PostError::Invalid(violations)) }
}

/// What is wrong with a time, at the member below a place by which it was given.
pub(crate) fn time_violation(place: &str, schedule: Schedule, error: ScheduleError) -> Violation {
    let member = match schedule {
        Schedule::At(_) => "at",
        Schedule::Local(_) => "local_time",
    };
    let code = match error {
        ScheduleError::Past { .. } => "time_passed",
        ScheduleError::TooFar { .. } => "time_too_far",
    };
    Violation::new(format!("{place}/{member}"), code, error.to_string())
}

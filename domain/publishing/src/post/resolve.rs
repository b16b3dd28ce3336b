//! What only a person can decide: a failed publication tried again, an unconfirmed one declared live or sent again.

use chrono::{DateTime, TimeDelta, Utc};
use scheduling::Schedule;
use tenancy::{Caller, Scope};
use url::Url;

use super::{
    PostError, Posts, Violation,
    schedule::time_violation,
    store::{Decision, Planned},
};
use crate::{
    approval::Approval,
    id::PublicationId,
    publication::{Publication, State},
};

/// A person's word about an unconfirmed publication.
#[derive(Debug, Clone)]
pub enum Resolution {
    /// It is there.
    Live {
        /// The platform's id of the post.
        platform_post_id: String,
        /// Where people see it.
        permalink: Option<Url>,
    },
    /// It is not there: publish it again.
    PublishAgain,
}

impl Posts {
    /// Publishes again, now, what failed, was missed or was taken back; with the content as it was approved.
    pub async fn retry(&self, caller: &Caller, id: PublicationId) -> Result<Publication, PostError> {
        caller.may(Scope::PostsPublish)?;
        let publication = self.store.publication(caller, id).await?;
        if !publication.state.can_start_over() {
            return Err(PostError::WrongState);
        }
        let (planned, approval) = self.again(caller, &publication, self.clock.now());
        self.store.retry(caller, &planned, Schedule::At(planned.due_at), &approval).await
    }

    /// Publishes again, at another time, what failed, was missed or was taken back; with the content as it was approved.
    pub async fn reschedule(
        &self,
        caller: &Caller,
        id: PublicationId,
        schedule: Schedule,
    ) -> Result<Publication, PostError> {
        caller.may(Scope::PostsPublish)?;
        let publication = self.store.publication(caller, id).await?;
        if !publication.state.can_start_over() {
            return Err(PostError::WrongState);
        }
        let due_at = schedule.due(self.clock.now());
        let due_at = due_at.map_err(|error| PostError::Invalid(vec![time_violation("", schedule, error)]))?;
        let (planned, approval) = self.again(caller, &publication, due_at);
        self.store.retry(caller, &planned, schedule, &approval).await
    }

    /// Ends the doubt about an unconfirmed publication.
    pub async fn resolve(
        &self,
        caller: &Caller,
        id: PublicationId,
        resolution: Resolution,
    ) -> Result<Publication, PostError> {
        caller.may(Scope::PostsPublish)?;
        let publication = self.store.publication(caller, id).await?;
        // While Postern itself still looks, its answer is worth more than anybody's guess.
        if publication.state != State::Unconfirmed || !publication.needs_person {
            return Err(PostError::WrongState);
        }
        let decision = match resolution {
            Resolution::Live { platform_post_id, permalink } => {
                Decision::Live { id: plausible_id(platform_post_id)?, permalink }
            }
            Resolution::PublishAgain => {
                let (planned, approval) = self.again(caller, &publication, self.clock.now());
                // A disconnected channel is a person's to decide at once, but the call may still be on its way.
                Decision::SendAgain(Box::new(planned), approval, self.timing.settle_definite)
            }
        };
        self.store.resolve(caller, id, &decision).await
    }

    fn again(
        &self,
        caller: &Caller,
        publication: &Publication,
        due_at: DateTime<Utc>,
    ) -> (Planned, Approval) {
        let now: DateTime<Utc> = self.clock.now();
        let lead = TimeDelta::from_std(self.timing.lead(publication.content.format())).unwrap_or_default();
        let grace = (publication.deadline_at - publication.due_at).max(TimeDelta::minutes(1));
        let planned = Planned {
            id: publication.id,
            channel: publication.channel,
            platform: publication.platform,
            content: publication.content.clone(),
            content_hash: publication.content_hash,
            due_at,
            deadline_at: due_at + grace,
            next_step_at: (due_at - lead).max(now),
        };
        let covers = vec![(publication.channel, publication.content_hash)];
        (planned, Approval::by_scheduling(&caller.actor, now, covers))
    }
}

/// Platform ids are digits and underscores; anything else is a typing error that would be kept for good.
fn plausible_id(id: String) -> Result<String, PostError> {
    let plausible = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if plausible {
        return Ok(id);
    }
    let detail = "The platform's id of the post: digits, with an underscore for Pages.";
    Err(PostError::Invalid(vec![Violation::new("/platform_post_id", "platform_post_id_invalid", detail)]))
}

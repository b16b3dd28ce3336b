//! Taking back: possible until the irreversible call is permitted.

use tenancy::{Caller, Scope};

use super::{PostError, PostView, Posts};
use crate::id::PostId;

impl Posts {
    /// Takes back every publication that can be. Refused when none can.
    pub async fn cancel(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        caller.may(Scope::PostsPublish)?;
        self.store.cancel(caller, id).await
    }

    /// Takes a post out of the queues it waits in. What it has planned at other times stays.
    pub async fn leave_queues(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        caller.may(Scope::PostsPublish)?;
        self.store.leave_queues(caller, id).await
    }

    /// Deletes a post of which nothing is, or may be, public.
    pub async fn delete(&self, caller: &Caller, id: PostId) -> Result<(), PostError> {
        caller.may(Scope::PostsWrite)?;
        self.store.delete(caller, id).await
    }
}

//! The post store over PostgreSQL.

use async_trait::async_trait;
use diesel_async::AsyncConnection;
use publishing::{
    approval::Approval,
    id::{ChannelId, MediaId, PostId, PublicationId},
    post::{
        Composed, Post, PostError, PostView,
        store::{
            BulkKey, Decision, Facts, InTheWay, Plan, Planned, PostFilter, PostStore, PublicationFilter,
            Rescheduled,
        },
    },
    publication::{Attempt, Publication},
    timing::Timing,
};
use scheduling::Schedule;
use tenancy::{Caller, OrganizationId, WorkspaceId, idempotency::Fence};

use uuid::Uuid;

use super::{Stop, decide, facts, many, read, save, seats};
use crate::{idempotency, pool::Pool};

/// Keeps posts.
#[derive(Clone)]
pub struct PgPostStore {
    pool: Pool,
    timing: Timing,
}

impl PgPostStore {
    /// A store over a pool, with the usual timing.
    pub fn new(pool: Pool) -> Self {
        Self { pool, timing: Timing::default() }
    }

    /// With another timing: it says how long before its slot a queued post is prepared.
    #[must_use]
    pub fn with_timing(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }
}

/// Runs the body in one transaction of its own.
macro_rules! transaction {
    ($self:ident, $connection:ident => $body:expr) => {{
        let mut connection = $self.pool.get().await.map_err(Stop::from)?;
        connection.transaction::<_, Stop, _>(async |$connection| $body).await.map_err(PostError::from)
    }};
}

#[async_trait]
impl PostStore for PgPostStore {
    async fn facts(
        &self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        channels: &[ChannelId],
        media: &[MediaId],
    ) -> Result<Option<Facts>, PostError> {
        transaction!(self, c => Ok(facts::facts(c, organization, workspace, channels, media).await?))
    }

    async fn insert(&self, post: &Post, fence: Option<Fence>) -> Result<(), PostError> {
        transaction!(self, c => {
            save::insert(c, post).await?;
            Ok(idempotency::made(c, fence, post.id.uuid()).await?)
        })
    }

    async fn insert_all(
        &self,
        posts: &[Composed],
        together: bool,
        key: Option<&BulkKey>,
    ) -> Result<Vec<bool>, PostError> {
        transaction!(self, c => many::insert_all(c, posts, together, key).await)
    }

    async fn made(&self, caller: &Caller, bulk: Uuid) -> Result<Option<Vec<Option<PostId>>>, PostError> {
        transaction!(self, c => Ok(many::made(c, caller, bulk).await?))
    }

    async fn get_all(&self, caller: &Caller, ids: &[PostId]) -> Result<Vec<PostView>, PostError> {
        transaction!(self, c => Ok(read::get_all(c, caller, ids).await?))
    }

    async fn save_together(&self, changes: &[Rescheduled]) -> Result<Vec<PostView>, InTheWay> {
        let mut place = 0;
        let done: Result<_, PostError> = async {
            transaction!(self, c => many::save_together(c, changes, &mut place, &self.timing).await)
        }
        .await;
        done.map_err(|error| (place, error))
    }

    async fn cancel_together(&self, caller: &Caller, ids: &[PostId]) -> Result<Vec<PostView>, Vec<InTheWay>> {
        let mut refused = Vec::new();
        let done: Result<_, PostError> = async {
            transaction!(self, c => many::cancel_together(c, caller, ids, &mut refused, &self.timing).await)
        }
        .await;
        done.map_err(|error| match error {
            PostError::Unavailable => vec![(0, error)],
            other if refused.is_empty() => vec![(0, other)],
            _ => refused,
        })
    }

    async fn get(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        transaction!(self, c => read::get(c, caller, id).await)
    }

    async fn list(&self, caller: &Caller, filter: &PostFilter) -> Result<Vec<PostView>, PostError> {
        transaction!(self, c => Ok(read::list(c, caller, filter).await?))
    }

    async fn save(&self, post: &Post, expected: i64, plan: Option<&Plan>) -> Result<PostView, PostError> {
        transaction!(self, c => save::save(c, post, expected, plan, &self.timing).await)
    }

    async fn cancel(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        transaction!(self, c => decide::cancel(c, caller, id, &self.timing).await)
    }

    async fn leave_queues(&self, caller: &Caller, id: PostId) -> Result<PostView, PostError> {
        transaction!(self, c => seats::leave(c, caller, id, &self.timing).await)
    }

    async fn delete(&self, caller: &Caller, id: PostId) -> Result<(), PostError> {
        transaction!(self, c => decide::delete(c, caller, id, &self.timing).await)
    }

    async fn publication(&self, caller: &Caller, id: PublicationId) -> Result<Publication, PostError> {
        transaction!(self, c => read::publication(c, caller, id).await)
    }

    async fn publications(
        &self,
        caller: &Caller,
        filter: &PublicationFilter,
    ) -> Result<Vec<Publication>, PostError> {
        transaction!(self, c => Ok(read::publications(c, caller, filter).await?))
    }

    async fn attempts(&self, caller: &Caller, id: PublicationId) -> Result<Vec<Attempt>, PostError> {
        transaction!(self, c => read::attempts(c, caller, id).await)
    }

    async fn retry(
        &self,
        caller: &Caller,
        plan: &Planned,
        schedule: Schedule,
        approval: &Approval,
    ) -> Result<Publication, PostError> {
        transaction!(self, c => decide::retry(c, caller, plan, schedule, approval).await)
    }

    async fn resolve(
        &self,
        caller: &Caller,
        id: PublicationId,
        decision: &Decision,
    ) -> Result<Publication, PostError> {
        transaction!(self, c => decide::resolve(c, caller, id, decision).await)
    }
}

//! The slots of queues that a post holds, gets and gives up, while its channels' queues are locked.

use diesel::{
    QueryableByName,
    sql_types::{Array, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, PostId},
    post::{Post, PostError, PostView, TargetTime, store::Planned},
    publication::CancelReason,
    timing::Timing,
};
use scheduling::queue::{Flow, Waiting};
use tenancy::Caller;
use uuid::Uuid;

use super::{Stop, read, save};
use crate::{
    error::StoreError,
    pool::Connection,
    posting::{
        line::{self, Line, WAITS},
        seat,
        taken::Need,
    },
    prepared::{Bind, prepared},
};

/// The queues that a change of a post concerns. Locked first, read once the publications are locked too.
#[derive(Default)]
pub(super) struct Seats {
    /// All of them.
    pub(super) channels: Vec<Uuid>,
    /// Those that the post leaves: others may move up there.
    pub(super) left: Vec<Uuid>,
    lines: Vec<Line>,
    moved: Vec<(ChannelId, Vec<Waiting<PostId>>)>,
}

#[derive(QueryableByName)]
struct ChannelRow {
    #[diesel(sql_type = SqlUuid)]
    channel_id: Uuid,
}

impl Seats {
    /// Locks the queues that a post waits in, all of which it is to leave.
    pub(super) async fn held(c: &mut Connection, post: PostId) -> Result<Self, StoreError> {
        let left = hold_queues(c, &[post.uuid()]).await?;
        Ok(Self { channels: left.clone(), left, ..Self::default() })
    }

    /// Locks the queues that a post waits in and those it is to wait in.
    pub(super) async fn held_or_wanted(c: &mut Connection, post: &Post) -> Result<Self, StoreError> {
        let queued = post.targets.iter().filter(|target| matches!(target.time, TargetTime::Queued(_)));
        let wanted: Vec<Uuid> = queued.map(|target| target.channel.uuid()).collect();
        let mut left = held(c, &[post.id.uuid()]).await?;
        left.retain(|channel| !wanted.contains(channel));
        let channels = [left.as_slice(), &wanted].concat();
        if !wanted.is_empty() {
            share_workspace(c, post.workspace.uuid()).await?;
            line::open(c, &wanted).await?;
        }
        if !channels.is_empty() {
            line::lock(c, &channels).await?;
        }
        Ok(Self { channels, left, ..Self::default() })
    }

    /// Reads the queues. Whatever waits there and may be moved is locked by now.
    pub(super) async fn read(&mut self, c: &mut Connection) -> Result<(), StoreError> {
        self.lines = line::read(c, &self.channels, Need::Additions(1)).await?;
        Ok(())
    }

    /// What is planned, with that of queues moved to its slot, and whether that goes. Leaves the queues that are to be left.
    pub(super) fn assign(
        &mut self,
        post: &Post,
        planned: &[Planned],
    ) -> Result<Vec<(Planned, Option<Flow>)>, PostError> {
        self.withdraw(post.id)?;
        let place = |planned: &Planned| {
            let target = post.targets.iter().find(|target| target.channel == planned.channel)?;
            if let TargetTime::Queued(place) = target.time { Some(place) } else { None }
        };
        let assigned = planned.iter().map(|planned| {
            let Some(place) = place(planned) else { return Ok((planned.clone(), None)) };
            let line = self.lines.iter_mut().find(|line| line.channel == planned.channel);
            let line = line.ok_or(PostError::NotFound)?;
            let at = line.seat(post.id, place)?;
            Ok((planned.clone().moved(at, line.now), Some(line.queue.flow())))
        });
        assigned.collect()
    }

    fn withdraw(&mut self, post: PostId) -> Result<(), PostError> {
        for line in self.lines.iter_mut().filter(|line| self.left.contains(&line.channel.uuid())) {
            self.moved.push((line.channel, line.withdraw(post)?));
        }
        Ok(())
    }

    /// Writes down who moved into slots that were left, once those are free in the database too.
    pub(super) async fn refill(&self, c: &mut Connection, timing: &Timing) -> Result<(), StoreError> {
        for (channel, moved) in &self.moved {
            for line in self.lines.iter().filter(|line| line.channel == *channel) {
                seat::write(c, line, moved, timing).await?;
            }
        }
        let moved = self.moved.iter().flat_map(|(_, moved)| moved);
        let posts: Vec<_> = moved.map(|entry| entry.post.uuid()).collect();
        seat::due_with_the_first(c, &posts).await?;
        seat::tell(c, &posts).await
    }

    /// Leaves the queues after the publications were taken back.
    pub(super) async fn give_up(
        &mut self,
        c: &mut Connection,
        post: PostId,
        timing: &Timing,
    ) -> Result<(), Stop> {
        use diesel_async::RunQueryDsl;
        if self.channels.is_empty() {
            return Ok(());
        }
        prepared("UPDATE post_targets SET timing = 'unplanned' WHERE post_id = $1 AND timing = 'queue'")
            .bind::<SqlUuid, _>(post.uuid())
            .execute(c)
            .await?;
        self.withdraw(post)?;
        Ok(self.refill(c, timing).await?)
    }
}

/// Lets whoever plans or takes back the same posts take turns until the transaction ends: in which queues a post waits cannot
/// change between being read and being locked. It comes before every other lock; a lock on the post's row would not do, because
/// that is written last by whoever moves others in a queue.
pub(crate) async fn take_turns(c: &mut Connection, posts: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(
        "SELECT pg_advisory_xact_lock(o.key) FROM (
            SELECT DISTINCT hashtextextended(id::text, 0) AS key FROM unnest($1) AS asked (id) ORDER BY key) o",
    )
    .bind::<Array<SqlUuid>, _>(posts)
    .execute(c)
    .await?;
    Ok(())
}

/// Locks the queues that posts wait in and names their channels. It comes before any lock on publications.
pub(crate) async fn hold_queues(c: &mut Connection, posts: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    take_turns(c, posts).await?;
    let channels = held(c, posts).await?;
    if !channels.is_empty() {
        line::lock(c, &channels).await?;
    }
    Ok(channels)
}

/// The channels in whose queues posts wait.
async fn held(c: &mut Connection, posts: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement =
        format!("SELECT DISTINCT p.channel_id FROM publications p WHERE p.post_id = ANY ($1) AND {WAITS}");
    let rows: Vec<ChannelRow> = prepared(statement).bind::<Array<SqlUuid>, _>(posts).load(c).await?;
    Ok(rows.into_iter().map(|row| row.channel_id).collect())
}

/// Holds the posting schedule of a workspace as it is, for whoever takes slots by it.
async fn share_workspace(c: &mut Connection, id: Uuid) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    prepared("SELECT FROM workspaces WHERE id = $1 FOR SHARE").bind::<SqlUuid, _>(id).execute(c).await?;
    Ok(())
}

/// Takes a post out of every queue it waits in. It stays scheduled if something is planned for it elsewhere.
pub(super) async fn leave(
    c: &mut Connection,
    caller: &Caller,
    id: PostId,
    timing: &Timing,
) -> Result<PostView, Stop> {
    use diesel_async::RunQueryDsl;
    read::get(c, caller, id).await?;
    let mut seats = Seats::held(c, id).await?;
    save::lock(c, id, &seats.channels).await?;
    seats.read(c).await?;
    if seats.lines.iter().all(|line| line.publication(id).is_none()) {
        return Err(PostError::NotQueued.into());
    }
    save::take_back(c, id, CancelReason::ByCaller, "p.queued").await?;
    seats.give_up(c, id, timing).await?;
    prepared(
        "UPDATE posts o SET version = version + 1, updated_at = now(),
            scheduled = EXISTS (SELECT FROM publications p WHERE p.post_id = o.id AND p.state <> 'cancelled') WHERE id = $1",
    )
    .bind::<SqlUuid, _>(id.uuid())
    .execute(c)
    .await?;
    seat::due_with_the_first(c, &[id.uuid()]).await?;
    save::view(c, id).await
}

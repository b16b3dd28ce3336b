//! Clocks that change: where the rules of a time zone are new, a local time means another instant, and posts move to it.
//!
//! What is kept of a schedule is the time on the wall and its zone; the instant beside it is an index. It is worked out again whenever
//! workers start, because a new version of the program brings new rules, and once a day. A slot of a queue is a time on the wall, too.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use scheduling::LocalSchedule;
use tenancy::WorkspaceId;

use crate::{
    id::{ChannelId, PostId},
    timing::Timing,
};

/// Posts that are read at a time.
const PAGE: usize = 1_000;

/// A post that waits for a time on the wall, or one of its channels that does so for itself.
#[derive(Debug, Clone, Copy)]
pub struct Timed {
    /// Which post.
    pub post: PostId,
    /// The channel whose own time it is; `None` where it is that of the post.
    pub channel: Option<ChannelId>,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The time on the wall; `None` where this version knows no such zone.
    pub schedule: Option<LocalSchedule>,
    /// The instant that was worked out.
    pub recorded: DateTime<Utc>,
}

/// A time on the wall that means another instant than was worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Which post.
    pub post: PostId,
    /// The channel whose own time or slot it is; `None` where it is that of the post.
    pub channel: Option<ChannelId>,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The time on the wall.
    pub schedule: LocalSchedule,
    /// The instant that was worked out.
    pub from: DateTime<Utc>,
    /// The instant that is meant.
    pub to: DateTime<Utc>,
}

/// The store could not be asked.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the database did not answer")]
pub struct ClocksUnavailable;

/// Posts by the time on the wall.
#[async_trait]
pub trait ClockStore: Send + Sync {
    /// Times on the wall that posts, or channels of posts, wait for, in the order of the posts' ids; only those that a publication
    /// keeps to which is not under way. All of a post come together, even if they are more than `limit` then.
    async fn timed(&self, after: Option<PostId>, limit: usize) -> Result<Vec<Timed>, ClocksUnavailable>;
    /// Moves a time and those publications that keep to it and are not under way, and tells of it (`post.moved`), all in one
    /// transaction. What waits in a queue keeps to that. Each publication keeps its grace: the time it may be late. Says whether
    /// anything was moved; nothing is where the post was scheduled otherwise meanwhile.
    async fn move_post(&self, change: &Move, timing: &Timing) -> Result<bool, ClocksUnavailable>;
    /// The next channel in whose queue posts wait.
    async fn queue(&self, after: Option<ChannelId>) -> Result<Option<ChannelId>, ClocksUnavailable>;
    /// Who waits in the queue of a channel at an instant that is none of its slots any more, and where that slot is by now; see
    /// [`scheduling::Queue::follow_clocks`]. With the pauses they are moved there and told of (`post.moved`) in one transaction.
    async fn slots(
        &self,
        channel: ChannelId,
        settle: Option<&Timing>,
    ) -> Result<Vec<Move>, ClocksUnavailable>;
}

/// The routine.
pub struct Clocks {
    /// The posts.
    pub store: Arc<dyn ClockStore>,
    /// The pauses, for when preparation begins.
    pub timing: Timing,
}

impl Clocks {
    /// Which posts would move, without moving any, in parts; `tell` gets each.
    pub async fn differences(&self, mut tell: impl FnMut(Move) + Send) -> Result<(), ClocksUnavailable> {
        let mut after = None;
        loop {
            let (moves, last) = self.page(after).await?;
            moves.into_iter().for_each(&mut tell);
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        let mut channel = None;
        while let Some(next) = self.store.queue(channel).await? {
            self.store.slots(next, None).await?.into_iter().for_each(&mut tell);
            channel = Some(next);
        }
        Ok(())
    }

    /// Moves every time on the wall that means another instant by now, and says how many were moved.
    pub async fn settle(&self) -> Result<u64, ClocksUnavailable> {
        let (mut after, mut count) = (None, 0);
        loop {
            let (moves, last) = self.page(after).await?;
            for change in &moves {
                count += u64::from(self.store.move_post(change, &self.timing).await?);
            }
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        let mut channel = None;
        while let Some(next) = self.store.queue(channel).await? {
            count += self.store.slots(next, Some(&self.timing)).await?.len() as u64;
            channel = Some(next);
        }
        Ok(count)
    }

    /// The moves among the next posts, and the last of these; `None` where there are no more.
    async fn page(&self, after: Option<PostId>) -> Result<(Vec<Move>, Option<PostId>), ClocksUnavailable> {
        let timed = self.store.timed(after, PAGE).await?;
        let last = timed.last().map(|one| one.post).filter(|_| timed.len() >= PAGE);
        Ok((timed.iter().filter_map(moved).collect(), last))
    }
}

fn moved(one: &Timed) -> Option<Move> {
    let schedule = one.schedule?;
    let to = schedule.moved_from(one.recorded)?;
    Some(Move {
        post: one.post,
        channel: one.channel,
        workspace: one.workspace,
        schedule,
        from: one.recorded,
        to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_moves_when_its_time_on_the_wall_means_another_instant() {
        let wall = LocalSchedule {
            local: "2027-07-15T09:00:00".parse().unwrap(),
            zone: scheduling::Tz::known("Europe/Tallinn"),
        };
        let recorded = wall.resolve();
        let timed = Timed {
            post: PostId::new(),
            channel: None,
            workspace: WorkspaceId::new(),
            schedule: Some(wall),
            recorded,
        };
        assert_eq!(moved(&timed), None);
        let stale = recorded + chrono::TimeDelta::hours(1);
        let change = moved(&Timed { recorded: stale, ..timed }).unwrap();
        assert_eq!((change.from, change.to), (stale, recorded));
        assert_eq!(
            moved(&Timed { recorded: stale, schedule: None, ..timed }),
            None,
            "an unknown zone means nothing"
        );
    }
}

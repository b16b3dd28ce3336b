//! The backlog: what becomes of publications that were due during an outage, where a platform limits how many may go out.
//!
//! The rule is that of [`scheduling::backlog`]. Most of it the queue keeps by itself: permits take what is on time before what is late,
//! each in the order in which it is due, one at a time for each Page or account, and nothing after its last chance. What no single
//! permit can know is that a quota does not suffice for all that wait. Then the freshest are kept, and the others are missed at once
//! instead of using up what the fresher ones need.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use scheduling::backlog::{Late, Limits, Quota, Recovery, recover};
use tenancy::Clock;

use crate::{platform::Platform, queue::Claim};

/// How long a post counts for a platform's quota.
const QUOTA_LASTS: TimeDelta = TimeDelta::days(1);

/// A Page or account with a backlog.
#[derive(Debug, Clone)]
pub struct Lane {
    /// The platform.
    pub platform: Platform,
    /// What waits although its time has come, with the fence under which that was read.
    pub late: Vec<Late<Claim>>,
    /// When its other publications are due.
    pub promised: BTreeSet<DateTime<Utc>>,
    /// When others went out in the last day, or may have.
    pub spent: Vec<DateTime<Utc>>,
}

/// The store could not be asked.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the database did not answer")]
pub struct BacklogUnavailable;

/// Backlogs.
#[async_trait]
pub trait BacklogStore: Send + Sync {
    /// The Pages and accounts of these platforms on which something late waits for a worker, across organizations: the platform
    /// counts for all of them together.
    async fn lanes(&self, platforms: &[Platform]) -> Result<Vec<Lane>, BacklogUnavailable>;
    /// Marks what is missed, and tells (`publication.missed`); lets the rest wait for its instant. Only what no worker has taken
    /// since, all in one transaction. Says how many were changed.
    async fn settle(&self, recovery: &Recovery<Claim>) -> Result<u64, BacklogUnavailable>;
}

/// The routine.
pub struct Backlog {
    /// The backlogs.
    pub store: Arc<dyn BacklogStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Backlog {
    /// Decides about every backlog for which a quota does not suffice, and says how many publications were missed or put off.
    pub async fn recover(&self) -> Result<u64, BacklogUnavailable> {
        let limits = |platform: &Platform| platform.capabilities().max_posts_a_day.is_some();
        let limited: Vec<_> = Platform::ALL.into_iter().filter(limits).collect();
        let mut changed = 0;
        for lane in self.store.lanes(&limited).await? {
            if let Some(recovery) = decide(lane, self.clock.now()) {
                changed += self.store.settle(&recovery).await?;
            }
        }
        Ok(changed)
    }
}

/// What becomes of a backlog; `None` where all of it may go out at once, and the queue sees to that.
fn decide(lane: Lane, now: DateTime<Utc>) -> Option<Recovery<Claim>> {
    let most = lane.platform.capabilities().max_posts_a_day?;
    let spent = u32::try_from(lane.spent.len()).unwrap_or(u32::MAX);
    let until = lane.spent.iter().min().copied().unwrap_or(now) + QUOTA_LASTS;
    let quota = Some(Quota { left: most.saturating_sub(spent), until });
    let mut recovery = recover(lane.late, &lane.promised, Limits { spacing: Duration::ZERO, quota }, now);
    recovery.publish.retain(|(_, at)| *at > now);
    (!recovery.missed.is_empty() || !recovery.publish.is_empty()).then_some(recovery)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PublicationId;

    fn after(minutes: i64) -> DateTime<Utc> {
        "2027-03-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    /// Late by 1, 2, 3 … minutes; an hour is too late.
    fn lane(late: i64, spent: i64) -> Lane {
        let one = |minutes: i64| Late {
            post: Claim { publication: PublicationId::new(), epoch: minutes },
            due: after(-minutes),
            last_chance: after(60 - minutes),
        };
        Lane {
            platform: Platform::Instagram,
            late: (1..=late).map(one).collect(),
            promised: BTreeSet::new(),
            spent: (0..spent).map(|n| after(-60 - n)).collect(),
        }
    }

    fn missed(lane: Lane) -> Option<Vec<i64>> {
        let recovery = decide(lane, after(0))?;
        assert!(recovery.publish.is_empty(), "what goes out at once is the queue's business");
        Some(recovery.missed.iter().map(|claim| claim.epoch).collect())
    }

    #[test]
    fn where_the_quota_suffices_the_queue_is_left_alone() {
        assert_eq!(missed(lane(5, 95)), None);
        assert_eq!(missed(lane(0, 100)), None);
        assert_eq!(missed(Lane { platform: Platform::Facebook, ..lane(5, 100) }), None);
    }

    #[test]
    fn where_it_does_not_the_freshest_are_kept_and_promises_count_first() {
        assert_eq!(missed(lane(5, 97)), Some(vec![5, 4]));
        let promised = BTreeSet::from([after(10), after(20)]);
        assert_eq!(missed(Lane { promised, ..lane(5, 97) }), Some(vec![5, 4, 3, 2]));
        assert_eq!(missed(lane(3, 100)), Some(vec![3, 2, 1]));
    }

    #[test]
    fn what_may_still_go_out_when_there_is_new_quota_waits_for_it() {
        let mut soon = lane(2, 100);
        soon.spent[99] = after(-24 * 60 + 30);
        let recovery = decide(soon, after(0)).unwrap();
        let waits: Vec<_> = recovery.publish.iter().map(|(claim, at)| (claim.epoch, *at)).collect();
        assert_eq!((waits, recovery.missed.len()), (vec![(2, after(30)), (1, after(30))], 0));
    }
}

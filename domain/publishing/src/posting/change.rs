//! What one can do with a whole queue, decided on its present state.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use scheduling::queue::{Flow, Queue, Waiting};

use crate::{
    id::PostId,
    post::{PostError, Violation},
};

/// A change of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueChange {
    /// Its posts in this order, in the slots they hold together.
    Reorder(Vec<PostId>),
    /// Its posts in an order that only the seed decides.
    Shuffle(u64),
    /// Nobody goes.
    Pause,
    /// They go again; whose slot has passed gets another.
    Resume,
}

impl QueueChange {
    /// Makes the change and says whose slots changed.
    pub fn apply(
        &self,
        queue: &mut Queue<PostId>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Waiting<PostId>>, PostError> {
        match self {
            Self::Reorder(order) => {
                unknown(queue, order)?;
                Ok(queue.reorder(order.clone())?)
            }
            Self::Shuffle(seed) => Ok(queue.shuffle(*seed)),
            Self::Pause => {
                queue.pause();
                Ok(Vec::new())
            }
            // Where posts go anyway, nobody has waited for this.
            Self::Resume if queue.flow() == Flow::Running => Ok(Vec::new()),
            Self::Resume => Ok(queue.resume(now)?),
        }
    }
}

/// Refuses posts that do not wait, each at its place in the request.
fn unknown(queue: &Queue<PostId>, order: &[PostId]) -> Result<(), PostError> {
    let waiting: BTreeSet<_> = queue.waiting().iter().map(|entry| entry.post).collect();
    let others = order.iter().enumerate().filter(|(_, post)| !waiting.contains(post));
    let violations: Vec<_> = others
        .map(|(n, _)| {
            Violation::new(format!("/posts/{n}"), "post_unknown", "No such post waits in the queue.")
        })
        .collect();
    if violations.is_empty() { Ok(()) } else { Err(PostError::Invalid(violations)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-12-01T{hour:02}:00:00Z").parse().unwrap()
    }

    fn queue(posts: &[PostId]) -> Queue<PostId> {
        let schedule = serde_json::from_value(serde_json::json!({
            "zone": "UTC", "week": {"tuesday": ["09:00", "10:00", "11:00"]}
        }));
        let waiting = (9..).zip(posts).map(|(hour, post)| Waiting { at: at(hour), post: *post }).collect();
        Queue::new(schedule.unwrap(), BTreeSet::new(), waiting, Flow::Running)
    }

    #[test]
    fn an_order_that_names_strangers_says_which_and_one_that_forgets_somebody_says_so() {
        let (one, two, stranger) = (PostId::new(), PostId::new(), PostId::new());
        let refused =
            |order: Vec<PostId>| match QueueChange::Reorder(order).apply(&mut queue(&[one, two]), at(8)) {
                Err(PostError::Invalid(violations)) => {
                    violations.into_iter().map(|v| (v.pointer, v.code)).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            };
        assert_eq!(refused(vec![two, stranger]), [("/posts/1".to_owned(), "post_unknown")]);
        assert_eq!(refused(vec![two]), [("/posts".to_owned(), "posts_incomplete")]);
        assert_eq!(refused(vec![two, two, one]), [("/posts".to_owned(), "posts_incomplete")]);
    }

    #[test]
    fn pausing_moves_nobody_and_resuming_moves_those_whose_slots_have_passed() {
        let (one, two) = (PostId::new(), PostId::new());
        let mut queue = queue(&[one, two]);
        assert_eq!(QueueChange::Pause.apply(&mut queue, at(8)).unwrap(), []);
        assert_eq!(queue.flow(), Flow::Paused);
        let moved = QueueChange::Resume.apply(&mut queue, at(10)).unwrap();
        assert_eq!(moved, [Waiting { at: at(10), post: one }, Waiting { at: at(11), post: two }]);
        assert_eq!(queue.flow(), Flow::Running);
    }
}

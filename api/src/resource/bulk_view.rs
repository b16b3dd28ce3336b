//! What requests for many posts say, and what is answered.

use poem_openapi::Object;
use publishing::{
    id::Post as PostTag,
    post::{Bulk, PostError},
};

use super::{
    post_view::{NewPost, Post},
    schedule_view::NewSchedule,
};
use crate::{
    answer::Several,
    problem::{Answer, Code, ItemProblem, Pointer, Problem, Violation},
    value::{Id, Instant, Zone},
};

/// Many posts to be written.
#[derive(Object)]
pub(super) struct NewPosts {
    /// Whether either all are made or none.
    #[oai(default)]
    pub(super) atomic: bool,
    /// The posts.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub(super) items: Vec<NewPostItem>,
}

/// One of many posts to be written.
#[derive(Object)]
pub(super) struct NewPostItem {
    /// The post.
    pub(super) post: NewPost,
    /// When to publish it; without this it stays a draft. It needs the scope `posts:publish`.
    pub(super) schedule: Option<NewSchedule>,
}

/// Many posts to be scheduled.
#[derive(Object)]
pub(super) struct NewSchedules {
    /// Whether either all are scheduled or none.
    #[oai(default)]
    pub(super) atomic: bool,
    /// The posts, each once.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub(super) items: Vec<ScheduleItem>,
}

/// One of many posts to be scheduled: either at an instant, or at a wall-clock time with its zone.
#[derive(Object)]
pub(super) struct ScheduleItem {
    /// The post.
    pub(super) post_id: Id<PostTag>,
    /// The instant.
    pub(super) at: Option<Instant>,
    /// The wall-clock time, such as `2027-03-01T09:30:00`.
    #[oai(validator(
        pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    ))]
    pub(super) local_time: Option<String>,
    /// The zone of the wall-clock time.
    pub(super) time_zone: Option<Zone>,
}

/// Many posts to be taken back.
#[derive(Object)]
pub(super) struct Cancellations {
    /// Whether either all are taken back or none.
    #[oai(default)]
    pub(super) atomic: bool,
    /// The posts, each once.
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub(super) items: Vec<CancelItem>,
}

/// One of many posts to be taken back.
#[derive(Object)]
pub(super) struct CancelItem {
    /// The post.
    pub(super) post_id: Id<PostTag>,
}

/// What came of many.
#[derive(Object)]
pub(super) struct BulkAnswer {
    /// How many succeeded.
    pub(super) succeeded: u32,
    /// How many were refused.
    pub(super) refused: u32,
    /// What came of each, in the order of the request.
    pub(super) items: Vec<BulkItem>,
}

/// What came of one of many.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct BulkItem {
    /// Its place in the request, from 0.
    pub(super) index: u32,
    /// The status that the operation on this one alone would have answered.
    pub(super) status: u16,
    /// The post, if it succeeded.
    pub(super) post: Option<Post>,
    /// Why it was refused, otherwise; its pointers are into the item.
    pub(super) problem: Option<ItemProblem>,
}

fn problem_of(error: PostError) -> Problem {
    match error {
        PostError::Superseded => Problem::new(
            Code::Conflict,
            "The first request with this key did not make this one; send it again under another key.",
        ),
        other => other.into(),
    }
}

/// The answer, or the refusal of all with what stood in the way.
pub(super) fn answer(bulk: Bulk, success: u16) -> Answer<Several<BulkAnswer>> {
    let results = match bulk {
        Bulk::Each(results) => results,
        Bulk::Refused(in_the_way) => {
            let wrong =
                in_the_way.into_iter().flat_map(|(place, error)| in_the_request(place, problem_of(error)));
            return Err(Problem::invalid(wrong.collect()));
        }
    };
    let succeeded = count(results.iter().filter(|result| result.is_ok()).count());
    let refused = count(results.len()) - succeeded;
    let item = |(index, result)| {
        let index = count(index);
        match result {
            Ok(view) => BulkItem { index, status: success, post: Some(Post::from(view)), problem: None },
            Err(error) => {
                let problem = problem_of(error);
                BulkItem {
                    index,
                    status: problem.code.status(),
                    post: None,
                    problem: Some((&problem).into()),
                }
            }
        }
    };
    Ok(Several(BulkAnswer { succeeded, refused, items: results.into_iter().enumerate().map(item).collect() }))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What is wrong with one item, with its place in the request. A refusal that names no place is about the item as a whole.
fn in_the_request(place: usize, problem: Problem) -> Vec<Violation> {
    let item = Pointer::to("items").element(place);
    if problem.violations.is_empty() {
        let code = match problem.code {
            Code::NotFound => "item_unknown",
            Code::ScopeMissing => "item_scope_missing",
            Code::PreconditionFailed => "item_changed",
            Code::PublishingBegan => "item_publishing_began",
            _ => "item_wrong_state",
        };
        return vec![Violation::body(item, code, problem.detail)];
    }
    let placed = |wrong: Violation| Violation { pointer: wrong.pointer.below(&item), ..wrong };
    problem.violations.into_iter().map(placed).collect()
}

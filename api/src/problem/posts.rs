//! What the use cases of posts refuse, as problems.

use std::time::Duration;

use publishing::post::{self, PostError};

use super::{Code, Pointer, Problem, Violation};

impl From<post::Violation> for Violation {
    fn from(wrong: post::Violation) -> Self {
        let members = wrong.pointer.split('/').skip(1);
        let pointer = members.fold(Pointer::default(), |pointer, member| pointer.member(member));
        Self::body(pointer, wrong.code, wrong.detail)
    }
}

impl From<PostError> for Problem {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Denied(denied) => Self::new(Code::ScopeMissing, denied.to_string()),
            PostError::NotFound => Self::not_found(),
            PostError::Stale => Self::of(Code::PreconditionFailed),
            PostError::PublishingBegan => Self::of(Code::PublishingBegan),
            PostError::Superseded => Self::of(Code::Conflict),
            PostError::WrongState => Self::of(Code::WrongState),
            PostError::AlreadyTaken => Self::of(Code::PlatformPostTaken),
            PostError::Invalid(violations) => Self::invalid(violations.into_iter().map(Into::into).collect()),
            PostError::QueueFull { horizon } => Self::new(
                Code::QueueFull,
                format!("No slot of the posting schedule is free before {}.", horizon.date_naive()),
            ),
            PostError::AlreadyQueued => Self::of(Code::AlreadyQueued),
            PostError::NotQueued => Self::of(Code::NotQueued),
            PostError::Unavailable => Self::of(Code::Unavailable).retry_after(Duration::from_secs(2)),
        }
    }
}

//! A publication: a post on its way to one channel.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use tenancy::{OrganizationId, WorkspaceId};
use url::Url;

use crate::{
    content::{ApprovedContent, ContentHash},
    id::{ApprovalId, ChannelId, PostId, PublicationId},
    platform::Platform,
    preflight::Warning,
    refusal::{PlatformCode, Reason},
};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident => $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every word of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The wire form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|w| w.as_str() == text).ok_or(UnknownWord)
            }
        }
    };
}
pub(crate) use words;

/// The text is not in the list.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a word of this list")]
pub struct UnknownWord;

words! {
    /// Where a publication stands.
    State {
        /// Waiting for its preparation, the first or another.
        Scheduled => "scheduled",
        /// A worker uploads and creates what can be made beforehand.
        Preparing => "preparing",
        /// Only the irreversible call is left.
        Ready => "ready",
        /// The irreversible call is permitted: it may have been made. From here on nobody sends again without looking.
        Publishing => "publishing",
        /// Public, under the platform's id.
        Published => "published",
        /// Refused for good.
        Failed => "failed",
        /// Nobody can tell yet whether it is public.
        Unconfirmed => "unconfirmed",
        /// Not published in time.
        Missed => "missed",
        /// Taken back before the irreversible call.
        Cancelled => "cancelled",
    }
}

impl State {
    /// Whether edit and cancel are still possible: the irreversible call is not permitted yet.
    pub const fn can_be_taken_back(self) -> bool {
        matches!(self, Self::Scheduled | Self::Preparing | Self::Ready)
    }

    /// Whether a new schedule may start it over: nothing of it is, or may be, public.
    pub const fn can_start_over(self) -> bool {
        matches!(self, Self::Failed | Self::Missed | Self::Cancelled)
    }

    /// Whether nothing will happen by itself any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Published | Self::Failed | Self::Missed | Self::Cancelled)
    }
}

words! {
    /// Why a publication was taken back.
    CancelReason {
        /// Somebody cancelled it.
        ByCaller => "by_caller",
        /// The post does not name the channel any more.
        TargetRemoved => "target_removed",
        /// The channel was disconnected.
        ChannelDisconnected => "channel_disconnected",
    }
}

/// A publication as people see it.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its id.
    pub id: PublicationId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The post.
    pub post: PostId,
    /// Where to.
    pub channel: ChannelId,
    /// The channel's platform.
    pub platform: Platform,
    /// Where it stands.
    pub state: State,
    /// Why it failed, or why it last was refused.
    pub reason: Option<Reason>,
    /// Why it was taken back.
    pub cancelled: Option<CancelReason>,
    /// Whether only a person can decide what happened.
    pub needs_person: bool,
    /// Whether its time is a slot of its channel's queue. While that is paused, there is no next step.
    pub queued: bool,
    /// When it is to be public.
    pub due_at: DateTime<Utc>,
    /// When publishing makes no sense any more.
    pub deadline_at: DateTime<Utc>,
    /// When something happens next, if something does.
    pub next_step_at: Option<DateTime<Utc>>,
    /// Refusals in a row.
    pub failures: i32,
    /// What was approved.
    pub content: ApprovedContent,
    /// Its hash.
    pub content_hash: ContentHash,
    /// By which word.
    pub approval: ApprovalId,
    /// The platform's id, once public.
    pub platform_post_id: Option<String>,
    /// Where people see it.
    pub permalink: Option<Url>,
    /// When the platform said so.
    pub published_at: Option<DateTime<Utc>>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// What stood in its way when it was last looked at, while it waits.
    pub warnings: Vec<Warning>,
}

words! {
    /// Which step of the protocol an attempt was.
    Step {
        /// Upload and create.
        Prepare => "prepare",
        /// The irreversible call.
        Publish => "publish",
        /// Did it happen?
        Look => "look",
        /// Where is it seen?
        FollowUp => "follow_up",
        /// A person decided.
        Resolve => "resolve",
    }
}

words! {
    /// What came of an attempt.
    Verdict {
        /// Done.
        Done => "done",
        /// The platform is still at it.
        Waiting => "waiting",
        /// Refused; it will be tried again.
        Refused => "refused",
        /// Refused for good.
        GaveUp => "gave_up",
        /// The answer does not tell whether it happened.
        Unclear => "unclear",
        /// The platform does not show it.
        Absent => "absent",
        /// It stays undecided; a person must look.
        Undecided => "undecided",
    }
}

/// One line of a publication's history. Append-only; never the platform's own text.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// Which step.
    pub step: Step,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, where there was a refusal.
    pub reason: Option<Reason>,
    /// The platform's numbers.
    pub code: PlatformCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_can_be_taken_back_or_started_over_or_neither_but_never_both() {
        for state in State::ALL {
            assert!(!(state.can_be_taken_back() && state.can_start_over()));
            assert_eq!(state.as_str().parse::<State>().unwrap(), *state);
        }
        assert!(
            !State::Unconfirmed.can_start_over(),
            "what may be public is never sent again without a look"
        );
    }
}

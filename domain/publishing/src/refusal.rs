//! Why a platform refused, as a closed list.

use std::{fmt, str::FromStr, time::Duration};

/// Who can put it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixer {
    /// Whoever wrote the post.
    Caller,
    /// A person with access to the channel on the platform.
    Member,
    /// Whoever runs this deployment.
    Operator,
    /// Nobody here: the platform itself.
    Platform,
}

impl Fixer {
    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Platform => "platform",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident => $code:literal, $fixer:ident, $fix:literal;)*) => {
        /// Why something did not go out. Stored, served and counted by its code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Who can put it right.
            pub const fn fixer(self) -> Fixer {
                match self { $(Self::$name => Fixer::$fixer,)* }
            }

            /// What that person can do.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }
        }
    };
}

reasons! {
    /// The token is not valid any more.
    Unauthorized => "unauthorized", Member, "Reconnect the channel.";
    /// A permission was declined or withdrawn.
    PermissionMissing => "permission_missing", Member, "Reconnect the channel and grant every permission that is asked for.";
    /// The account is restricted or must confirm its identity on the platform.
    AccountRestricted => "account_restricted", Member, "Sign in on the platform, follow its instructions, then retry.";
    /// The channel has no live connection.
    Disconnected => "disconnected", Member, "Connect the channel again.";
    /// The platform does not accept the caption.
    CaptionRejected => "caption_rejected", Caller, "Change the caption.";
    /// The platform does not accept the link.
    LinkRejected => "link_rejected", Caller, "Change or remove the link; the platform must be able to open it.";
    /// The platform does not accept a picture.
    MediaRejected => "media_rejected", Caller, "Replace the picture by one that the channel accepts.";
    /// The platform could not fetch a picture from this deployment.
    MediaUnreachable => "media_unreachable", Operator, "Make the public media address of this deployment reachable for the platform.";
    /// The platform's own duplicate check refused the post.
    Duplicate => "duplicate", Caller, "The platform says the same was posted before. Look there, or change the text.";
    /// Spam or community standards.
    PolicyBlocked => "policy_blocked", Member, "The platform blocks this content or account for now. Look there before trying again.";
    /// Too many calls, or the day's quota is used up.
    RateLimited => "rate_limited", Platform, "Postern waits and tries again by itself.";
    /// What was prepared went missing or expired.
    PreparationLost => "preparation_lost", Platform, "Postern prepares it again by itself.";
    /// The platform failed, before anything was published.
    PlatformUnavailable => "platform_unavailable", Platform, "Postern tries again by itself.";
    /// The app's registration on the platform does not allow it.
    AppMisconfigured => "app_misconfigured", Operator, "Check the app's settings on the platform: id, secret, permissions, mode.";
    /// The platform refused for a reason this list has no better word for.
    Rejected => "rejected", Caller, "Change the post; the platform's code says more.";
    /// The approved content and the content to be sent differ.
    ContentChanged => "content_changed", Caller, "Schedule the post again.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a reason's code.
#[derive(Debug, thiserror::Error)]
#[error("unknown reason")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|r| r.as_str() == code).ok_or(UnknownReason)
    }
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing will change by itself.
    GiveUp,
    /// Try again, with growing pauses.
    Retry,
    /// Try again after the time the platform named.
    Wait(Duration),
    /// Make the preparation anew, then go on.
    PrepareAgain,
    /// Stop using this token and ask for a new connection.
    Reconnect,
}

/// The platform's own error numbers, kept for the attempt log. Never its text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlatformCode {
    /// HTTP status.
    pub status: Option<u16>,
    /// The platform's code.
    pub code: Option<i64>,
    /// The platform's subcode.
    pub subcode: Option<i64>,
}

/// A definite refusal: nothing was made public by the refused call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What to do.
    pub remedy: Remedy,
    /// The platform's numbers.
    pub code: PlatformCode,
}

impl Refusal {
    /// A refusal without platform numbers.
    pub const fn of(reason: Reason, remedy: Remedy) -> Self {
        Self { reason, remedy, code: PlatformCode { status: None, code: None, subcode: None } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_from_its_code() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse::<Reason>().unwrap(), *reason);
        }
    }
}

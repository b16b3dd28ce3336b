//! Mail, as a port. Only these templates exist; none of them is advertising, and a class for it does not exist here.

use crate::{PersonId, account::MailAddress};

/// What a mail address may be used for without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailClass {
    /// Signing up and in.
    SignIn,
    /// What became of scheduled posts.
    ScheduleNotice,
    /// Getting back into an account.
    Recovery,
    /// What the law demands to be said.
    Legal,
}

impl MailClass {
    /// The word for logs and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "signin",
            Self::ScheduleNotice => "schedule_notice",
            Self::Recovery => "recovery",
            Self::Legal => "legal",
        }
    }
}

/// Which text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTemplate {
    /// Welcome: the account was made.
    Welcome,
    /// Somebody registered with an address that has an account already; nothing changed.
    AlreadyRegistered,
}

impl MailTemplate {
    /// The class that permits it.
    pub const fn class(self) -> MailClass {
        match self {
            Self::Welcome | Self::AlreadyRegistered => MailClass::SignIn,
        }
    }

    /// The word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::AlreadyRegistered => "already_registered",
        }
    }
}

/// A mail to be sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The text.
    pub template: MailTemplate,
    /// Whose account it is about.
    pub person: PersonId,
    /// Where it goes.
    pub to: MailAddress,
}

/// The mail could not be handed over.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the mail could not be handed over")]
pub struct NotSent;

/// Hands mail over. An implementation returns quickly and in the same time for every template: registration waits for it.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over.
    async fn send(&self, mail: Mail) -> Result<(), NotSent>;
}

//! The named moments of the protocol: where a process may die, and the tests make it.

use std::{fmt, str::FromStr};

use crate::{
    platform::{Format, Platform},
    publication::{UnknownWord, words},
};

words! {
    /// A point between two things that matter.
    Moment {
        /// Claimed for preparation; nothing done yet.
        Claimed => "claimed",
        /// The platform made something, and its id is committed.
        HandleSaved => "handle_saved",
        /// Everything is prepared; nobody knows yet.
        Prepared => "prepared",
        /// The permit came back; it is not due yet.
        Permitted => "permitted",
        /// The irreversible call is about to be made.
        Due => "due",
        /// The platform answered; nobody knows yet.
        Sent => "sent",
        /// A look has shown something; nobody knows yet.
        Looked => "looked",
        /// What came of the irreversible call is committed.
        Recorded => "recorded",
        /// The permalink was fetched; nobody knows yet.
        FollowedUp => "followed_up",
    }
}

/// Called at every moment with what the publication is.
pub type Witness = fn(Moment, Platform, Format);

/// A witness that looks away.
pub fn nobody(_: Moment, _: Platform, _: Format) {}

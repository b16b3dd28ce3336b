//! Approvals: somebody's word that exactly this content may be published.

use chrono::{DateTime, Utc};
use tenancy::{Actor, ApiKeyId, PersonId};

use crate::{
    content::ContentHash,
    id::{ApprovalId, ChannelId},
    post::Author,
    publication::{UnknownWord, words},
};
use std::{fmt, str::FromStr};

words! {
    /// How the word was given.
    Method {
        /// A member scheduled what they wrote.
        ScheduleAction => "schedule_action",
        /// A member gave an API key the scope to publish what its holder supplies, or somebody planned a series.
        StandingInstruction => "standing_instruction",
    }
}

/// An approval, bound to content per channel.
#[derive(Debug, Clone)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// How it was given.
    pub method: Method,
    /// The person who answers for it.
    pub person: PersonId,
    /// The key that was used, if any; always a standing instruction.
    pub api_key: Option<ApiKeyId>,
    /// When.
    pub at: DateTime<Utc>,
    /// What it covers; nothing else may go out under it.
    pub covers: Vec<(ChannelId, ContentHash)>,
}

impl Approval {
    /// The approval that scheduling by `actor` is.
    pub fn by_scheduling(actor: &Actor, at: DateTime<Utc>, covers: Vec<(ChannelId, ContentHash)>) -> Self {
        let (method, api_key) = match actor {
            Actor::Member { .. } => (Method::ScheduleAction, None),
            Actor::ApiKey { key, .. } => (Method::StandingInstruction, Some(*key)),
        };
        Self { id: ApprovalId::new(), method, person: actor.answerable(), api_key, at, covers }
    }

    /// The approval of one post of a series, on the word of whoever planned the series.
    pub fn by_instruction(author: Author, at: DateTime<Utc>, covers: Vec<(ChannelId, ContentHash)>) -> Self {
        let (person, api_key) = (author.person, author.api_key);
        Self { id: ApprovalId::new(), method: Method::StandingInstruction, person, api_key, at, covers }
    }
}

//! Rules about connections to platforms.

use std::time::Duration;

use crate::rule::{
    Action::{Delete, Shred},
    Class::{Internal, Personal, Platform, Secret},
    Keep::{For, With},
    Rule, Topic,
};

const AT_ONCE: Duration = Duration::ZERO;

pub(super) const RULES: &[Rule] = &[
    Rule {
        topic: Topic::ConnectionAttempts,
        what: "logins on a platform that were begun, or failed",
        places: &["connection_attempts"],
        class: Secret,
        keep: For(Duration::from_hours(24)),
        from: "expiry: 10 minutes after the beginning, or 13 after the callback",
        action: Delete,
        why: "to tell a late or failed login what became of it",
    },
    // After the logins: a connection goes when its last login is forgotten.
    Rule {
        topic: Topic::UnfinishedConnections,
        what: "connections that never came about",
        places: &["connections"],
        class: Internal,
        keep: For(Duration::from_hours(24)),
        from: "the end of their last login",
        action: Delete,
        why: "nobody ever granted anything",
    },
    Rule {
        topic: Topic::PendingSelections,
        what: "pages and accounts offered for choice, with their tokens",
        places: &["pending_selections"],
        class: Secret,
        keep: For(Duration::from_mins(15)),
        from: "the callback; for 13 of them it can be used",
        action: Shred,
        why: "what is not chosen must not be kept",
    },
    Rule {
        topic: Topic::DisconnectedTokens,
        what: "platform tokens of what was disconnected, and their keys",
        places: &["connection_tokens", "channel_tokens", "connection_keys"],
        class: Secret,
        keep: For(AT_ONCE),
        from: "disconnection",
        action: Shred,
        why: "the grant is over; the platforms and the person demand it",
    },
    Rule {
        topic: Topic::Connections,
        what: "connections and channels that came about, connected or not",
        places: &["connections", "channels"],
        class: Platform,
        keep: With("the organization"),
        from: "-",
        action: Delete,
        why: "a channel that is connected again keeps its id and its history",
    },
    Rule {
        topic: Topic::Consents,
        what: "who granted which scopes, when, and when it ended",
        places: &["consents"],
        class: Personal,
        keep: With("the organization"),
        from: "-",
        action: Delete,
        why: "proof of consent (GDPR article 7(1))",
    },
];

//! Rules about people, their organizations and how they get in.

use std::time::Duration;

use crate::rule::{
    Action::{Clear, Delete, Shred},
    Class::{Content, Internal, Personal, Secret},
    Keep::{For, With},
    Rule, Topic,
};

const SECURITY: &str = "recognise misuse of an account; after that the purpose is over";

pub(super) const RULES: &[Rule] = &[
    Rule {
        topic: Topic::Organizations,
        what: "organizations, workspaces and their keys",
        places: &["organizations", "organization_keys", "workspaces"],
        class: Secret,
        keep: With("the organization"),
        from: "-",
        action: Shred,
        why: "they are what the customer signed up for",
    },
    Rule {
        topic: Topic::Persons,
        what: "people, memberships, acknowledgements",
        places: &["persons", "person_keys", "memberships", "acknowledgements"],
        class: Personal,
        keep: With("the account"),
        from: "-",
        action: Shred,
        why: "needed to sign in, and to prove what was acknowledged",
    },
    Rule {
        topic: Topic::SessionOrigins,
        what: "client address and user agent of a session",
        places: &["sessions.address_sealed", "sessions.user_agent_sealed"],
        class: Personal,
        keep: For(Duration::from_hours(30 * 24)),
        from: "last use",
        action: Clear,
        why: SECURITY,
    },
    Rule {
        topic: Topic::Sessions,
        what: "sessions",
        places: &["sessions"],
        class: Personal,
        keep: For(Duration::from_hours(90 * 24)),
        from: "last use",
        action: Delete,
        why: SECURITY,
    },
    Rule {
        topic: Topic::RefreshTokens,
        what: "hashes of refresh tokens, used ones included",
        places: &["refresh_tokens"],
        class: Secret,
        keep: With("the session"),
        from: "-",
        action: Delete,
        why: "a used token that comes back ends the session",
    },
    Rule {
        topic: Topic::Throttles,
        what: "failed attempts, by keyed hash",
        places: &["throttles"],
        class: Internal,
        keep: For(Duration::from_hours(24)),
        from: "the time they stop counting",
        action: Delete,
        why: "brute force comes back within hours or not at all",
    },
    Rule {
        topic: Topic::ApiKeys,
        what: "revoked and expired API keys (hash, name, last use)",
        places: &["api_keys", "api_key_workspaces"],
        class: Secret,
        keep: For(Duration::from_hours(90 * 24)),
        from: "revocation or expiry",
        action: Delete,
        why: "to find out afterwards which key was used for what",
    },
    Rule {
        topic: Topic::IdempotentAnswers,
        what: "answers kept for repeated requests",
        places: &["idempotency_keys"],
        class: Content,
        keep: For(Duration::from_hours(24)),
        from: "the first request",
        action: Shred,
        why: "a client that repeats a request does so within a day",
    },
];

//! Who the caller is.

use poem_openapi::{Object, OpenApi};
use tenancy::{Accounts, Actor, Caller, Reach, account, id};

use super::Chapter;
use crate::{
    answer::Found,
    problem::Answer,
    request::{Access, permissions::Anyone},
    value::{Id, Instant, Mail, Personal, ScopeName},
};

/// The caller.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Me {
    /// What kind of caller: `member` or `api_key`.
    kind: String,
    /// The organization it works in.
    organization: Id<id::Organization>,
    /// What it may do.
    scopes: Vec<ScopeName>,
    /// The workspaces it reaches; absent when it reaches all of them.
    workspaces: Option<Vec<Id<id::Workspace>>>,
    /// The person, for a session.
    person: Option<Person>,
    /// The key, for an API key.
    api_key: Option<Id<id::ApiKey>>,
}

/// A person's own account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct Person {
    /// The person.
    id: Id<id::Person>,
    /// The mail address.
    mail: Mail,
    /// The name, if one was given.
    name: Option<Personal>,
    /// When the person registered.
    created_at: Instant,
    /// The organizations the person belongs to, the oldest membership first.
    memberships: Vec<Membership>,
}

/// A membership of a person.
#[derive(Object)]
struct Membership {
    /// The organization.
    organization: Id<id::Organization>,
    /// Its name.
    organization_name: String,
    /// What the person may do there: `owner` or `member`.
    role: String,
}

impl From<account::Profile> for Person {
    fn from(profile: account::Profile) -> Self {
        let membership = |one: account::Membership| Membership {
            organization: one.organization.into(),
            organization_name: one.organization_name,
            role: one.role.as_str().to_owned(),
        };
        Self {
            id: profile.person.into(),
            mail: profile.mail.into(),
            name: profile.name.map(Into::into),
            created_at: profile.created_at.into(),
            memberships: profile.memberships.into_iter().map(membership).collect(),
        }
    }
}

impl Me {
    fn of(caller: &Caller, person: Option<Person>) -> Self {
        let (kind, api_key) = match caller.actor {
            Actor::Member { .. } => ("member", None),
            Actor::ApiKey { key, .. } => ("api_key", Some(key.into())),
        };
        let workspaces = match &caller.reach {
            Reach::All => None,
            Reach::Only(workspaces) => Some(workspaces.iter().map(|id| (*id).into()).collect()),
        };
        let scopes = caller.scopes.iter().map(ScopeName).collect();
        Self {
            kind: kind.to_owned(),
            organization: caller.organization.into(),
            scopes,
            workspaces,
            person,
            api_key,
        }
    }
}

/// The caller's own view.
pub struct MeResource {
    /// The use cases.
    pub accounts: Accounts,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::Accounts")]
impl MeResource {
    /// Who you are and what you may do
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, caller: Access<Anyone>) -> Answer<Found<Me>> {
        let person = match caller.actor {
            Actor::Member { person, .. } => Some(self.accounts.profile(person).await?.into()),
            Actor::ApiKey { .. } => None,
        };
        Ok(Found::plain(Me::of(&caller, person)))
    }
}

//! The caller: whoever makes this request, already resolved to an organization, workspaces and scopes.

use std::collections::BTreeSet;

use crate::{ApiKeyId, OrganizationId, PersonId, Scope, Scopes, SessionId, WorkspaceId};

/// What a member may do in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but changing the organization and its API keys.
    Member,
}

impl Role {
    /// The wire form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }

    /// What a session of this role may do.
    pub fn scopes(self) -> Scopes {
        let withheld = [Scope::OrganizationWrite, Scope::KeysRead, Scope::KeysWrite];
        match self {
            Self::Owner => Scopes::all(),
            Self::Member => Scope::ALL.into_iter().filter(|s| !withheld.contains(s)).collect(),
        }
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person through a session.
    Member {
        /// The person.
        person: PersonId,
        /// The session the request came with.
        session: SessionId,
        /// The person's role in the organization.
        role: Role,
    },
    /// A program through an API key.
    ApiKey {
        /// The key.
        key: ApiKeyId,
        /// The member who granted the key its scopes.
        granted_by: PersonId,
    },
}

impl Actor {
    /// The person who answers for the act: the member, or whoever granted the key.
    pub const fn answerable(&self) -> PersonId {
        match self {
            Self::Member { person, .. } => *person,
            Self::ApiKey { granted_by, .. } => *granted_by,
        }
    }
}

/// Which workspaces a caller reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every workspace of the organization, future ones included.
    All,
    /// Only these.
    Only(BTreeSet<WorkspaceId>),
}

/// Whoever makes this request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant; everything the caller sees belongs to it.
    pub organization: OrganizationId,
    /// The workspaces within it.
    pub reach: Reach,
    /// What the caller may do there.
    pub scopes: Scopes,
    /// Who it is.
    pub actor: Actor,
}

/// The caller lacks a scope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("this needs the scope `{0}`")]
pub struct Denied(pub Scope);

impl Caller {
    /// Checks one scope.
    pub fn may(&self, scope: Scope) -> Result<(), Denied> {
        if self.scopes.has(scope) { Ok(()) } else { Err(Denied(scope)) }
    }

    /// Whether the caller reaches the workspace. A workspace outside its reach does not exist for it.
    pub fn reaches(&self, workspace: WorkspaceId) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Only(workspaces) => workspaces.contains(&workspace),
        }
    }
}

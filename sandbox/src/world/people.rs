//! Apps, people, and what people granted to apps.

use std::collections::BTreeMap;

use super::{Id, World};

/// A Meta app.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) secret: String,
    /// Redirect URIs that the dialog accepts; empty means any.
    pub(crate) redirect_uris: Vec<String>,
    /// Whether every call of this app's tokens needs `appsecret_proof` (the dashboard's "Require App Secret").
    pub(crate) require_proof: bool,
}

/// A Facebook user.
pub(crate) struct Person {
    pub(crate) name: String,
    /// Pages on which this person has a role.
    pub(crate) pages: Vec<Id>,
}

/// What one person granted one app.
#[derive(Default, Clone)]
pub(crate) struct Grant {
    /// Each permission that was ever asked for, and whether it was granted.
    pub(crate) permissions: BTreeMap<String, bool>,
    /// Counts up when everything is revoked; tokens of an earlier count are dead.
    pub(crate) generation: u64,
}

/// A code on its way from the dialog to the exchange.
pub(crate) struct Code {
    pub(crate) app: Id,
    pub(crate) person: Id,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    /// Pages the person chose; `None` means all, future ones included.
    pub(crate) pages: Option<Vec<Id>>,
    pub(crate) issued_ms: i64,
    pub(crate) used: bool,
}

impl World {
    /// How often this person has revoked everything from this app.
    pub(crate) fn generation(&self, app: Id, person: Id) -> u64 {
        self.grants.get(&(app, person)).map_or(0, |grant| grant.generation)
    }

    /// Whether the person has not taken this permission back since.
    pub(crate) fn still_granted(&self, app: Id, person: Id, permission: &str) -> bool {
        let grant = self.grants.get(&(app, person));
        grant.and_then(|grant| grant.permissions.get(permission)).copied().unwrap_or(true)
    }
}

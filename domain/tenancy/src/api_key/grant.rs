//! Granting a key: nobody grants more than they have.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{ApiKey, ApiKeyText, ApiKeys, NewApiKey, Origin};
use crate::{
    Caller, Reach, Refusal, Scope, Scopes, WorkspaceId,
    idempotency::Fence,
    random::new_id,
    refusal::{Violation, Violations},
    text,
};

/// The most origins of a key.
const MOST_ORIGINS: usize = 20;

/// The key that somebody wants.
#[derive(Debug, Clone)]
pub struct Grant {
    /// What it is for.
    pub name: String,
    /// What it may do; at least one scope, none that the caller lacks.
    pub scopes: Scopes,
    /// The workspaces it reaches; `None`: as many as the caller.
    pub workspaces: Option<BTreeSet<WorkspaceId>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// Web origins that may use it.
    pub origins: Vec<String>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A new key and, this once, its text.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The key.
    pub key: ApiKey,
    /// What the program sends as its bearer token.
    pub secret: SecretString,
}

impl ApiKeys {
    /// Grants a key.
    pub async fn grant(&self, caller: &Caller, grant: Grant) -> Result<Granted, Refusal> {
        caller.may(Scope::KeysWrite)?;
        let (now, fence) = (self.clock.now(), grant.fence);
        let key = self.compose(caller, grant, now)?;
        let text = ApiKeyText::new(key.id, self.random.as_ref());
        let new = NewApiKey { key, hash: text.hash(), fence };
        if !self.store.insert(&new).await? {
            return Err(unknown_workspace().into());
        }
        Ok(Granted { key: new.key, secret: text.into_secret() })
    }

    fn compose(&self, caller: &Caller, grant: Grant, now: DateTime<Utc>) -> Result<ApiKey, Refusal> {
        let mut violations = Violations::default();
        let name = violations.note(text::name("name", &grant.name));
        let scopes = violations.note(check_scopes(caller, grant.scopes));
        let reach = violations.note(narrow(&caller.reach, grant.workspaces));
        let origins = violations.note(check_origins(&grant.origins));
        let expires_at = violations.note(check_expiry(grant.expires_at, now));
        let (Some(name), Some(scopes), Some(reach), Some(origins), Some(expires_at)) =
            (name, scopes, reach, origins, expires_at)
        else {
            return Err(violations.into_refusal());
        };
        Ok(ApiKey {
            id: new_id(self.random.as_ref(), now),
            organization: caller.organization,
            granted_by: caller.actor.answerable(),
            name,
            scopes,
            reach,
            origins,
            expires_at,
            last_used_at: None,
            revoked_at: None,
            created_at: now,
        })
    }
}

fn check_scopes(caller: &Caller, scopes: Scopes) -> Result<Scopes, Violation> {
    if scopes.iter().next().is_none() {
        Err(Violation::new("scopes", "empty", "must name at least one scope"))
    } else if scopes.within(&caller.scopes) {
        Ok(scopes)
    } else {
        Err(Violation::new("scopes", "scopes_exceed_grantor", "must not name a scope that the caller lacks"))
    }
}

/// The part of the caller's reach that is wanted.
fn narrow(reach: &Reach, wanted: Option<BTreeSet<WorkspaceId>>) -> Result<Reach, Violation> {
    let Some(wanted) = wanted else { return Ok(reach.clone()) };
    if wanted.is_empty() {
        return Err(Violation::new(
            "workspaces",
            "empty",
            "must name at least one workspace, or be left out",
        ));
    }
    match reach {
        Reach::Only(own) if !wanted.is_subset(own) => Err(unknown_workspace()),
        _ => Ok(Reach::Only(wanted)),
    }
}

fn unknown_workspace() -> Violation {
    Violation::new("workspaces", "workspace_unknown", "names a workspace that does not exist")
}

fn check_origins(texts: &[String]) -> Result<Vec<Origin>, Violation> {
    if texts.len() > MOST_ORIGINS {
        return Err(Violation::new(
            "origins",
            "too_many",
            format!("must name at most {MOST_ORIGINS} origins"),
        ));
    }
    let origins: BTreeSet<Origin> = texts.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
    Ok(origins.into_iter().collect())
}

fn check_expiry(end: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Violation> {
    if end.is_some_and(|end| end <= now) {
        Err(Violation::new("expires_at", "not_in_future", "must be in the future"))
    } else {
        Ok(end)
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::Invalid(vec![violation])
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use futures::executor::block_on;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::testing::{World, grant};

    fn codes(result: Result<Granted, Refusal>) -> Vec<&'static str> {
        let Err(Refusal::Invalid(violations)) = result else { panic!("{result:?}") };
        violations.iter().map(|violation| violation.code).collect()
    }

    #[test]
    fn a_key_is_shown_once_and_only_its_hash_is_kept() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let granted = block_on(world.api_keys().grant(&caller, grant([Scope::PostsRead]))).unwrap();
        let secret = granted.secret.expose_secret();
        assert!(secret.starts_with(&granted.key.prefix()));
        assert!(!world.store.dump().contains(&secret[32..]));
        assert!(!format!("{granted:?}").contains(&secret[32..]));
    }

    #[test]
    fn nobody_grants_a_scope_or_a_workspace_they_do_not_have() {
        let world = World::with_account("ada@example.org");
        let mut caller = world.caller("ada@example.org");
        let own = world.first_workspace(&caller);
        caller.scopes = [Scope::KeysWrite, Scope::PostsRead].into_iter().collect();
        caller.reach = Reach::Only([own].into());
        let keys = world.api_keys();
        assert_eq!(
            codes(block_on(keys.grant(&caller, grant([Scope::PostsWrite])))),
            ["scopes_exceed_grantor"]
        );
        let mut wide = grant([Scope::PostsRead]);
        wide.workspaces = Some([own, WorkspaceId::new()].into());
        assert_eq!(codes(block_on(keys.grant(&caller, wide))), ["workspace_unknown"]);
        let inherited = block_on(keys.grant(&caller, grant([Scope::PostsRead]))).unwrap();
        assert_eq!(inherited.key.reach, Reach::Only([own].into()));
    }

    #[test]
    fn a_workspace_of_another_organization_does_not_exist() {
        let world = World::with_account("ada@example.org");
        world.register("eve@example.org");
        let (ada, eve) = (world.caller("ada@example.org"), world.caller("eve@example.org"));
        let mut foreign = grant([Scope::PostsRead]);
        foreign.workspaces = Some([world.first_workspace(&ada)].into());
        assert_eq!(codes(block_on(world.api_keys().grant(&eve, foreign))), ["workspace_unknown"]);
    }

    #[test]
    fn every_violation_is_named_at_once() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let wrong = Grant {
            name: String::new(),
            scopes: Scopes::default(),
            workspaces: Some(BTreeSet::new()),
            expires_at: Some(world.now()),
            origins: vec!["*".into()],
            fence: None,
        };
        let codes = codes(block_on(world.api_keys().grant(&caller, wrong)));
        assert_eq!(codes, ["empty", "empty", "empty", "not_an_origin", "not_in_future"]);
    }

    #[test]
    fn granting_needs_its_scope() {
        let world = World::with_account("ada@example.org");
        let mut caller = world.caller("ada@example.org");
        caller.scopes = [Scope::PostsRead].into_iter().collect();
        let refusal = block_on(world.api_keys().grant(&caller, grant([Scope::PostsRead]))).unwrap_err();
        assert_eq!(refusal, Refusal::Denied(Scope::KeysWrite));
    }

    #[test]
    fn an_expired_key_does_not_work() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let mut short = grant([Scope::PostsRead]);
        short.expires_at = Some(world.now() + TimeDelta::hours(1));
        let granted = block_on(world.api_keys().grant(&caller, short)).unwrap();
        let authenticate = || block_on(world.authenticator().authenticate(granted.secret.expose_secret()));
        assert!(authenticate().is_ok());
        world.advance(TimeDelta::hours(1));
        assert_eq!(authenticate().unwrap_err(), Refusal::Unauthenticated);
    }
}

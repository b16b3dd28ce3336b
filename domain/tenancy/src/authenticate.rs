//! From a bearer token to a caller.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    Actor, Caller, Clock, Reach, Refusal,
    api_key::{ApiKeyStore, ApiKeyText, FoundApiKey, Origin, PREFIX},
    session::{SessionStore, TokenSigner},
};

/// The last use of a key is written at most this often.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A caller, and from which web pages it may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who calls.
    pub caller: Caller,
    /// The origins of the API key; `None` for a session, which the deployment's own origins may use.
    pub origins: Option<Vec<Origin>>,
}

impl Authenticated {
    /// Whether the key, if it is one, lists this origin.
    pub fn admits_origin(&self, origin: &str) -> bool {
        self.origins.as_ref().is_some_and(|origins| origins.iter().any(|own| own.as_str() == origin))
    }
}

/// Tells who calls.
#[derive(Clone)]
pub struct Authenticator {
    /// Where sessions are kept.
    pub sessions: Arc<dyn SessionStore>,
    /// Where API keys are kept.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// Checks access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// Tells who calls, by an access token or an API key. Whatever is wrong with it, the answer is
    /// [`Refusal::Unauthenticated`]; only a store that does not answer is told apart.
    pub async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refusal> {
        if bearer.starts_with(PREFIX) { self.by_key(bearer).await } else { self.by_session(bearer).await }
    }

    async fn by_session(&self, token: &str) -> Result<Authenticated, Refusal> {
        let now = self.clock.now();
        let claims = self.signer.verify(token, now).map_err(|_| Refusal::Unauthenticated)?;
        let live = self.sessions.live(claims.session, now).await?.ok_or(Refusal::Unauthenticated)?;
        let caller = Caller {
            organization: live.organization,
            reach: Reach::All,
            scopes: live.role.scopes(),
            actor: Actor::Member { person: live.person, session: live.session, role: live.role },
        };
        Ok(Authenticated { caller, origins: None })
    }

    async fn by_key(&self, text: &str) -> Result<Authenticated, Refusal> {
        let now = self.clock.now();
        let text = ApiKeyText::parse(text).ok_or(Refusal::Unauthenticated)?;
        let found = self.api_keys.find(text.id(), text.hash()).await?.ok_or(Refusal::Unauthenticated)?;
        if !found.key.is_live(now) {
            return Err(Refusal::Unauthenticated);
        }
        if found.key.last_used_at.is_none_or(|last| now - last >= TOUCH_EVERY) {
            self.api_keys.touch(found.key.id, now).await?;
        }
        Ok(found.into())
    }
}

impl From<FoundApiKey> for Authenticated {
    fn from(FoundApiKey { key, grantor }: FoundApiKey) -> Self {
        // A grantor who may less today than when granting takes it from the key too.
        let grantor = grantor.scopes();
        let caller = Caller {
            organization: key.organization,
            reach: key.reach,
            scopes: key.scopes.iter().filter(|scope| grantor.has(*scope)).collect(),
            actor: Actor::ApiKey { key: key.id, granted_by: key.granted_by },
        };
        Self { caller, origins: Some(key.origins) }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::{
        Role, Scope,
        testing::{World, grant},
    };

    #[test]
    fn an_access_token_makes_its_member_the_caller() {
        let world = World::with_account("ada@example.org");
        let tokens = world.signed_in("ada@example.org");
        let authenticated =
            block_on(world.authenticator().authenticate(tokens.access.expose_secret())).unwrap();
        let caller = authenticated.caller.clone();
        assert_eq!((caller.organization, caller.reach), (tokens.organization, Reach::All));
        let member = Actor::Member { person: tokens.person, session: tokens.session, role: Role::Owner };
        assert_eq!(caller.actor, member);
        assert!(!authenticated.admits_origin("https://app.example.org"));
    }

    #[test]
    fn an_access_token_ends_after_ten_minutes() {
        let world = World::with_account("ada@example.org");
        let tokens = world.signed_in("ada@example.org");
        let authenticate = || block_on(world.authenticator().authenticate(tokens.access.expose_secret()));
        world.advance(TimeDelta::minutes(10) - TimeDelta::seconds(1));
        assert!(authenticate().is_ok());
        world.advance(TimeDelta::seconds(1));
        assert_eq!(authenticate().unwrap_err(), Refusal::Unauthenticated);
    }

    #[test]
    fn a_key_may_what_it_was_granted_and_its_grantor_still_may() {
        let world = World::with_account("ada@example.org");
        let owner = world.caller("ada@example.org");
        let wanted = grant([Scope::PostsRead, Scope::KeysRead]);
        let granted = block_on(world.api_keys().grant(&owner, wanted)).unwrap();
        let scopes = || {
            let authenticated =
                block_on(world.authenticator().authenticate(granted.secret.expose_secret())).unwrap();
            authenticated.caller.scopes.iter().collect::<Vec<_>>()
        };
        assert_eq!(scopes(), [Scope::KeysRead, Scope::PostsRead]);
        world.store.set_role(owner.actor.answerable(), Role::Member);
        assert_eq!(scopes(), [Scope::PostsRead]);
    }

    #[test]
    fn the_last_use_of_a_key_is_written_once_a_minute() {
        let world = World::with_account("ada@example.org");
        let owner = world.caller("ada@example.org");
        let granted = block_on(world.api_keys().grant(&owner, grant([Scope::PostsRead]))).unwrap();
        for _ in 0..4 {
            block_on(world.authenticator().authenticate(granted.secret.expose_secret())).unwrap();
            world.advance(TimeDelta::seconds(30));
        }
        assert_eq!(world.store.touches(), 2);
    }

    #[test]
    fn what_is_neither_token_nor_key_is_refused() {
        let world = World::with_account("ada@example.org");
        for bearer in ["", "pstn_", "pstr_x", "a.b.c", "\u{fffd}", "pstn_01h455vb4pex5vsknk084sn02q_x_0"] {
            let refused = block_on(world.authenticator().authenticate(bearer));
            assert_eq!(refused.unwrap_err(), Refusal::Unauthenticated, "{bearer:?}");
        }
    }
}

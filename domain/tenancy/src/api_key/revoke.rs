//! Seeing and revoking keys.

use super::{ApiKey, ApiKeys, Origin};
use crate::{ApiKeyId, Caller, Refusal, Scope, id, page::Page};

impl ApiKeys {
    /// The keys of the caller's organization, in order of creation.
    pub async fn list(&self, caller: &Caller, page: Page<id::ApiKey>) -> Result<Vec<ApiKey>, Refusal> {
        caller.may(Scope::KeysRead)?;
        Ok(self.store.list(caller.organization, page).await?)
    }

    /// Revokes a key: its next request is refused, on every node.
    pub async fn revoke(&self, caller: &Caller, key: ApiKeyId) -> Result<(), Refusal> {
        caller.may(Scope::KeysWrite)?;
        let revoked = self.store.revoke(caller.organization, key, self.clock.now()).await?;
        if revoked { Ok(()) } else { Err(Refusal::NotFound) }
    }

    /// Whether a browser at this origin may ask at all: what a preflight can be told. The request that follows is checked
    /// against the origins of its own key, see [`crate::Authenticated::admits_origin`].
    pub async fn knows_origin(&self, origin: &Origin) -> Result<bool, Refusal> {
        Ok(self.store.knows_origin(origin, self.clock.now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::testing::{World, grant};

    #[test]
    fn a_revoked_key_is_refused_at_its_next_request_and_stays_listed() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let keys = world.api_keys();
        let granted = block_on(keys.grant(&caller, grant([Scope::PostsRead]))).unwrap();
        block_on(keys.revoke(&caller, granted.key.id)).unwrap();
        let refused = block_on(world.authenticator().authenticate(granted.secret.expose_secret()));
        assert_eq!(refused.unwrap_err(), Refusal::Unauthenticated);
        let listed = block_on(keys.list(&caller, Page::first(10))).unwrap();
        assert_eq!(listed[0].revoked_at, Some(world.now()));
    }

    #[test]
    fn the_key_of_another_organization_does_not_exist() {
        let world = World::with_account("ada@example.org");
        world.register("eve@example.org");
        let (ada, eve) = (world.caller("ada@example.org"), world.caller("eve@example.org"));
        let keys = world.api_keys();
        let granted = block_on(keys.grant(&ada, grant([Scope::PostsRead]))).unwrap();
        assert_eq!(block_on(keys.revoke(&eve, granted.key.id)).unwrap_err(), Refusal::NotFound);
        assert!(block_on(keys.list(&eve, Page::first(10))).unwrap().is_empty());
        assert!(block_on(world.authenticator().authenticate(granted.secret.expose_secret())).is_ok());
    }

    #[test]
    fn an_origin_is_known_while_a_live_key_lists_it() {
        let world = World::with_account("ada@example.org");
        let caller = world.caller("ada@example.org");
        let keys = world.api_keys();
        let origin = Origin::parse("https://app.example.org").unwrap();
        let mut with_origin = grant([Scope::PostsRead]);
        with_origin.origins = vec![origin.to_string()];
        let granted = block_on(keys.grant(&caller, with_origin)).unwrap();
        assert!(block_on(keys.knows_origin(&origin)).unwrap());
        assert!(!block_on(keys.knows_origin(&Origin::parse("https://evil.example").unwrap())).unwrap());
        block_on(keys.revoke(&caller, granted.key.id)).unwrap();
        assert!(!block_on(keys.knows_origin(&origin)).unwrap());
    }
}

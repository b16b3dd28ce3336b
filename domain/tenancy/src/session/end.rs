//! Ending sessions: one's own by signing out, another of one's own by revoking it.

use super::{EndReason, Sessions};
use crate::{PersonId, Refusal, SessionId};

impl Sessions {
    /// Ends the session the request came with. Its tokens are worthless from now on, on every node.
    pub async fn sign_out(&self, person: PersonId, session: SessionId) -> Result<(), Refusal> {
        self.end(person, session, EndReason::SignedOut).await
    }

    /// Ends another session of the same person.
    pub async fn revoke(&self, person: PersonId, session: SessionId) -> Result<(), Refusal> {
        self.end(person, session, EndReason::Revoked).await
    }

    async fn end(&self, person: PersonId, session: SessionId, reason: EndReason) -> Result<(), Refusal> {
        let ended = self.store.end(person, session, reason, self.clock.now()).await?;
        if ended { Ok(()) } else { Err(Refusal::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::testing::World;

    #[test]
    fn after_signing_out_neither_token_works() {
        let world = World::with_account("ada@example.org");
        let tokens = world.signed_in("ada@example.org");
        block_on(world.sessions().sign_out(tokens.person, tokens.session)).unwrap();
        assert!(block_on(world.authenticator().authenticate(tokens.access.expose_secret())).is_err());
        assert!(block_on(world.sessions().refresh(tokens.refresh.expose_secret())).is_err());
    }

    #[test]
    fn somebody_elses_session_does_not_exist() {
        let world = World::with_account("ada@example.org");
        world.register("eve@example.org");
        let ada = world.signed_in("ada@example.org");
        let eve = world.signed_in("eve@example.org");
        let refusal = block_on(world.sessions().revoke(eve.person, ada.session)).unwrap_err();
        assert_eq!(refusal, Refusal::NotFound);
        assert!(block_on(world.authenticator().authenticate(ada.access.expose_secret())).is_ok());
    }
}

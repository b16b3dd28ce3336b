//! What the tests of this crate do over and over.

use futures::executor::block_on;
use secrecy::ExposeSecret;

use super::{World, registration, sign_in};
use crate::{Caller, Client, Page, WorkspaceId, session::Tokens};

impl World {
    pub(crate) fn with_account(mail: &str) -> Self {
        let world = Self::new();
        world.register(mail);
        world
    }

    pub(crate) fn register(&self, mail: &str) {
        block_on(self.accounts().register(registration(mail), &Client::default())).unwrap();
    }

    pub(crate) fn signed_in(&self, mail: &str) -> Tokens {
        block_on(self.sessions().sign_in(sign_in(mail), &Client::default())).unwrap()
    }

    pub(crate) fn caller(&self, mail: &str) -> Caller {
        let tokens = self.signed_in(mail);
        let bearer = tokens.access.expose_secret();
        block_on(self.authenticator().authenticate(bearer)).unwrap().caller
    }

    pub(crate) fn first_workspace(&self, caller: &Caller) -> WorkspaceId {
        block_on(self.organizations().workspaces(caller, Page::first(1))).unwrap()[0].id
    }
}

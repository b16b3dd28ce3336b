//! Disconnecting: tokens die first, then the platform is told, once, from memory.

use secrecy::SecretString;
use tenancy::{Caller, Scope};

use super::{
    Connections, admit,
    error::ConnectionError,
    pending::{open_grant, open_pending},
    provider::Provider,
    standing::RemoteRevoke,
    stored::Severed,
};
use crate::{
    id::{ChannelId, ConnectionId},
    refusal::{Refusal, Remedy},
};

/// A token whose rows are gone already, for the courtesy of telling the platform. It lives in memory only: a crash loses
/// the courtesy and nothing else.
#[derive(Clone)]
pub struct CourtesyRevoke {
    /// The connection it belonged to.
    pub connection: ConnectionId,
    provider: Provider,
    remote_person: String,
    token: SecretString,
}

impl std::fmt::Debug for CourtesyRevoke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CourtesyRevoke").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl Connections {
    /// Disconnects in every state, also when the platform is down and when the key ring cannot open the token. When this
    /// returns, tokens and keys are gone, future publications are cancelled, and those in flight wait for a person.
    /// Disconnecting again changes nothing.
    pub async fn disconnect(
        &self,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Option<CourtesyRevoke>, ConnectionError> {
        self.find(caller, Scope::ChannelsWrite, id).await?;
        let severed =
            self.store.disconnect(caller.organization, id).await?.ok_or(ConnectionError::NotFound)?;
        Ok(self.after(severed).await)
    }

    /// Disconnects one channel, and its connection with the last one.
    pub async fn disconnect_channel(
        &self,
        caller: &Caller,
        id: ChannelId,
    ) -> Result<Option<CourtesyRevoke>, ConnectionError> {
        let channel =
            self.channels.channel(caller.organization, id).await?.ok_or(ConnectionError::NotFound)?;
        admit(caller, Scope::ChannelsWrite, channel.workspace)?;
        let severed =
            self.store.disconnect_channel(caller.organization, id).await?.ok_or(ConnectionError::NotFound)?;
        match severed {
            Some(severed) => Ok(self.after(severed).await),
            None => Ok(None),
        }
    }

    /// Opens what was removed. The promise is kept already, so nothing here is an error: a token that does not open, or a
    /// store that does not answer, costs the courtesy only.
    pub(super) async fn after(&self, severed: Severed) -> Option<CourtesyRevoke> {
        let opened = self.open(&severed);
        let nothing_there = severed.grant.is_none() && severed.pending.is_none();
        let (person, token) = match opened {
            Some(opened) => opened,
            None if nothing_there => return None,
            None => {
                self.store.record_revoke(severed.connection, RemoteRevoke::Unknown).await.ok();
                return None;
            }
        };
        let courtesy = self.courtesy(severed.connection, severed.provider, &person, &token).await;
        courtesy.ok().flatten()
    }

    fn open(&self, severed: &Severed) -> Option<(String, SecretString)> {
        let vault = self.vault.as_ref();
        let grant = severed.grant.as_ref();
        let grant = grant.and_then(|g| open_grant(vault, severed.organization, severed.connection, g).ok());
        let pending = || {
            let pending = open_pending(vault, severed.organization, severed.pending.as_ref()?).ok()?;
            Some((pending.grant.remote_person, pending.grant.token))
        };
        grant.or_else(pending)
    }

    /// A courtesy call, unless the same person's grant serves another connection: a platform takes back everything that
    /// person granted to the app, and with it the other's tokens.
    pub(super) async fn courtesy(
        &self,
        connection: ConnectionId,
        provider: Provider,
        remote_person: &str,
        token: &SecretString,
    ) -> Result<Option<CourtesyRevoke>, ConnectionError> {
        if self.store.person_in_use(provider, self.person(provider, remote_person)).await? {
            self.store.record_revoke(connection, RemoteRevoke::Shared).await?;
            return Ok(None);
        }
        self.store.record_revoke(connection, RemoteRevoke::Unknown).await?;
        let (remote_person, token) = (remote_person.to_owned(), token.clone());
        Ok(Some(CourtesyRevoke { connection, provider, remote_person, token }))
    }

    /// Tells the platform, once. The caller tries again while the answer is [`RemoteRevoke::Unknown`], at most three times
    /// within thirty seconds, and then calls [`Connections::record_revoke`].
    pub async fn revoke(&self, courtesy: &CourtesyRevoke) -> RemoteRevoke {
        let Ok(authorizer) = self.authorizer(courtesy.provider) else { return RemoteRevoke::Failed };
        match authorizer.revoke(&courtesy.remote_person, &courtesy.token).await {
            Ok(()) => RemoteRevoke::Ok,
            Err(Refusal { remedy: Remedy::Retry | Remedy::Wait(_), .. }) => RemoteRevoke::Unknown,
            Err(_) => RemoteRevoke::Failed,
        }
    }

    /// Keeps what came of it.
    pub async fn record_revoke(
        &self,
        courtesy: &CourtesyRevoke,
        outcome: RemoteRevoke,
    ) -> Result<(), ConnectionError> {
        Ok(self.store.record_revoke(courtesy.connection, outcome).await?)
    }
}

//! Reading connections and channels.

use tenancy::{Caller, Scope, WorkspaceId};

use super::{
    Connections, admit,
    attempt::{Attempt, Beginner, Stage},
    channel::{Channel, ChannelState},
    error::ConnectionError,
    pending::Offer,
    standing::Connection,
};
use crate::{
    id::{ChannelId, ConnectionId},
    platform::Platform,
};

/// Which connections to list.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// After this one, newest first.
    pub after: Option<ConnectionId>,
    /// At most so many.
    pub limit: usize,
}

/// Which channels to list.
#[derive(Debug, Clone, Default)]
pub struct ChannelFilter {
    /// Only of this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only of this platform.
    pub platform: Option<Platform>,
    /// Only in this state.
    pub state: Option<ChannelState>,
    /// Only those that publish through this connection.
    pub connection: Option<ConnectionId>,
    /// After this one, newest first.
    pub after: Option<ChannelId>,
    /// At most so many.
    pub limit: usize,
}

/// A connection with what can be chosen now.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// The connection.
    pub connection: Connection,
    /// The candidates, while the choice is open and only for whoever began the login.
    pub candidates: Option<Vec<Offer>>,
}

impl Connections {
    /// One connection.
    pub async fn get(&self, caller: &Caller, id: ConnectionId) -> Result<ConnectionView, ConnectionError> {
        let connection = self.find(caller, Scope::ChannelsRead, id).await?;
        let own =
            |a: &&Attempt| a.stage == Stage::AwaitingSelection && a.begun_by == Beginner::from(&caller.actor);
        let candidates = match connection.open_attempt(self.clock.now()).filter(own) {
            Some(attempt) => Some(self.offers(&connection, attempt.id).await?),
            None => None,
        };
        Ok(ConnectionView { connection, candidates })
    }

    /// Connections within the caller's reach, newest first.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &ConnectionFilter,
    ) -> Result<Vec<Connection>, ConnectionError> {
        caller.may(Scope::ChannelsRead)?;
        Ok(self.store.connections(caller, filter).await?)
    }

    /// One channel.
    pub async fn channel(&self, caller: &Caller, id: ChannelId) -> Result<Channel, ConnectionError> {
        caller.may(Scope::ChannelsRead)?;
        let channel =
            self.channels.channel(caller.organization, id).await?.ok_or(ConnectionError::NotFound)?;
        admit(caller, Scope::ChannelsRead, channel.workspace)?;
        Ok(channel)
    }

    /// Channels within the caller's reach, newest first.
    pub async fn list_channels(
        &self,
        caller: &Caller,
        filter: &ChannelFilter,
    ) -> Result<Vec<Channel>, ConnectionError> {
        caller.may(Scope::ChannelsRead)?;
        Ok(self.channels.channels(caller, filter).await?)
    }

    /// A connection within reach, for whoever has the scope.
    pub(super) async fn find(
        &self,
        caller: &Caller,
        scope: Scope,
        id: ConnectionId,
    ) -> Result<Connection, ConnectionError> {
        caller.may(scope)?;
        let connection =
            self.store.connection(caller.organization, id).await?.ok_or(ConnectionError::NotFound)?;
        admit(caller, scope, connection.workspace)?;
        Ok(connection)
    }
}

//! Beginning a login, and its completion by whoever began.

use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{Caller, OrganizationId, Scope, WorkspaceId, idempotency::Fence};
use url::Url;
use uuid::Uuid;

use super::{
    Connections, admit,
    attempt::{Beginner, Stage},
    code::{self, OneTimeCode},
    error::{ConnectionError, Violation},
    pending::{Offer, Pending, Sealer},
    provider::Provider,
    return_url,
    standing::Connection,
    stored::{NewAttempt, NewConnection},
};
use crate::id::{self, ConnectionId};

/// How long a person may take in the platform's dialog.
const LOGIN_LASTS: TimeDelta = TimeDelta::minutes(10);

/// What a login is begun for.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Where the channels will belong.
    pub workspace: WorkspaceId,
    /// Whose login.
    pub provider: Provider,
    /// Where the browser goes afterwards; without it a page shows the completion code.
    pub return_url: Option<Url>,
    /// Origins this caller may be sent back to, besides the deployment's.
    pub caller_origins: Vec<String>,
    /// The idempotency key that the request holds, if it has one.
    pub fence: Option<Fence>,
}

/// A login that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its connection.
    pub connection: ConnectionId,
    /// Where the person's browser goes. Holds the one-time `state`: not for logs.
    pub authorize_url: Url,
    /// Until when the person must be back.
    pub expires_at: DateTime<Utc>,
}

impl Connections {
    /// Begins the login of a new connection.
    pub async fn begin(&self, caller: &Caller, wanted: Begin) -> Result<Begun, ConnectionError> {
        admit(caller, Scope::ChannelsWrite, wanted.workspace)?;
        self.authorizer(wanted.provider)?;
        let connection = NewConnection {
            id: self.new_id(),
            organization: caller.organization,
            workspace: wanted.workspace,
            provider: wanted.provider,
            fence: wanted.fence,
        };
        let (attempt, state) = self.new_attempt(caller, wanted.return_url, &wanted.caller_origins)?;
        if !self.store.begin(&connection, &attempt).await? {
            return Err(ConnectionError::NotFound);
        }
        self.begun(connection.id, wanted.provider, &attempt, &state)
    }

    /// Begins another login of a connection, in any state. What works goes on working until the new grant replaces it.
    pub async fn reconnect(
        &self,
        caller: &Caller,
        id: ConnectionId,
        return_url: Option<Url>,
        caller_origins: &[String],
    ) -> Result<Begun, ConnectionError> {
        let connection = self.find(caller, Scope::ChannelsWrite, id).await?;
        self.authorizer(connection.provider)?;
        let (attempt, state) = self.new_attempt(caller, return_url, caller_origins)?;
        if !self.store.begin_again(caller.organization, id, &attempt).await? {
            return Err(ConnectionError::NotFound);
        }
        self.begun(id, connection.provider, &attempt, &state)
    }

    fn new_attempt(
        &self,
        caller: &Caller,
        return_url: Option<Url>,
        caller_origins: &[String],
    ) -> Result<(NewAttempt, OneTimeCode), ConnectionError> {
        if let Some(url) = &return_url {
            return_url::accept(url, &[&self.settings.return_origins, caller_origins])?;
        }
        let state = OneTimeCode::draw(self.random.as_ref());
        let attempt = NewAttempt {
            id: self.new_id::<id::Connection>().uuid(),
            begun_by: Beginner::from(&caller.actor),
            state: state.hash(),
            return_url,
            expires_at: self.clock.now() + LOGIN_LASTS,
        };
        Ok((attempt, state))
    }

    fn begun(
        &self,
        connection: ConnectionId,
        provider: Provider,
        attempt: &NewAttempt,
        state: &OneTimeCode,
    ) -> Result<Begun, ConnectionError> {
        let authorize_url = self.authorizer(provider)?.authorize_url(state.expose(), &self.settings.callback);
        Ok(Begun { connection, authorize_url, expires_at: attempt.expires_at })
    }

    /// Shows that the browser that came back belongs to whoever began, and opens the list of candidates. For anybody else
    /// the connection does not exist.
    pub async fn complete(
        &self,
        caller: &Caller,
        id: ConnectionId,
        presented: &str,
    ) -> Result<Vec<Offer>, ConnectionError> {
        let connection = self.find(caller, Scope::ChannelsWrite, id).await?;
        let now = self.clock.now();
        let by = Beginner::from(&caller.actor);
        let attempt = connection.open_attempt(now).ok_or(ConnectionError::WrongState)?;
        if attempt.begun_by != by {
            return Err(ConnectionError::NotFound);
        }
        if attempt.stage != Stage::AwaitingCompletion {
            return Err(ConnectionError::WrongState);
        }
        if !self.store.complete(attempt.id, by, code::hash(presented), now).await? {
            let detail = "This is not the code that the browser was sent back with.";
            return Err(Violation::new("/completion_code", "completion_code_wrong", detail).into());
        }
        self.offers(&connection, attempt.id).await
    }

    /// The candidates of a login that waits for the choice.
    pub(super) async fn offers(
        &self,
        connection: &Connection,
        attempt: Uuid,
    ) -> Result<Vec<Offer>, ConnectionError> {
        let pending = self.open_pending(connection.organization, attempt).await?;
        let known = self.store.known_channels(connection.organization, connection.workspace).await?;
        let offer = |c: crate::authorizer::Candidate| Offer {
            already_connected: known
                .iter()
                .any(|k| k.platform == c.platform && k.remote_id == c.remote_id && k.connection.is_some()),
            platform: c.platform,
            remote_id: c.remote_id,
            name: c.name,
            username: c.username,
            picture_url: c.picture_url,
            can_publish: c.can_publish,
        };
        Ok(pending.candidates.into_iter().map(offer).collect())
    }

    pub(super) async fn open_pending(
        &self,
        owner: OrganizationId,
        attempt: Uuid,
    ) -> Result<Pending, ConnectionError> {
        let stored =
            self.store.pending(attempt, self.clock.now()).await?.ok_or(ConnectionError::WrongState)?;
        Ok(super::pending::open_pending(self.vault.as_ref(), owner, &stored)?)
    }

    pub(super) async fn sealer(&self, organization: OrganizationId) -> Result<Sealer<'_>, ConnectionError> {
        let key = self.store.organization_key(organization).await?;
        Ok(Sealer { vault: self.vault.as_ref(), organization, key })
    }

    /// The blind index of a person on a platform.
    pub(super) fn person(&self, provider: Provider, remote_person: &str) -> [u8; 32] {
        self.vault.lookup("remote_person", format!("{provider}:{remote_person}").as_bytes())
    }
}

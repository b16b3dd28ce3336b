//! Connections, as they are shown.

use crate::value::{ConnectionStateName, Id, Instant, PlatformName, ProviderName, RemoteRevokeName, Secret};
use chrono::{DateTime, Utc};
use poem_openapi::Object;
use publishing::{
    connection::{self, ConnectionState, ConnectionView, Failure, Offer, Pick},
    id,
};
use tenancy::id::Workspace;

/// Why a login failed.
#[derive(Object)]
struct LoginFailure {
    /// The stable code: `access_denied`, `declined`, `nothing_to_connect`, `replaced`, or a reason for which platforms refuse.
    code: String,
    /// What happened.
    detail: String,
    /// Who can put it right: `caller`, `member`, `operator` or `platform`.
    actor: String,
    /// What that person can do.
    fix: String,
}

impl From<Failure> for LoginFailure {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.as_str().to_owned(),
            detail: failure.detail().to_owned(),
            actor: failure.fixer().as_str().to_owned(),
            fix: failure.fix().to_owned(),
        }
    }
}

/// A page or account that the grant reaches.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Candidate {
    /// Which kind of channel it would be.
    platform: PlatformName,
    /// Its id on the platform.
    remote_id: String,
    /// Its name there.
    name: String,
    /// Its handle there, where it has one.
    username: Option<String>,
    /// Its picture there.
    picture_url: Option<String>,
    /// Whether the person may publish there; if not, it cannot be chosen.
    can_publish: bool,
    /// Whether it is a channel of this workspace already.
    already_connected: bool,
}

impl From<Offer> for Candidate {
    fn from(offer: Offer) -> Self {
        Self {
            platform: PlatformName(offer.platform),
            remote_id: offer.remote_id,
            name: offer.name,
            username: offer.username,
            picture_url: offer.picture_url.map(Into::into),
            can_publish: offer.can_publish,
            already_connected: offer.already_connected,
        }
    }
}

/// A candidate to be connected.
#[derive(Object)]
pub(super) struct Choice {
    /// The platform, as offered.
    platform: PlatformName,
    /// The id there, as offered.
    #[oai(validator(min_length = 1, max_length = 100))]
    remote_id: String,
}

impl From<Choice> for Pick {
    fn from(choice: Choice) -> Self {
        Self { platform: choice.platform.0, remote_id: choice.remote_id }
    }
}

/// A login that has begun.
#[derive(Object)]
pub(super) struct Begun {
    /// The connection.
    id: Id<id::Connection>,
    /// Where it stands: `awaiting_person`.
    state: ConnectionStateName,
    /// Where the person's browser goes. Good for one login of one person: keep it to yourself and them.
    authorize_url: Secret,
    /// Until when the person must be back.
    expires_at: Instant,
}

impl From<connection::Begun> for Begun {
    fn from(begun: connection::Begun) -> Self {
        Self {
            id: begun.connection.into(),
            state: ConnectionStateName(ConnectionState::AwaitingPerson),
            authorize_url: Secret(String::from(begun.authorize_url).into()),
            expires_at: begun.expires_at.into(),
        }
    }
}

/// One person's grant on a platform.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(super) struct Connection {
    /// The identifier.
    id: Id<id::Connection>,
    /// The workspace its channels belong to.
    workspace_id: Id<Workspace>,
    /// Whose login.
    provider: ProviderName,
    /// Where it stands.
    state: ConnectionStateName,
    /// Why its last login failed, if it did.
    failure: Option<LoginFailure>,
    /// When the login that is open now ends by itself.
    login_expires_at: Option<Instant>,
    /// What can be chosen, while the choice is open and for whoever began.
    candidates: Option<Vec<Candidate>>,
    /// The platform's scopes that were granted.
    granted_scopes: Vec<String>,
    /// The platform's scopes that were declined.
    declined_scopes: Vec<String>,
    /// When the person's token ends; absent where it does not or nobody knows. It is extended before.
    expires_at: Option<Instant>,
    /// When the platform stops serving data unless the person signs in again.
    data_access_expires_at: Option<Instant>,
    /// What came of taking the grant back on the platform, after a disconnect.
    remote_revoke: Option<RemoteRevokeName>,
    /// When it was begun.
    created_at: Instant,
}

/// A connection as of an instant.
impl From<(ConnectionView, DateTime<Utc>)> for Connection {
    fn from((view, now): (ConnectionView, DateTime<Utc>)) -> Self {
        let (one, offers) = (view.connection, view.candidates);
        Self {
            id: one.id.into(),
            workspace_id: one.workspace.into(),
            provider: ProviderName(one.provider),
            state: ConnectionStateName(one.state(now)),
            failure: one.failure().map(Into::into),
            login_expires_at: one.open_attempt(now).map(|attempt| attempt.expires_at.into()),
            candidates: offers.map(|offers| offers.into_iter().map(Into::into).collect()),
            granted_scopes: one.granted,
            declined_scopes: one.declined,
            expires_at: one.expires_at.map(Into::into),
            data_access_expires_at: one.data_access_expires_at.map(Into::into),
            remote_revoke: one.remote_revoke.map(RemoteRevokeName),
            created_at: one.created_at.into(),
        }
    }
}

//! The person's return from the platform, and what the browser gets then.

use chrono::TimeDelta;
use secrecy::SecretString;
use url::Url;

use super::{
    Connections,
    attempt::Beginner,
    code::{self, OneTimeCode},
    disconnect::CourtesyRevoke,
    error::ConnectionError,
    failure::Failure,
    pending::Pending,
    provider::Provider,
    return_url,
    stored::{Gate, PendingSelection, Returned},
};
use crate::{
    authorizer::{Candidate, Grant},
    id::ConnectionId,
    platform::Platform,
};

/// How long what a grant reaches is kept for the person's word, the completion and the choice. The privacy rules promise
/// that it is destroyed within fifteen minutes; the sweep that destroys it runs every minute and may itself be late.
pub const SELECTION_LASTS: TimeDelta = TimeDelta::minutes(13);

/// What the platform sends the browser back with.
#[derive(Debug, Clone)]
pub enum Back {
    /// The person agreed.
    Code(SecretString),
    /// The person did not.
    Denied,
}

/// What follows for the browser and for the grant.
#[derive(Debug)]
pub struct CameBack {
    /// Which connection.
    pub connection: ConnectionId,
    /// What the browser gets.
    pub onward: Onward,
    /// A grant that nobody will use, to be taken back on the platform.
    pub revoke: Option<CourtesyRevoke>,
}

/// What the browser gets.
#[derive(Debug)]
pub enum Onward {
    /// A page that asks for the person's word.
    Ask(Box<Question>),
    /// The client's address with the outcome in its query.
    Go(Url),
    /// A page that shows the completion code.
    Show(OneTimeCode),
    /// A page that says why nothing was connected. The client's address is offered there; nobody is sent.
    Ended {
        /// Why.
        failure: Failure,
        /// The client's address with the outcome in its query, where the client has one.
        client: Option<Url>,
    },
}

/// What a person is asked before anybody gets the completion code: who will be able to publish, and where.
#[derive(Debug)]
pub struct Question {
    /// Proves that the answer comes from the page that asked; good for one answer.
    pub nonce: OneTimeCode,
    /// The name of the organization. Chosen by itself.
    pub organization: String,
    /// The name of the workspace that gets the channels. Chosen by the organization.
    pub workspace: String,
    /// The pages and accounts that could be published to. The names are the platform's.
    pub places: Vec<Place>,
    /// Where the browser goes with the code; without it a page shows the code.
    pub return_url: Option<Url>,
}

/// A page or account, as the person knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub platform: Platform,
    /// Its name.
    pub name: String,
    /// Its handle.
    pub username: Option<String>,
}

impl From<&Candidate> for Place {
    fn from(candidate: &Candidate) -> Self {
        let Candidate { platform, name, username, .. } = candidate;
        Self { platform: *platform, name: name.clone(), username: username.clone() }
    }
}

impl Connections {
    /// Takes the browser back from the platform. Uses up `state`, whatever comes of it; where it opens no login this is
    /// [`ConnectionError::Stale`], and the browser is sent nowhere.
    pub async fn came_back(&self, state: &str, back: Back) -> Result<CameBack, ConnectionError> {
        let returned = self.store.consume_state(code::hash(state), self.clock.now()).await??;
        let reached = match back {
            Back::Denied => Err(Failure::AccessDenied),
            Back::Code(code) => self.reach(returned.provider, &code).await?,
        };
        let connection = returned.connection;
        let (failure, revoke) = match reached {
            Err(failure) => (failure, None),
            Ok(pending) if pending.candidates.iter().all(|c| !c.can_publish) => {
                (Failure::NothingToConnect, self.unused(&returned, &pending.grant).await?)
            }
            Ok(pending) => match self.keep(&returned, &pending).await? {
                Some(onward) => return Ok(CameBack { connection, onward, revoke: None }),
                None => (Failure::Replaced, self.unused(&returned, &pending.grant).await?),
            },
        };
        self.store.fail(returned.attempt, failure).await?;
        let client = returned.return_url.as_ref();
        let client = client.map(|url| return_url::with_outcome(url, connection, &Err(failure)));
        let onward = match client {
            Some(url) if self.goes_straight_on(&returned) => Onward::Go(url),
            client => Onward::Ended { failure, client },
        };
        Ok(CameBack { connection, onward, revoke })
    }

    /// Whether the browser goes on to the client without the person's word. It may where a session began and the address is
    /// the deployment's own: that client knows its people by their sessions, and the completion code is worth nothing
    /// without the session that began, so nobody gains from a login that somebody else finishes. An API key may stand for
    /// many people at once, and may bring an address of its own.
    fn goes_straight_on(&self, returned: &Returned) -> bool {
        let own = |url| return_url::accept(url, &[&self.settings.return_origins]).is_ok();
        matches!(returned.begun_by, Beginner::Session(_)) && returned.return_url.as_ref().is_some_and(own)
    }

    /// Exchanges the code and lists what the grant reaches.
    async fn reach(
        &self,
        provider: Provider,
        code: &SecretString,
    ) -> Result<Result<Pending, Failure>, ConnectionError> {
        let authorizer = self.authorizer(provider)?;
        let grant = match authorizer.exchange(code, &self.settings.callback).await {
            Ok(grant) => grant,
            Err(refusal) => return Ok(Err(Failure::Platform(refusal.reason))),
        };
        let candidates = authorizer.candidates(&grant).await;
        Ok(candidates
            .map(|candidates| Pending { grant, candidates })
            .map_err(|r| Failure::Platform(r.reason)))
    }

    /// Seals what the grant reaches for the choice. `None` where the login was replaced meanwhile: nobody will use the grant.
    async fn keep(&self, returned: &Returned, pending: &Pending) -> Result<Option<Onward>, ConnectionError> {
        let drawn = OneTimeCode::draw(self.random.as_ref());
        let hash = drawn.hash();
        let (gate, onward) = match &returned.return_url {
            Some(url) if self.goes_straight_on(returned) => {
                let url = return_url::with_outcome(url, returned.connection, &Ok(drawn));
                (Gate::Completion(hash), Onward::Go(url))
            }
            _ => (Gate::Confirmation(hash), Onward::Ask(Box::new(question(returned, pending, drawn)))),
        };
        let kept = PendingSelection {
            person: self.person(returned.provider, &pending.grant.remote_person),
            secret: self.sealer(returned.organization).await?.pending(returned.attempt, pending)?,
            gate,
            expires_at: self.clock.now() + SELECTION_LASTS,
        };
        Ok(self.store.save_pending(returned.attempt, &kept).await?.then_some(onward))
    }

    async fn unused(
        &self,
        returned: &Returned,
        grant: &Grant,
    ) -> Result<Option<CourtesyRevoke>, ConnectionError> {
        let (person, token) = (&grant.remote_person, &grant.token);
        self.courtesy(returned.connection, returned.provider, person, token).await
    }
}

fn question(returned: &Returned, pending: &Pending, nonce: OneTimeCode) -> Question {
    Question {
        nonce,
        organization: returned.organization_name.clone(),
        workspace: returned.workspace_name.clone(),
        places: pending.candidates.iter().filter(|c| c.can_publish).map(Place::from).collect(),
        return_url: returned.return_url.clone(),
    }
}

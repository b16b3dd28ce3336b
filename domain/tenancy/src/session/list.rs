//! A person's sessions, as that person sees them.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{ADDRESS_COLUMN, Sessions, StoredSession, USER_AGENT_COLUMN};
use crate::{PersonId, Refusal, SessionId, personal::Personal, sealing::SealError};

/// A session as its owner sees it.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// The session.
    pub id: SessionId,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if nobody refreshes it.
    pub expires_at: DateTime<Utc>,
    /// What the client called itself when it signed in.
    pub user_agent: Option<SecretString>,
    /// Where it signed in from.
    pub address: Option<SecretString>,
}

impl Sessions {
    /// The live sessions of a person, the newest first.
    pub async fn list(&self, person: PersonId) -> Result<Vec<SessionView>, Refusal> {
        let (key, sessions) = self.store.list(person, self.clock.now()).await?.ok_or(Refusal::NotFound)?;
        let personal = Personal::new(self.vault.as_ref(), person, key);
        Ok(sessions.iter().map(|session| open(&personal, session)).collect::<Result<_, _>>()?)
    }
}

fn open(personal: &Personal<'_>, session: &StoredSession) -> Result<SessionView, SealError> {
    let row = session.id.uuid();
    let user_agent = personal.open_some(row, USER_AGENT_COLUMN, session.user_agent.as_ref())?;
    let address = personal.open_some(row, ADDRESS_COLUMN, session.address.as_ref())?;
    Ok(SessionView {
        id: session.id,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.idle_expires_at,
        user_agent: user_agent.map(Into::into),
        address: address.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use secrecy::ExposeSecret;

    use crate::{
        client::Client,
        testing::{World, sign_in},
    };

    #[test]
    fn a_person_sees_from_where_each_live_session_was_opened() {
        let world = World::with_account("ada@example.org");
        let client = Client { address: "192.0.2.9".parse().ok(), user_agent: Some("Canary/1.0".into()) };
        let tokens = block_on(world.sessions().sign_in(sign_in("ada@example.org"), &client)).unwrap();
        let ended = world.signed_in("ada@example.org");
        block_on(world.sessions().sign_out(ended.person, ended.session)).unwrap();
        let sessions = block_on(world.sessions().list(tokens.person)).unwrap();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].id, tokens.session);
        assert_eq!(sessions[0].user_agent.as_ref().unwrap().expose_secret(), "Canary/1.0");
        assert_eq!(sessions[0].address.as_ref().unwrap().expose_secret(), "192.0.2.9");
        assert!(!world.store.dump().contains("Canary"));
    }
}

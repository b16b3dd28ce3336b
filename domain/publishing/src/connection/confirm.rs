//! The person's word on the page after the platform's dialog: whether that organization is to have the channels.

use super::{
    Connections,
    code::{self, OneTimeCode},
    come_back::{CameBack, Onward},
    error::ConnectionError,
    failure::Failure,
    return_url,
};

impl Connections {
    /// The person says yes. Uses up the page's nonce and draws the completion code, which does not exist before.
    /// [`ConnectionError::Stale`] where the nonce is unknown, used or too old.
    pub async fn confirm(&self, nonce: &str) -> Result<CameBack, ConnectionError> {
        let completion = OneTimeCode::draw(self.random.as_ref());
        let confirmed = self.store.confirm(code::hash(nonce), completion.hash(), self.clock.now()).await??;
        let connection = confirmed.connection;
        let onward = match confirmed.return_url {
            Some(url) => Onward::Go(return_url::with_outcome(&url, connection, &Ok(completion))),
            None => Onward::Show(completion),
        };
        Ok(CameBack { connection, onward, revoke: None })
    }

    /// The person says no: what the login kept is destroyed before this returns, and the platform can be told. Nobody is sent
    /// to the client, whose link the person may have had reason to distrust.
    pub async fn decline(&self, nonce: &str) -> Result<CameBack, ConnectionError> {
        let declined = self.store.decline(code::hash(nonce)).await??;
        let (connection, failure) = (declined.severed.connection, Failure::Declined);
        let client = declined.return_url.map(|url| return_url::with_outcome(&url, connection, &Err(failure)));
        let revoke = self.after(declined.severed).await;
        Ok(CameBack { connection, onward: Onward::Ended { failure, client }, revoke })
    }
}

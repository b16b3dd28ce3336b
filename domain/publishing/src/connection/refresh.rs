//! How long tokens live: the daily question to the platform, and the extension at half of a token's life.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    Connections,
    channel::missing_scopes,
    error::ConnectionError,
    pending::{open_channel, open_grant},
    stored::{CheckResult, Renewal, StoredGrant},
};
use crate::{
    authorizer::Liveness,
    id::{ChannelId, ConnectionId},
    refusal::Refusal,
};

/// How often the platform is asked whether a grant still works: a revocation made on the platform without any signal is
/// found within a day.
pub const CHECK_EVERY: TimeDelta = TimeDelta::hours(24);

/// When to ask again after the platform did not answer.
const ASK_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The grant works.
    Alive,
    /// The grant works, and its token was extended.
    Renewed,
    /// The platform does not accept the token any more; every token of the connection is gone.
    Dead,
    /// The platform did not answer, or the token could not be read; asked again later.
    Unknown,
    /// There is no token any more, or it was replaced during the check.
    Gone,
}

/// Whether a token that was obtained at `issued_at` is past half of its life.
fn is_half_gone(issued_at: DateTime<Utc>, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    expires_at.is_some_and(|end| now >= issued_at + (end - issued_at) / 2)
}

/// What an answer about a token comes to.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Alive(Liveness),
    Dead,
    Unanswered,
}

/// Only the platform's plain "this token is not valid" is a death. A refusal of the question speaks of whoever asks, which
/// is this deployment's own app: were it believed, one wrong app secret would destroy every token of the deployment.
fn judge(answer: Result<Liveness, Refusal>) -> Judgement {
    match answer {
        Ok(liveness) if liveness.valid => Judgement::Alive(liveness),
        Ok(_) => Judgement::Dead,
        Err(_) => Judgement::Unanswered,
    }
}

impl Connections {
    /// Asks the platform about a connection's tokens, removes those it does not accept, and extends what is past half of
    /// its life. May run twice and late.
    pub async fn check(&self, id: ConnectionId) -> Result<Checked, ConnectionError> {
        let Some(stored) = self.checks.grant(id).await? else { return Ok(Checked::Gone) };
        let opened = open_grant(self.vault.as_ref(), stored.organization, id, &stored.grant);
        let Ok((person, token)) = opened else { return self.ask_later(id).await };
        let liveness = match judge(self.authorizer(stored.provider)?.liveness(&token).await) {
            Judgement::Alive(liveness) => liveness,
            Judgement::Dead => return self.bury(id, &stored).await,
            Judgement::Unanswered => return self.ask_later(id).await,
        };
        if !self.checks.record_check(&self.result(id, &stored, &liveness)).await? {
            return Ok(Checked::Gone);
        }
        self.check_channels(&stored).await?;
        let expires_at = liveness.expires_at.or(stored.expires_at);
        if is_half_gone(stored.issued_at, expires_at, self.clock.now()) {
            return self.renew(id, &stored, &person, &token).await;
        }
        Ok(Checked::Alive)
    }

    fn result(&self, id: ConnectionId, stored: &StoredGrant, liveness: &Liveness) -> CheckResult {
        // A platform that names no scopes has not taken them all back.
        let silent = liveness.scopes.is_empty();
        let granted = if silent { stored.granted.clone() } else { liveness.scopes.clone() };
        let platforms = stored.provider.platforms().iter();
        CheckResult {
            connection: id,
            key: stored.key,
            missing: platforms.map(|p| (*p, missing_scopes(*p, &granted))).collect(),
            granted,
            expires_at: liveness.expires_at,
            data_access_expires_at: liveness.data_access_expires_at,
            next_check_at: self.clock.now() + CHECK_EVERY,
        }
    }

    async fn ask_later(&self, id: ConnectionId) -> Result<Checked, ConnectionError> {
        self.checks.postpone_check(id, self.clock.now() + ASK_AGAIN_AFTER).await?;
        Ok(Checked::Unknown)
    }

    async fn bury(&self, id: ConnectionId, stored: &StoredGrant) -> Result<Checked, ConnectionError> {
        let buried = self.checks.mark_connection_unauthorized(id, stored.key).await?;
        Ok(if buried { Checked::Dead } else { Checked::Gone })
    }

    /// A page's token can die alone, when the person loses the role on that page.
    async fn check_channels(&self, stored: &StoredGrant) -> Result<(), ConnectionError> {
        for (channel, key, sealed) in &stored.channels {
            let Ok(token) = open_channel(self.vault.as_ref(), stored.organization, *channel, sealed) else {
                continue;
            };
            if judge(self.authorizer(stored.provider)?.liveness(&token).await) == Judgement::Dead {
                self.checks.mark_channel_unauthorized(*channel, Some(*key)).await?;
            }
        }
        Ok(())
    }

    /// An extension that fails changes nothing: the token goes on, and tomorrow's check tries again.
    async fn renew(
        &self,
        id: ConnectionId,
        stored: &StoredGrant,
        person: &str,
        token: &SecretString,
    ) -> Result<Checked, ConnectionError> {
        let Ok(grant) = self.authorizer(stored.provider)?.refresh(token).await else {
            return Ok(Checked::Alive);
        };
        let renewal = Renewal {
            connection: id,
            key: stored.key,
            token: self.sealer(stored.organization).await?.grant(id, person, &grant.token)?,
            issued_at: self.clock.now(),
            expires_at: grant.expires_at,
        };
        Ok(if self.checks.renew(&renewal).await? { Checked::Renewed } else { Checked::Gone })
    }

    /// What publishing calls when the platform did not accept a channel's token: the token is destroyed and the channel
    /// needs a new login. `key` is the row of the key that sealed the refused token; a token obtained since then stays.
    pub async fn mark_unauthorized(
        &self,
        channel: ChannelId,
        key: Option<uuid::Uuid>,
    ) -> Result<bool, ConnectionError> {
        Ok(self.checks.mark_channel_unauthorized(channel, key).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::{Reason, Remedy};

    #[test]
    fn only_a_plain_no_of_the_platform_is_the_death_of_a_token() {
        let described = |valid| {
            Ok(Liveness { valid, scopes: Vec::new(), expires_at: None, data_access_expires_at: None })
        };
        assert!(matches!(judge(described(true)), Judgement::Alive(_)));
        assert_eq!(judge(described(false)), Judgement::Dead);
        for reason in Reason::ALL {
            for remedy in [Remedy::GiveUp, Remedy::Retry, Remedy::PrepareAgain, Remedy::Reconnect] {
                assert_eq!(judge(Err(Refusal::of(*reason, remedy))), Judgement::Unanswered, "{reason}");
            }
        }
    }

    #[test]
    fn a_token_is_extended_from_half_of_its_life_on() {
        let issued = DateTime::UNIX_EPOCH;
        let end = Some(issued + TimeDelta::days(60));
        assert!(!is_half_gone(issued, end, issued + TimeDelta::days(30) - TimeDelta::seconds(1)));
        assert!(is_half_gone(issued, end, issued + TimeDelta::days(30)));
        assert!(
            !is_half_gone(issued, None, issued + TimeDelta::days(3_000)),
            "what does not end is not extended"
        );
    }
}

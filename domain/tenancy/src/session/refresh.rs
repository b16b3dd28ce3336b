//! Exchanging a refresh token for the next one.
//!
//! A token is good for one use. A second use means that two parties have it, the client and a thief, and nobody can tell who is
//! who: the session ends for both (RFC 9700 §4.14.2).

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;

use super::{REFRESH_PREFIX, Sessions, Tokens};
use crate::{
    Refusal,
    digest::SecretHash,
    random::{SECRET_LENGTH, new_secret},
};

/// A refresh token and its session, as the store finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshState {
    /// Whether the token was exchanged before.
    pub is_used: bool,
    /// Whether the session was ended.
    pub is_ended: bool,
    /// When the session ends if nobody refreshes it.
    pub idle_expires_at: DateTime<Utc>,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// What to do with a presented token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Exchange it; the session then stays until this instant without use.
    Renew {
        /// The next idle expiry.
        idle_expires_at: DateTime<Utc>,
    },
    /// End the session: the token was used before.
    EndReused,
    /// Nothing: the session is over.
    Refuse,
}

/// Decides what to do with a presented token.
pub fn judge_renewal(state: &RefreshState, now: DateTime<Utc>, idle: TimeDelta) -> Renewal {
    if state.is_ended || now >= state.idle_expires_at || now >= state.expires_at {
        Renewal::Refuse
    } else if state.is_used {
        Renewal::EndReused
    } else {
        Renewal::Renew { idle_expires_at: (now + idle).min(state.expires_at) }
    }
}

impl Sessions {
    /// Exchanges a refresh token for new tokens.
    pub async fn refresh(&self, presented: &str) -> Result<Tokens, Refusal> {
        if presented.len() != REFRESH_PREFIX.len() + SECRET_LENGTH || !presented.starts_with(REFRESH_PREFIX) {
            return Err(Refusal::Unauthenticated);
        }
        let now = self.clock.now();
        let next = new_secret(self.random.as_ref(), REFRESH_PREFIX);
        let (presented, next_hash) = (SecretHash::of(presented), SecretHash::of(next.expose_secret()));
        let renewed = self.store.renew(presented, next_hash, now, self.policy.idle).await?;
        let renewed = renewed.ok_or(Refusal::Unauthenticated)?;
        Ok(self.issue(&renewed, next, now)?)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::World;

    #[test]
    fn a_refresh_token_is_exchanged_for_another_and_the_session_stays() {
        let world = World::with_account("ada@example.org");
        let first = world.signed_in("ada@example.org");
        let second = block_on(world.sessions().refresh(first.refresh.expose_secret())).unwrap();
        assert_eq!(second.session, first.session);
        assert_ne!(second.refresh.expose_secret(), first.refresh.expose_secret());
        assert!(block_on(world.sessions().refresh(second.refresh.expose_secret())).is_ok());
    }

    #[test]
    fn using_a_refresh_token_twice_ends_the_session_for_everybody() {
        let world = World::with_account("ada@example.org");
        let stolen = world.signed_in("ada@example.org");
        let other = world.signed_in("ada@example.org");
        let newest = block_on(world.sessions().refresh(stolen.refresh.expose_secret())).unwrap();
        let reused = block_on(world.sessions().refresh(stolen.refresh.expose_secret()));
        assert_eq!(reused.unwrap_err(), Refusal::Unauthenticated);
        let after = block_on(world.sessions().refresh(newest.refresh.expose_secret()));
        assert_eq!(after.unwrap_err(), Refusal::Unauthenticated);
        assert!(block_on(world.authenticator().authenticate(newest.access.expose_secret())).is_err());
        assert!(block_on(world.sessions().refresh(other.refresh.expose_secret())).is_ok());
    }

    #[test]
    fn a_session_slides_for_thirty_days_and_ends_after_ninety() {
        let world = World::with_account("ada@example.org");
        let mut tokens = world.signed_in("ada@example.org");
        let mut days = 0;
        while days < 80 {
            world.advance(TimeDelta::days(20));
            days += 20;
            tokens = block_on(world.sessions().refresh(tokens.refresh.expose_secret())).unwrap();
        }
        world.advance(TimeDelta::days(10));
        assert!(block_on(world.sessions().refresh(tokens.refresh.expose_secret())).is_err());
        let idle = world.signed_in("ada@example.org");
        world.advance(TimeDelta::days(30));
        assert!(block_on(world.sessions().refresh(idle.refresh.expose_secret())).is_err());
    }

    #[test]
    fn what_is_not_a_refresh_token_is_refused_without_asking_the_store() {
        let world = World::new();
        for text in ["", "pstr_", "pstr_short", &"x".repeat(48), &"ü".repeat(24)] {
            assert_eq!(block_on(world.sessions().refresh(text)).unwrap_err(), Refusal::Unauthenticated);
        }
    }

    proptest! {
        #[test]
        fn a_renewed_session_never_outlives_its_absolute_end(
            idle_left in 1_i64..10_000, left in 1_i64..10_000, idle in 1_i64..10_000,
        ) {
            let now = DateTime::UNIX_EPOCH;
            let at = |seconds| now + TimeDelta::seconds(seconds);
            let (idle_end, end) = (at(idle_left), at(left));
            let state = RefreshState { is_used: false, is_ended: false, idle_expires_at: idle_end, expires_at: end };
            let Renewal::Renew { idle_expires_at } = judge_renewal(&state, now, TimeDelta::seconds(idle)) else {
                return Err(TestCaseError::fail("a live session was refused"));
            };
            prop_assert!(idle_expires_at > now && idle_expires_at <= end);
        }
    }
}

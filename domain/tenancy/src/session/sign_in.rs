//! Signing in.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ADDRESS_COLUMN, LiveSession, NewSession, REFRESH_PREFIX, RenewedSession, Sessions, Tokens,
    USER_AGENT_COLUMN,
};
use crate::{
    OrganizationId, Refusal,
    account::{Credentials, MAIL_LOOKUP, Verdict},
    client::Client,
    digest::SecretHash,
    personal::Personal,
    random::{new_id, new_secret},
    throttle::{Subject, ThrottleRule},
};

/// What somebody who signs in says.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The mail address; personal data.
    pub mail: SecretString,
    /// The password.
    pub password: SecretString,
    /// The organization; without it the one the person joined first.
    pub organization: Option<OrganizationId>,
}

impl Sessions {
    /// Opens a session. A wrong password and an unknown address get the same answer after the same work. Every attempt is
    /// counted before the password is looked at, against the address of the mail and of the client.
    pub async fn sign_in(&self, request: SignIn, client: &Client) -> Result<Tokens, Refusal> {
        let now = self.clock.now();
        let mail = request.mail.expose_secret().trim().to_lowercase();
        let subjects = self.subjects(&mail, client);
        if let Err(throttled) = self.throttles.strike(&subjects, now).await? {
            return Err(Refusal::Throttled { retry_after: throttled.retry_after });
        }
        let lookup = self.vault.lookup(MAIL_LOOKUP, mail.as_bytes());
        let found = self.accounts.credentials(&lookup).await?;
        let hash = found.as_ref().map(|found| &found.password);
        let verdict = self.hasher.verify(&request.password, hash).await?;
        let (Some(credentials), Verdict::Right | Verdict::RightButStale) = (found, verdict) else {
            return Err(Refusal::WrongCredentials);
        };
        if verdict == Verdict::RightButStale {
            self.renew_hash(&credentials, &request.password).await?;
        }
        let tokens = self.open(&credentials, request.organization, client, now).await?;
        self.throttles.forgive(&subjects).await?;
        Ok(tokens)
    }

    /// Makes the hash again as it is made today. When too many wait, the next sign-in does it.
    async fn renew_hash(&self, credentials: &Credentials, password: &SecretString) -> Result<(), Refusal> {
        if let Ok(newer) = self.hasher.hash(password).await {
            self.accounts.replace_hash(credentials.person, &credentials.password, &newer).await?;
        }
        Ok(())
    }

    /// The mail first: a success forgets its strikes, and takes one back from the client's address.
    fn subjects(&self, mail: &str, client: &Client) -> Vec<Subject> {
        let mail = self.vault.lookup("sign_in_mail", mail.as_bytes());
        let address = client.subscriber().map(|address| address.to_string());
        let address = address.map(|text| self.vault.lookup("sign_in_address", text.as_bytes()));
        let address = address.map(|key| Subject { key, rule: ThrottleRule::PER_ADDRESS });
        [Subject { key: mail, rule: ThrottleRule::PER_MAIL }].into_iter().chain(address).collect()
    }

    async fn open(
        &self,
        credentials: &Credentials,
        wanted: Option<OrganizationId>,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<Tokens, Refusal> {
        let is_wanted = |organization: OrganizationId| wanted.is_none_or(|wanted| wanted == organization);
        let organizations = credentials.memberships.iter().map(|(organization, _)| *organization);
        let organization =
            organizations.into_iter().find(|id| is_wanted(*id)).ok_or(Refusal::WrongCredentials)?;
        let refresh = new_secret(self.random.as_ref(), REFRESH_PREFIX);
        let session = self.compose(credentials, organization, &refresh, client, now)?;
        let role = self.store.open(&session).await?.ok_or(Refusal::WrongCredentials)?;
        let live = LiveSession { session: session.id, person: session.person, organization, role };
        let opened =
            RenewedSession { live, idle_expires_at: session.idle_expires_at, expires_at: session.expires_at };
        Ok(self.issue(&opened, refresh, now)?)
    }

    fn compose(
        &self,
        credentials: &Credentials,
        organization: OrganizationId,
        refresh: &SecretString,
        client: &Client,
        now: DateTime<Utc>,
    ) -> Result<NewSession, Refusal> {
        let id = new_id(self.random.as_ref(), now);
        let personal = Personal::new(self.vault.as_ref(), credentials.person, credentials.key.clone());
        let address = client.address.map(|address| address.to_string());
        let expires_at = now + self.policy.absolute;
        Ok(NewSession {
            id,
            person: credentials.person,
            organization,
            refresh: SecretHash::of(refresh.expose_secret()),
            user_agent: personal.seal_some(
                id.uuid(),
                USER_AGENT_COLUMN,
                client.short_user_agent().as_deref(),
            )?,
            address: personal.seal_some(id.uuid(), ADDRESS_COLUMN, address.as_deref())?,
            at: now,
            idle_expires_at: (now + self.policy.idle).min(expires_at),
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::{World, sign_in};

    fn attempt(world: &World, mail: &str, password: &str) -> Result<Tokens, Refusal> {
        let request = SignIn { password: password.into(), ..sign_in(mail) };
        block_on(world.sessions().sign_in(request, &Client::default()))
    }

    #[test]
    fn the_right_password_opens_a_session_in_the_first_organization() {
        let world = World::with_account("ada@example.org");
        let tokens =
            block_on(world.sessions().sign_in(sign_in(" Ada@Example.org "), &Client::default())).unwrap();
        assert!(tokens.refresh.expose_secret().starts_with("pstr_"));
        assert_eq!(tokens.access_expires_at, world.now() + TimeDelta::minutes(10));
        assert_eq!(tokens.refresh_expires_at, world.now() + TimeDelta::days(30));
        assert!(!world.store.dump().contains(tokens.refresh.expose_secret()));
    }

    #[test]
    fn an_unknown_mail_and_a_wrong_password_cannot_be_told_apart() {
        let world = World::with_account("ada@example.org");
        let before = world.hasher.work_done();
        let unknown = attempt(&world, "nobody@example.org", "a wrong password").unwrap_err();
        let wrong = attempt(&world, "ada@example.org", "a wrong password").unwrap_err();
        assert_eq!((&unknown, &wrong), (&Refusal::WrongCredentials, &Refusal::WrongCredentials));
        assert_eq!(world.hasher.work_done() - before, 2);
    }

    #[test]
    fn a_stale_hash_is_made_again_on_sign_in() {
        let world = World::with_account("ada@example.org");
        world.hasher.age();
        let before = world.hasher.work_done();
        block_on(world.sessions().sign_in(sign_in("ada@example.org"), &Client::default())).unwrap();
        assert_eq!(world.hasher.work_done() - before, 2);
        block_on(world.sessions().sign_in(sign_in("ada@example.org"), &Client::default())).unwrap();
        assert_eq!(world.hasher.work_done() - before, 3);
    }

    #[test]
    fn guessing_is_slowed_down_for_known_and_unknown_mails_alike() {
        let world = World::with_account("ada@example.org");
        for mail in ["ada@example.org", "nobody@example.org"] {
            for _ in 0..6 {
                assert_eq!(attempt(&world, mail, "a wrong password").unwrap_err(), Refusal::WrongCredentials);
            }
            let refusal = attempt(&world, mail, "a wrong password").unwrap_err();
            assert_eq!(refusal, Refusal::Throttled { retry_after: TimeDelta::seconds(1) });
        }
        world.advance(TimeDelta::seconds(1));
        block_on(world.sessions().sign_in(sign_in("ada@example.org"), &Client::default())).unwrap();
        assert_eq!(
            attempt(&world, "ada@example.org", "a wrong password").unwrap_err(),
            Refusal::WrongCredentials
        );
    }

    #[test]
    fn another_organization_cannot_be_signed_in_to() {
        let world = World::with_account("ada@example.org");
        let request = SignIn { organization: Some(OrganizationId::new()), ..sign_in("ada@example.org") };
        let refusal = block_on(world.sessions().sign_in(request, &Client::default())).unwrap_err();
        assert_eq!(refusal, Refusal::WrongCredentials);
    }
}

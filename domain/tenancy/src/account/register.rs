//! Signing up.
//!
//! Whoever registers an address that has an account already must not learn that it has: the answer is the same, and so is the
//! work until the last statement of the transaction, hashing included. What remains is the commit, a few milliseconds among
//! the hundreds of the hash. The owner of the address learns it by mail.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use zone::Tz;

use super::{
    Accounts, Acknowledgement, MAIL_COLUMN, MailAddress, NAME_COLUMN, NewAccount, NewOrganization,
    NewPassword, NewPerson, PasswordHash, Registered, mail::MAIL_LOOKUP,
};
use crate::{
    Refusal,
    client::Client,
    mailer::{Mail, MailTemplate},
    organization::{LateLimit, Workspace},
    personal::Personal,
    random::new_id,
    refusal::Violations,
    text,
    throttle::{Subject, ThrottleRule},
};

/// What somebody who signs up says.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The mail address; personal data.
    pub mail: SecretString,
    /// The password.
    pub password: SecretString,
    /// The person's name, if they want to give one; never derived from anything.
    pub name: Option<SecretString>,
    /// The organization's name.
    pub organization_name: String,
    /// The zone of the first workspace.
    pub time_zone: Tz,
    /// Whether the person asserts to have the minimum age.
    pub is_of_age: bool,
    /// The version of the privacy notice that the person acknowledged.
    pub acknowledged_notice: String,
}

struct Checked {
    mail: MailAddress,
    password: NewPassword,
    name: Option<String>,
    organization_name: String,
    time_zone: Tz,
    acknowledgement: Acknowledgement,
}

impl Accounts {
    /// Makes a person, an organization and a workspace. The answer does not tell whether the address had an account already;
    /// signing in is a call of its own.
    pub async fn register(&self, registration: Registration, client: &Client) -> Result<(), Refusal> {
        let now = self.clock.now();
        let checked = self.check(registration, now)?;
        self.slow_down(client, now).await?;
        let hash = self.hasher.hash(checked.password.secret()).await?;
        let mail = checked.mail.clone();
        let account = self.compose(checked, hash, now)?;
        let (template, person) = match self.store.register(&account).await? {
            Registered::Created => (MailTemplate::Welcome, account.person.id),
            Registered::MailTaken(person) => (MailTemplate::AlreadyRegistered, person),
        };
        // A mail that cannot be sent does not undo the account, and an error here would tell which mail it was.
        let _ = self.mailer.send(Mail { template, person, to: mail }).await;
        Ok(())
    }

    fn check(&self, registration: Registration, now: DateTime<Utc>) -> Result<Checked, Refusal> {
        use secrecy::ExposeSecret;
        let mut violations = Violations::default();
        let mail = violations.note(MailAddress::parse(registration.mail.expose_secret()));
        let password = violations.note(NewPassword::parse(registration.password));
        let name = registration.name.map(|name| text::name("name", name.expose_secret())).transpose();
        let name = violations.note(name);
        let organization_name =
            violations.note(text::name("organization_name", &registration.organization_name));
        let (Some(mail), Some(password), Some(name), Some(organization_name)) =
            (mail, password, name, organization_name)
        else {
            return Err(violations.into_refusal());
        };
        let acknowledgement =
            self.policy.judge(registration.is_of_age, &registration.acknowledged_notice, now)?;
        let time_zone = registration.time_zone;
        Ok(Checked { mail, password, name, organization_name, time_zone, acknowledgement })
    }

    async fn slow_down(&self, client: &Client, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Some(address) = client.subscriber() else { return Ok(()) };
        let key = self.vault.lookup("registration_address", address.to_string().as_bytes());
        let subject = Subject { key, rule: ThrottleRule::PER_ADDRESS };
        let struck = self.throttles.strike(&[subject], now).await?;
        struck.map_err(|throttled| Refusal::Throttled { retry_after: throttled.retry_after })
    }

    fn compose(
        &self,
        checked: Checked,
        password: PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<NewAccount, Refusal> {
        let random = self.random.as_ref();
        let (person, organization) = (new_id(random, now), new_id(random, now));
        let key = self.vault.new_root_key()?;
        let personal = Personal::new(self.vault.as_ref(), person, key.clone());
        let person = NewPerson {
            id: person,
            mail_lookup: self.vault.lookup(MAIL_LOOKUP, checked.mail.normalized().as_bytes()),
            mail: personal.seal(person.uuid(), MAIL_COLUMN, checked.mail.as_str())?,
            name: personal.seal_some(person.uuid(), NAME_COLUMN, checked.name.as_deref())?,
            key,
            password,
            acknowledgement: checked.acknowledgement,
        };
        let workspace = Workspace {
            id: new_id(random, now),
            organization,
            name: checked.organization_name.clone(),
            time_zone: checked.time_zone,
            late_limit: LateLimit::DEFAULT,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let organization = NewOrganization {
            id: organization,
            name: checked.organization_name,
            key: self.vault.new_root_key()?,
        };
        Ok(NewAccount { person, organization, workspace, at: now })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::{World, registration};

    #[test]
    fn registering_makes_a_person_an_organization_and_a_workspace() {
        let world = World::new();
        block_on(world.accounts().register(registration("ada@example.org"), &Client::default())).unwrap();
        assert_eq!(world.store.counts(), (1, 1, 1));
        assert_eq!(world.mails(), [MailTemplate::Welcome]);
    }

    #[test]
    fn a_known_mail_gets_the_same_answer_and_the_same_hashing_and_changes_nothing() {
        let world = World::new();
        let accounts = world.accounts();
        block_on(accounts.register(registration("ada@example.org"), &Client::default())).unwrap();
        let mut again = registration("ADA@example.org");
        again.password = "another password".into();
        block_on(accounts.register(again, &Client::default())).unwrap();
        assert_eq!(world.store.counts(), (1, 1, 1));
        assert_eq!(world.hasher.work_done(), 2);
        assert_eq!(world.mails(), [MailTemplate::Welcome, MailTemplate::AlreadyRegistered]);
    }

    #[test]
    fn every_violation_is_named_at_once_and_nothing_is_stored() {
        let world = World::new();
        let mut wrong = registration("nobody");
        wrong.password = "short".into();
        wrong.organization_name = " ".into();
        let refusal = block_on(world.accounts().register(wrong, &Client::default())).unwrap_err();
        let Refusal::Invalid(violations) = refusal else { panic!("{refusal:?}") };
        let fields: Vec<_> = violations.iter().map(|violation| violation.field).collect();
        assert_eq!(fields, ["mail", "password", "organization_name"]);
        assert_eq!(world.store.counts(), (0, 0, 0));
        assert_eq!(world.hasher.work_done(), 0);
    }

    #[test]
    fn whoever_is_too_young_leaves_no_trace() {
        let world = World::new();
        let mut young = registration("kid@example.org");
        young.is_of_age = false;
        let refusal = block_on(world.accounts().register(young, &Client::default())).unwrap_err();
        assert_eq!(refusal, Refusal::UnderAge { min_age: 18 });
        assert_eq!(world.store.counts(), (0, 0, 0));
        assert!(world.mails().is_empty());
    }

    #[test]
    fn neither_mail_nor_name_is_stored_in_clear_and_no_name_stays_none() {
        let world = World::new();
        let mut named = registration("canary@example.org");
        named.name = Some("Canary Bird".into());
        block_on(world.accounts().register(named, &Client::default())).unwrap();
        block_on(world.accounts().register(registration("b@example.org"), &Client::default())).unwrap();
        assert!(!world.store.dump().to_lowercase().contains("canary"));
        assert_eq!(world.store.people_without_name(), 1);
    }

    #[test]
    fn one_address_cannot_register_without_end() {
        let world = World::new();
        let client = Client { address: Some("192.0.2.1".parse().unwrap()), user_agent: None };
        let attempt =
            |n: u32| block_on(world.accounts().register(registration(&format!("a{n}@example.org")), &client));
        assert!((0..ThrottleRule::PER_ADDRESS.free).all(|n| attempt(n).is_ok()));
        attempt(98).unwrap();
        assert!(matches!(attempt(99), Err(Refusal::Throttled { .. })));
    }
}

//! Accounts.

use ::tenancy::{
    OrganizationId, PersonId, Role,
    account::{AccountStore, Credentials, NewAccount, PasswordHash, Registered, StoredPerson},
    sealing::Sealed,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    column::{bytes, ring_version, role, root_key},
    organization::insert_workspace,
};
use crate::{
    Connection, Pool, StoreError,
    schema::tenancy::{
        acknowledgements, memberships, organization_keys, organizations, person_keys, persons,
    },
};

/// Accounts in the database.
#[derive(Clone)]
pub struct PgAccounts(pub Pool);

/// Why a registration is rolled back.
enum NotStored {
    MailTaken,
    Error(StoreError),
}

impl<E: Into<StoreError>> From<E> for NotStored {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl PgAccounts {
    /// The person comes last but for what refers to it, so that a taken mail costs nearly the same statements as a free one.
    async fn insert(&self, account: &NewAccount) -> Result<Registered, StoreError> {
        let mut connection = self.0.get().await?;
        let stored = connection
            .transaction::<_, NotStored, _>(async |connection| {
                insert_organization(connection, account).await?;
                insert_workspace(connection, &account.workspace).await?;
                if !insert_person(connection, account).await? {
                    return Err(NotStored::MailTaken);
                }
                insert_membership(connection, account).await?;
                Ok(())
            })
            .await;
        match stored {
            Ok(()) => Ok(Registered::Created),
            Err(NotStored::Error(error)) => Err(error),
            Err(NotStored::MailTaken) => {
                let owner = owner_of(&mut connection, &account.person.mail_lookup).await?;
                // Gone again since: whoever registers may try again.
                owner
                    .map(Registered::MailTaken)
                    .ok_or(StoreError::Unavailable("a person was just erased".into()))
            }
        }
    }

    async fn find(&self, mail_lookup: &[u8; 32]) -> Result<Option<Credentials>, StoreError> {
        type Row = (Uuid, String, i32, (Uuid, i32, Vec<u8>));
        let mut connection = self.0.get().await?;
        let row: Option<Row> = persons::table
            .inner_join(person_keys::table)
            .filter(persons::mail_lookup.eq(mail_lookup.as_slice()))
            .select((
                persons::id,
                persons::password_hash,
                persons::pepper_version,
                (person_keys::id, person_keys::ring_version, person_keys::wrapped),
            ))
            .first(&mut connection)
            .await
            .optional()?;
        let Some((person, bcrypt, pepper_version, key)) = row else { return Ok(None) };
        let memberships = memberships_of(&mut connection, person).await?;
        Ok(Some(Credentials {
            person: PersonId::from_uuid(person),
            password: PasswordHash { bcrypt, pepper_version },
            key: root_key(key),
            memberships: memberships
                .into_iter()
                .map(|(organization, _, role)| (organization, role))
                .collect(),
        }))
    }

    async fn replace(
        &self,
        person: PersonId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        let mut connection = self.0.get().await?;
        let is_unchanged = persons::id.eq(person.uuid()).and(persons::password_hash.eq(&old.bcrypt));
        diesel::update(persons::table.filter(is_unchanged))
            .set((
                persons::password_hash.eq(&new.bcrypt),
                persons::pepper_version.eq(new.pepper_version),
                persons::updated_at.eq(diesel::dsl::now),
            ))
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    async fn read(&self, person: PersonId) -> Result<Option<StoredPerson>, StoreError> {
        type Row = (Vec<u8>, Option<Vec<u8>>, DateTime<Utc>, (Uuid, i32, Vec<u8>));
        let mut connection = self.0.get().await?;
        let row: Option<Row> = persons::table
            .inner_join(person_keys::table)
            .filter(persons::id.eq(person.uuid()))
            .select((
                persons::mail_sealed,
                persons::name_sealed,
                persons::created_at,
                (person_keys::id, person_keys::ring_version, person_keys::wrapped),
            ))
            .first(&mut connection)
            .await
            .optional()?;
        let Some((mail, name, created_at, key)) = row else { return Ok(None) };
        let memberships = memberships_of(&mut connection, person.uuid()).await?;
        let (mail, name, key) = (Sealed(mail), name.map(Sealed), root_key(key));
        Ok(Some(StoredPerson { id: person, mail, name, key, created_at, memberships }))
    }
}

async fn insert_organization(connection: &mut Connection, account: &NewAccount) -> Result<(), StoreError> {
    let organization = &account.organization;
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(organization.id.uuid()),
            organizations::name.eq(&organization.name),
            organizations::created_at.eq(account.at),
            organizations::updated_at.eq(account.at),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(organization_keys::table)
        .values((
            organization_keys::id.eq(organization.key.id),
            organization_keys::organization_id.eq(organization.id.uuid()),
            organization_keys::ring_version.eq(ring_version(&organization.key)?),
            organization_keys::wrapped.eq(&organization.key.bytes),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// `false` if the mail address is taken.
async fn insert_person(connection: &mut Connection, account: &NewAccount) -> Result<bool, StoreError> {
    let person = &account.person;
    let inserted = diesel::insert_into(persons::table)
        .values((
            persons::id.eq(person.id.uuid()),
            persons::mail_lookup.eq(person.mail_lookup.as_slice()),
            persons::mail_sealed.eq(&person.mail.0),
            persons::name_sealed.eq(bytes(person.name.as_ref())),
            persons::password_hash.eq(&person.password.bcrypt),
            persons::pepper_version.eq(person.password.pepper_version),
            persons::created_at.eq(account.at),
            persons::updated_at.eq(account.at),
        ))
        .on_conflict(persons::mail_lookup)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted == 1)
}

async fn insert_membership(connection: &mut Connection, account: &NewAccount) -> Result<(), StoreError> {
    let (person, acknowledged) = (&account.person, &account.person.acknowledgement);
    diesel::insert_into(person_keys::table)
        .values((
            person_keys::id.eq(person.key.id),
            person_keys::person_id.eq(person.id.uuid()),
            person_keys::ring_version.eq(ring_version(&person.key)?),
            person_keys::wrapped.eq(&person.key.bytes),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(acknowledgements::table)
        .values((
            acknowledgements::person_id.eq(person.id.uuid()),
            acknowledgements::policy_version.eq(&acknowledged.notice_version),
            acknowledgements::is_of_age.eq(true),
            acknowledgements::min_age.eq(i16::from(acknowledged.min_age.years())),
            acknowledgements::created_at.eq(acknowledged.at),
        ))
        .execute(connection)
        .await?;
    diesel::insert_into(memberships::table)
        .values((
            memberships::organization_id.eq(account.organization.id.uuid()),
            memberships::person_id.eq(person.id.uuid()),
            memberships::role.eq(Role::Owner.as_str()),
            memberships::created_at.eq(account.at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn owner_of(
    connection: &mut Connection,
    mail_lookup: &[u8; 32],
) -> Result<Option<PersonId>, StoreError> {
    let found = persons::table
        .filter(persons::mail_lookup.eq(mail_lookup.as_slice()))
        .select(persons::id)
        .first::<Uuid>(connection)
        .await
        .optional()?;
    Ok(found.map(PersonId::from_uuid))
}

async fn memberships_of(
    connection: &mut Connection,
    person: Uuid,
) -> Result<Vec<(OrganizationId, String, Role)>, StoreError> {
    let rows: Vec<(Uuid, String, String)> = memberships::table
        .inner_join(organizations::table.on(organizations::id.eq(memberships::organization_id)))
        .filter(memberships::person_id.eq(person))
        .order((memberships::created_at, memberships::organization_id))
        .select((organizations::id, organizations::name, memberships::role))
        .load(connection)
        .await?;
    rows.into_iter().map(|(id, name, text)| Ok((OrganizationId::from_uuid(id), name, role(&text)?))).collect()
}

#[async_trait]
impl AccountStore for PgAccounts {
    async fn register(&self, account: &NewAccount) -> Result<Registered, ::tenancy::StoreError> {
        Ok(self.insert(account).await?)
    }

    async fn credentials(
        &self,
        mail_lookup: &[u8; 32],
    ) -> Result<Option<Credentials>, ::tenancy::StoreError> {
        Ok(self.find(mail_lookup).await?)
    }

    async fn replace_hash(
        &self,
        person: PersonId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), ::tenancy::StoreError> {
        Ok(self.replace(person, old, new).await?)
    }

    async fn person(&self, person: PersonId) -> Result<Option<StoredPerson>, ::tenancy::StoreError> {
        Ok(self.read(person).await?)
    }
}
